#include "codec/casemap.h"

#include <doctest/doctest.h>

namespace fumi::codec {
namespace {

TEST_CASE("texts that i;unicode-casemap takes for equal become the same octets") {
  struct Case {
    const char* a;
    const char* b;
    bool equal;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Hello", "hELLO", true},
           {"", "", true},
           {"Ångström", "ångström", true},
           {"é", "e\xcc\x81", true},    // composed and decomposed
           {"Ｆｕｍｉ", "fumi", true},  // width is a compatibility mapping
           {"ｶﾞ", "ガ", true},          // half-width kana
           {"か", "カ", false},         // kana are different letters to RFC 5051
           {"ß", "ss", false},          // full case folding is not what it does
           {"Σ", "ς", true},            // both have the title case Σ
           {"会議", "会议", false},
           {"a\xff", "A\xef\xbf\xbd", true},  // malformed: U+FFFD
       }) {
    CAPTURE(c.a);
    CHECK((unicode_casemap(c.a) == unicode_casemap(c.b)) == c.equal);
  }
  CHECK(unicode_casemap("apple") < unicode_casemap("Banana"));
  CHECK(unicode_casemap(unicode_casemap("Ångström ﬁ")) == unicode_casemap("ångström FI"));
}

}  // namespace
}  // namespace fumi::codec
