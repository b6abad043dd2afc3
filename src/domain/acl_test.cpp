#include "domain/acl.h"

#include <doctest/doctest.h>

namespace fumi {
namespace {

TEST_CASE("rights are written in one order and read in any") {
  struct Case {
    const char* text;
    const char* plain;
    const char* with_virtual;
  };
  constexpr Case kCases[]{
      {"", "", ""},
      {"lr", "lr", "lr"},
      {"rl", "lr", "lr"},
      {"llrr", "lr", "lr"},
      {"lrswipkxtea", "lrswipkxtea", "lrswipkxteacd"},
      // RFC 4314 §2.1.1: the virtual rights.
      {"c", "k", "kc"},
      {"d", "xte", "xted"},
      {"t", "t", "td"},
      {"lrswida", "lrswixtea", "lrswixtead"},
  };
  for (const Case& each : kCases) {
    CAPTURE(each.text);
    const auto rights = Rights::parse(each.text);
    REQUIRE(rights.has_value());
    CHECK(rights->text() == each.plain);
    CHECK(rights->text_with_virtual() == each.with_virtual);
    CHECK(Rights::parse(rights->text()) == *rights);
  }
  for (const char* bad : {"q", "lrQ", "L", "0", "l r", "+l", "ａ"}) {
    CAPTURE(bad);
    CHECK_FALSE(Rights::parse(bad).has_value());
  }
  CHECK(Rights::parse("lrswipkxtea") == Rights::all());
}

TEST_CASE("all that is asked for, or some of it") {
  const Rights rights{Rights::lookup | Rights::read};
  CHECK(rights.has(Rights::lookup));
  CHECK(rights.has(Rights::lookup | Rights::read));
  CHECK_FALSE(rights.has(Rights::read | Rights::seen));
  CHECK(rights.has_any(Rights::read | Rights::seen));
  CHECK_FALSE(rights.has_any(Rights::seen | Rights::write));
  CHECK(rights.has(0));
  CHECK(AclEntry{}.is_empty());
  CHECK_FALSE(AclEntry{AccountId(1), {}, {Rights::read}}.is_empty());
}

}  // namespace
}  // namespace fumi
