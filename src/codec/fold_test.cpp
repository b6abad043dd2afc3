#include "codec/fold.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "codec/utf8.h"

namespace fumi::codec {
namespace {

TEST_CASE("texts that people type alike fold to the same") {
  struct Row {
    const char* name;
    std::string_view text, folded;
  };
  const Row rows[] = {
      {"empty", "", ""},
      {"case", "Hello WORLD", "hello world"},
      {"full-width Latin", "ＦＵＭＩ　２０２６", "fumi 2026"},
      {"half-width kana with voiced marks", "ｶﾞｷﾞｸﾞ ﾊﾟﾋﾟ", "がぎぐ ぱぴ"},
      {"katakana", "スケジュール", "すけじゅーる"},
      {"small and voiced kana stay", "ヴァッヶ", "ゔぁっゖ"},
      {"combining voiced mark", "か\xe3\x82\x99", "が"},
      {"voiced is another letter", "かが", "かが"},
      {"compatibility forms", "㈱Ⅲ①㍻", "(株)iii1平成"},
      {"ligature", "ﬁle", "file"},
      {"accents on Latin", "Café NGUYỄN Ångström", "cafe nguyen angstrom"},
      {"Greek accents", "Άλφα", "αλφα"},
      {"a mark makes another Cyrillic letter", "Мой", "мой"},
      {"sharp s", "Straße", "strasse"},
      {"dotted I", "İstanbul", "istanbul"},
      {"waves", "〜～∼", "~~~"},
      {"dashes", "‐‑–−－", "-----"},
      {"quotation marks", "‘a’ “b”", "'a' \"b\""},
      {"soft hyphen and zero width",
       "so\xc2\xad"
       "ft\xe2\x80\x8b",
       "soft"},
      {"variation selector", "葛\xf3\xa0\x84\x80", "葛"},
      {"a mark on white space",
       "a\xe2\x80\xa9\xcc\x81"
       "b \xcc\x82"
       "c",
       "a b c"},
      {"white space", "a \t\r\n  b", "a b"},
      {"no-break and ideographic space",
       "a\xc2\xa0"
       "b　c",
       "a b c"},
      {"a line end inside Japanese", "東京\r\n都庁", "東京都庁"},
      {"an empty line inside Japanese", "東京\r\n\r\n都庁", "東京 都庁"},
      {"a space inside Japanese stays", "東京 都庁", "東京 都庁"},
      {"a line end beside Latin is a space", "東京\nTokyo\n大阪", "東京 tokyo 大阪"},
      {"spaces at the ends", " a ", " a "},
      {"control characters", std::string_view("a\0b\x07", 4), "a b "},
      {"malformed",
       "a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"emoji", "👍🏽OK", "👍🏽ok"},
      {"Korean from jamo", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한"},
      {"supplementary ideograph", "𠮷野家", "𠮷野家"}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(fold(row.text) == row.folded);
    CHECK(fold(fold(row.text)) == fold(row.text));
  }
}

TEST_CASE("a pile of marks costs no more than its length") {
  std::string text = "a";
  for (int i = 0; i < 200'000; ++i)
    text += i % 2 == 0 ? "\xcc\x81" : "\xcc\xa7";  // classes 230 and 202 in turn
  CHECK(fold(text) == "a");
  CHECK(fold(text + "b") == "ab");
}

using Piece = std::pair<TermKind, std::string>;

std::set<Piece> pieces(std::string_view text) {
  std::set<Piece> out;
  std::string kept = fold_keeping_kana(text);
  cut_terms(kept,
            [&](TermKind kind, std::string_view piece) { out.emplace(kind, std::string(piece)); });
  return out;
}

TEST_CASE("what pieces a text has") {
  const auto found = pieces("会議室のスケジュール, hello Fx 世");
  const auto gram = [&](const char* text) { return found.contains({TermKind::gram, text}); };
  const auto word = [&](const char* text) { return found.contains({TermKind::word, text}); };
  CHECK(gram("会"));
  CHECK(gram("会議"));
  CHECK(gram("室の"));
  CHECK(gram("のす"));
  CHECK(gram("hel"));
  CHECK(gram("h"));
  CHECK(word("会議室"));
  CHECK(word("すけじゅーる"));
  CHECK(word("hello"));
  CHECK(word("fx"));
  CHECK_FALSE(gram("he"));
  CHECK_FALSE(gram("会議室"));
  CHECK_FALSE(gram("x世"));
  CHECK_FALSE(gram(","));
  CHECK_FALSE(word("世"));
  CHECK_FALSE(word("会議室のすけじゅーる"));
}

TEST_CASE("how needles are looked for") {
  using Means = NeedleTerms::Means;
  struct Row {
    std::string_view needle;
    std::vector<std::string> all;
    std::size_t any;
    Means means;
    std::string_view word;
  };
  const Row rows[] = {{"", {}, 0, Means::maybe, ""},
                      {"-- ", {}, 0, Means::maybe, ""},
                      {"a", {"a"}, 0, Means::surely, ""},
                      {"hr", {}, 73, Means::surely, ""},
                      {"abc", {"abc"}, 0, Means::surely, ""},
                      {"hello", {"ell", "hel", "llo"}, 0, Means::maybe, "hello"},
                      {"aaaaa", {"aaa"}, 0, Means::maybe, "aaaaa"},
                      {" abc", {"abc"}, 0, Means::maybe, ""},
                      {"京", {"京"}, 0, Means::surely, ""},
                      {"東京", {"東京"}, 0, Means::surely, ""},
                      {"会議室", {"会議", "議室"}, 0, Means::maybe, "会議室"},
                      {"a b", {"a", "b"}, 0, Means::maybe, ""},
                      {"hi yo", {}, 73, Means::maybe, ""},
                      {"東京hr", {"東京"}, 0, Means::maybe, ""},
                      {"foo@bar.com", {"bar", "com", "foo"}, 0, Means::maybe, ""}};
  for (const Row& row : rows) {
    INFO(row.needle);
    const NeedleTerms terms = needle_terms(row.needle);
    CHECK(terms.all == row.all);
    CHECK(terms.any.size() == row.any);
    CHECK(terms.means == row.means);
    CHECK(terms.word == row.word);
  }
}

rc::Gen<std::string> any_text() {
  const auto letter = rc::gen::weightedOneOf<char32_t>(
      {{6, rc::gen::elementOf(std::u32string(U"abcABC019 ,.-\n"))},
       {6, rc::gen::elementOf(std::u32string(U"東京都会議室のをがかカガーっッ々ｶﾞ゛\u3099〜"))},
       {2, rc::gen::elementOf(std::u32string(U"éßİſﬁ㈱Ⅲ한\u0301\u0345\u1112\u1161\u11ab\u00ad"))},
       {1, rc::gen::map(rc::gen::inRange<std::uint32_t>(1, 0x30000),
                        [](std::uint32_t c) { return char32_t(c); })}});
  return rc::gen::map(rc::gen::container<std::u32string>(letter), [](const std::u32string& text) {
    std::string out;
    for (const char32_t c : text)
      append_utf8(out, c);
    return out;
  });
}

TEST_CASE("folding twice is folding once, and the kept kana fold to the same") {
  CHECK(rc::check("idempotent", [] {
    const std::string text = *any_text();
    const std::string once = fold(text);
    RC_ASSERT(is_utf8(once));
    RC_ASSERT(fold(once) == once);
    std::string kept = fold_keeping_kana(text);
    const std::size_t size = kept.size();
    fold_kana(kept);
    RC_ASSERT(kept == once);
    RC_ASSERT(kept.size() == size);
  }));
}

// The whole promise to the index.
TEST_CASE("any part of a text is found by its terms, and nothing is promised that is not there") {
  CHECK(rc::check("terms", [] {
    const std::string text = *any_text();
    const std::string folded = fold(text);
    const auto found = pieces(text);
    std::vector<std::size_t> starts;
    for (std::string_view rest = folded; !rest.empty();) {
      starts.push_back(folded.size() - rest.size());
      static_cast<void>(take_code_point(rest));
    }
    starts.push_back(folded.size());
    RC_PRE(starts.size() > 1);
    const auto from = *rc::gen::inRange<std::size_t>(0, starts.size() - 1);
    const auto to = *rc::gen::inRange<std::size_t>(from + 1, starts.size());
    const std::string part = folded.substr(starts[from], starts[to] - starts[from]);
    const auto promised = [&](const std::string& needle, bool& candidate, bool& sure) {
      const NeedleTerms terms = needle_terms(needle);
      candidate = std::ranges::all_of(terms.all, [&](const std::string& gram) {
        return found.contains({TermKind::gram, gram});
      });
      candidate = candidate &&
                  (terms.any.empty() || std::ranges::any_of(terms.any, [&](const Piece& piece) {
                     return found.contains(piece);
                   }));
      sure = candidate && terms.means == NeedleTerms::Means::surely;
      sure = sure || (!terms.word.empty() && found.contains({TermKind::word, terms.word}));
    };
    bool candidate = false;
    bool sure = false;
    promised(part, candidate, sure);
    RC_ASSERT(candidate);
    const std::string other = fold(*any_text());
    promised(other, candidate, sure);
    if (sure) RC_ASSERT(folded.find(other) != std::string::npos);
    if (folded.find(other) != std::string::npos) RC_ASSERT(candidate);
  }));
}

}  // namespace
}  // namespace fumi::codec
