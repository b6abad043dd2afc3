#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/smtp/address.h"

namespace fumi::smtp {
namespace {

TEST_CASE("mailboxes are written as they must be read") {
  struct Row {
    const char* in;
    const char* local;
    const char* out;
  };
  const Row rows[] = {
      {"a@b.example", "a", "a@b.example"},
      {"\"a\"@b", "a", "a@b"},
      {"\"a b\"@b", "a b", "\"a b\"@b"},
      {"\"a\\\"b\\\\\"@b", "a\"b\\", "\"a\\\"b\\\\\"@b"},
      {"a..b.@b", "a..b.", "\"a..b.\"@b"},
      {"\"@\"@b", "@", "\"@\"@b"},
      {"a@[192.0.2.1]", "a", "a@[192.0.2.1]"},
      {"a@[IPv6:::ffff:192.0.2.1]", "a", "a@[IPv6:::ffff:192.0.2.1]"},
      {"用户@例え.example", "用户", "用户@例え.example"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    const auto parsed = parse_mailbox(row.in);
    REQUIRE(parsed.has_value());
    CHECK(parsed->local == row.local);
    CHECK(to_text(*parsed) == row.out);
    CHECK(parse_mailbox(to_text(*parsed)) == parsed);
  }
}

TEST_CASE("what is no mailbox") {
  for (const char* bad : {"",
                          "a",
                          "@b",
                          "a@",
                          "a@b.",
                          "a@.b",
                          "a@b..c",
                          "a@-b",
                          "a@b-",
                          "a b@c",
                          "a@b c",
                          "\"a@b",
                          "\"\"@b",
                          "a@[1.2.3]",
                          "a@[1.2.3.4",
                          "a@[::1]",
                          "a@[IPv6:1.2.3.4]",
                          "a@[foo:bar]",
                          "<a@b>",
                          "a@b>",
                          "a\r@b",
                          "\"a\nb\"@c",
                          "\xff@b",
                          "a,b@c",
                          "a@b@c",
                          "\"a\\\x80\"@b"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_mailbox(bad).has_value());
  }
}

TEST_CASE("lengths (RFC 5321 §4.5.3.1)") {
  const auto fault_of = [](const std::string& text) {
    std::string_view in = text;
    const auto parsed = forward_path(in);
    return parsed ? std::optional<PathFault>() : parsed.error();
  };
  CHECK_FALSE(fault_of("<" + std::string(64, 'a') + "@b>").has_value());
  CHECK(fault_of("<" + std::string(65, 'a') + "@b>") == PathFault::local_too_long);
  CHECK_FALSE(fault_of("<a@" + std::string(63, 'b') + ">").has_value());
  CHECK(fault_of("<a@" + std::string(64, 'b') + ">") == PathFault::domain_too_long);
  std::string name;
  for (int i = 0; i < 128; ++i)
    name += "b.";
  CHECK(fault_of("<a@" + name + "c>") == PathFault::domain_too_long);
  CHECK(fault_of("<a@" + name.substr(0, 253) + ">") == PathFault::path_too_long);
  std::string_view verp =
      "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b> "
      "SIZE=1";
  CHECK(reverse_path(verp).has_value());
  CHECK(verp == " SIZE=1");
}

TEST_CASE("property: any local part survives writing and reading") {
  CHECK(rc::check([](const std::string& raw) {
    Mailbox mailbox{"x", "b.example"};
    for (const char c : raw.substr(0, 60)) {
      if (c >= 32 && c < 127) mailbox.local += c;
    }
    RC_ASSERT(parse_mailbox(to_text(mailbox)) == mailbox);
  }));
}

TEST_CASE("xtext (RFC 3461 §4)") {
  CHECK(xtext_encode("a+b=c d") == "a+2Bb+3Dc+20d");
  CHECK(xtext_decode("a+2Bb") == "a+b");
  for (const char* bad : {"+", "+2", "+2b", "+GG", "a b", "a=b", "\x80"})
    CHECK_FALSE(xtext_decode(bad).has_value());
  CHECK(rc::check(
      [](const std::string& octets) { RC_ASSERT(xtext_decode(xtext_encode(octets)) == octets); }));
}

}  // namespace
}  // namespace fumi::smtp
