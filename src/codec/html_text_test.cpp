#include "codec/html_text.h"

#include <doctest/doctest.h>

#include "codec/fold.h"

namespace fumi::codec {
namespace {

TEST_CASE("what a reader sees of HTML") {
  struct Row {
    const char* name;
    std::string_view html, text;  // text as folded: white space is its matter
  };
  const Row rows[] = {
      {"text", "Hello", "hello"},
      {"inline tags don't cut words", "会<b>議</b>室 w<i>or</i>d", "会議室 word"},
      {"blocks do", "<p>東京</p>\n<p>大阪</p>", " 東京 大阪 "},
      {"cells", "<td>a</td><td>b</td>", " a b "},
      {"a line break", "東京<br>都 a<BR/>b", "東京都 a b"},
      {"references", "a&amp;b &lt;c&gt; &#x4f1a;&#35696; caf&eacute;&nbsp;x",
       "a&b <c> 会議 cafe x"},
      {"no references", "a & b &unknown; &#0; &#xffffffff; &",
       "a & b &unknown; &#0; &#xffffffff; &"},
      {"comments", "a<!-- b > c -->d", "ad"},
      {"an open comment", "a<!-- b", "a"},
      {"style and script", "<style>p{x:y}</style>a<SCRIPT>if (1<2) b</Script>c", "ac"},
      {"an open script", "a<script>b", "a"},
      {"a > in an attribute", "<a title=\"x > y\" href='z'>link</a>", "link"},
      {"alternative text", "a<img src=x alt=\"ロゴ &amp; b\">c", "a ろご & b c"},
      {"no tag", "1 < 2 and 3 > 2 <", "1 < 2 and 3 > 2 <"},
      {"an open tag", "a <b", "a "},
      {"doctype", "<!DOCTYPE html><?xml?>x", "x"}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(fold(html_text(row.html)) == row.text);
  }
}

TEST_CASE("hostile HTML costs no more than its length") {
  std::string opens;
  for (int i = 0; i < 200'000; ++i)
    opens += "<!--";
  CHECK(html_text(opens).empty());
  std::string references;
  for (int i = 0; i < 200'000; ++i)
    references += "&a";
  CHECK(html_text(references) == references);
  std::string quotes = "<a x=\"";
  for (int i = 0; i < 200'000; ++i)
    quotes += "<s";
  CHECK(html_text(quotes).empty());
}

}  // namespace
}  // namespace fumi::codec
