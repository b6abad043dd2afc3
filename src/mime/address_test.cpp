#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "mime/address.h"

namespace fumi::mime {
namespace {

constexpr auto kStart = Address::Kind::group_start;
constexpr auto kEnd = Address::Kind::group_end;

TEST_CASE("address lists as they come") {
  struct Row {
    std::string_view body;
    std::vector<Address> list;
  };
  for (const auto& [body, list] : std::vector<Row>{
           {"", {}},
           {" , ,", {}},
           {"a@b.example", {{"", "a", "b.example"}}},
           {"Hanako <a@b>, c@d (Comment \\) x)", {{"Hanako", "a", "b"}, {"Comment ) x", "c", "d"}}},
           {"\"Yamada, \\\"H\\\"\" <a@b>", {{"Yamada, \"H\"", "a", "b"}}},
           {"A B  C\r\n <a@b>", {{"A B C", "a", "b"}}},
           {"=?utf-8?B?5pel?= =?utf-8?Q?a,_b?= <a@b>",
            {{"=?utf-8?B?5pel?= =?utf-8?Q?a,_b?=", "a", "b"}}},
           {"日本 <日本@例え.jp>", {{"日本", "日本", "例え.jp"}}},
           // dots where they may not stand
           {"a..b.@docomo.ne.jp, .x@ezweb.ne.jp",
            {{"", "a..b.", "docomo.ne.jp"}, {"", ".x", "ezweb.ne.jp"}}},
           {"<a..b.@docomo.ne.jp>", {{"", "a..b.", "docomo.ne.jp"}}},
           {"\"a b\"@c", {{"", "a b", "c"}}},
           {"<\"a@b\"@c>", {{"", "a@b", "c"}}},
           {"<\"a\\\nb\"@c>", {{"", "ab", "c"}}},  // an escaped line end stays out
           {"<@x,@y:a@b>", {{"", "a", "b"}}},      // obs-route
           {"a @ b . c", {{"", "a", "b.c"}}},
           {"a (x) @ (y) b (z)", {{"z", "a", "b"}}},
           {"x@[127.0.0.1]", {{"", "x", "[127.0.0.1]"}}},
           {"Team: a@b, C <c@d>;, e@f",
            {{"", "Team", "", kStart},
             {"", "a", "b"},
             {"C", "c", "d"},
             {"", "", "", kEnd},
             {"", "e", "f"}}},
           {"undisclosed-recipients:;",
            {{"", "undisclosed-recipients", "", kStart}, {"", "", "", kEnd}}},
           {"Team: a@b", {{"", "Team", "", kStart}, {"", "a", "b"}, {"", "", "", kEnd}}},
           // broken
           {"a@b <a@b>", {{"a@b", "a", "b"}}},
           {"A <a@b> C <c@d>", {{"A", "a", "b"}, {"C", "c", "d"}}},
           {"A <a@b", {{"A", "a", "b"}}},
           {"postmaster", {{"", "postmaster", ""}}},
           {"a@b@c", {{"", "a@b", "c"}}},
           {"\"open <a@b>", {{"", "open <a@b>", ""}}},
           {"<>", {}},
           {"(only a comment)", {}},
           {"hanako yamada@b", {{"hanako", "yamada", "b"}}},
       }) {
    CAPTURE(body);
    CHECK(parse_addresses(body) == list);
  }
}

TEST_CASE("address lists are limited") {
  std::string body;
  for (int i = 0; i < 1000; ++i)
    body += "a@b,";
  CHECK(parse_addresses(body, 10).size() == 10);
}

TEST_CASE("a single address is checked") {
  for (const char* good : {"a@b", "a.b+c@d.example", "a..b.@docomo.ne.jp", "\"a b\"@c",
                           "日本@例え.jp", "x@[192.0.2.1]", "x@[IPv6:::1]", "o'brien@x"}) {
    CAPTURE(good);
    CHECK(parse_addr_spec(good).has_value());
  }
  for (const char* bad :
       {"", "a", "@b", "a@", "a b@c", "a@b c", "a@b..c", "a@.b", "a@b.", "<a@b>", "a@b,c@d",
        "a\r\n@b", "\"a\r\n\"@b", "a@b\r\nRcpt: x", "\"a\"b\"@c", "a@@b", "\xff@b", "a(c)@b"}) {
    CAPTURE(bad);
    const auto parsed = parse_addr_spec(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == Code::invalid);
  }
  CHECK(parse_addr_spec("\"a\\\"b\"@c")->local == "a\"b");
}

TEST_CASE("local-parts are quoted where they must be") {
  CHECK(write_addr_spec("a.b", "c") == "a.b@c");
  CHECK(write_addr_spec("a..b.", "docomo.ne.jp") == "\"a..b.\"@docomo.ne.jp");
  CHECK(write_addr_spec("a\"b\\ c", "d") == "\"a\\\"b\\\\ c\"@d");
  CHECK(write_addr_spec("", "d") == "\"\"@d");
}

TEST_CASE("property: what is written is read again") {
  CHECK(rc::check("addr-spec", [] {
    const auto local =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>(' ', 127)));
    RC_PRE(local.size() < 200);
    const auto list = parse_addresses("X <" + write_addr_spec(local, "b.example") + ">, c@d");
    RC_ASSERT(list.size() == 2U);
    RC_ASSERT(list[0].local == local);
    const auto single = parse_addr_spec(write_addr_spec(local, "b.example"));
    RC_ASSERT(single.has_value());
    RC_ASSERT(single->local == local);
  }));
}

TEST_CASE("message-ids") {
  CHECK(parse_message_ids(" <a@b>\r\n\t<c @d>junk <e<f@g> <> <open") ==
        std::vector<std::string>{"<a@b>", "<c@d>", "<f@g>"});
  CHECK(parse_message_ids('<' + std::string(999, 'x') + '>').empty());
  std::string many;
  for (int i = 0; i < 500; ++i)
    many += "<" + std::to_string(i) + ">";
  const auto ids = parse_message_ids(many);
  CHECK(ids.size() == kMessageIdsMax);
  CHECK(ids.front() == "<0>");
  CHECK(ids[1] == "<301>");
  CHECK(ids.back() == "<499>");
}

}  // namespace
}  // namespace fumi::mime
