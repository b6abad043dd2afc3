#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "codec/base64.h"
#include "codec/date.h"
#include "codec/quoted_printable.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

namespace fumi::codec {
namespace {

TEST_CASE("base64 agrees with RFC 4648 §10") {
  struct Row {
    const char* plain;
    const char* text;
  };
  for (const auto& [plain, text] :
       {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"},
        Row{"foob", "Zm9vYg=="}, Row{"fooba", "Zm9vYmE="}, Row{"foobar", "Zm9vYmFy"}}) {
    CHECK(base64_encode(plain) == text);
    CHECK(base64_decode(text) == std::string(plain));
  }
  CHECK(base64url_encode("\xfb\xff") == "-_8");
  CHECK(base64url_decode("-_8") == std::string("\xfb\xff"));
}

TEST_CASE("strict base64 refuses what is not exact") {
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\r\n", "====", "Z===", "Zm 9", "=m9v"}) {
    CAPTURE(bad);
    CHECK_FALSE(base64_decode(bad).has_value());
  }
  CHECK_FALSE(base64url_decode("+/8").has_value());
  CHECK_FALSE(base64url_decode("A").has_value());
}

TEST_CASE("lenient base64 takes what mail contains") {
  CHECK(base64_decode_lenient("Zm9v\r\nYmFy\r\n") == "foobar");
  CHECK(base64_decode_lenient("Zm9vYg") == "foob");
  CHECK(base64_decode_lenient("Z m!9v") == "foo");
  CHECK(base64_decode_lenient("Zg==\r\nZm9v\r\n") == "ffoo");
  CHECK(base64_decode_lenient("Zg==\r\n_____\r\nlist footer\r\n") == "f");
  CHECK(base64_decode_lenient("Zg==\r\nUnsubscribe here\r\n") == "f");
  CHECK(base64_decode_lenient("=Zm9v") == "foo");
  CHECK(base64_decode_lenient("A").empty());
}

TEST_CASE("base64 lines are at most 76 octets") {
  const std::string text = base64_encode_lines(std::string(58, 'x'));
  CHECK(text.find("\r\n") == 76);
  CHECK(text.ends_with("eA==\r\n"));
}

TEST_CASE("properties: encoders and decoders undo each other") {
  CHECK(rc::check("base64", [](const std::string& bytes) {
    RC_ASSERT(base64_decode(base64_encode(bytes)) == bytes);
    RC_ASSERT(base64url_decode(base64url_encode(bytes)) == bytes);
    RC_ASSERT(base64_decode_lenient(base64_encode_lines(bytes, 8)) == bytes);
  }));
  CHECK(rc::check("quoted-printable", [](const std::string& bytes) {
    const std::string text = quoted_printable_encode(bytes, LineEnds::binary);
    RC_ASSERT(quoted_printable_decode(text) == bytes);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find("\r\n", at), text.size());
      RC_ASSERT(end - at <= 76U);
      at = end + 2;
    }
    RC_ASSERT(q_decode(q_encode(bytes)) == bytes);
    RC_ASSERT(q_encode(bytes).size() == q_octets(bytes));
  }));
  CHECK(rc::check("dates", [] {
    const auto seconds = *rc::gen::inRange<std::int64_t>(-2'000'000'000, 200'000'000'000);
    const ZonedTime time{Instant(std::chrono::seconds(seconds)),
                         std::chrono::minutes(*rc::gen::inRange(-1439, 1440))};
    RC_ASSERT(parse_date(write_date(time.at, time.zone)) == time);
    RC_ASSERT(parse_internal_date(write_internal_date(time.at, time.zone)) == time);
  }));
}

TEST_CASE("quoted-printable") {
  CHECK(quoted_printable_encode("a=b\nc \r\n", LineEnds::text) == "a=3Db\r\nc=20\r\n");
  CHECK(quoted_printable_encode(".\nFrom x\nFromm", LineEnds::text) == "=2E\r\n=46rom x\r\nFromm");
  CHECK(quoted_printable_encode("a\r\n", LineEnds::binary) == "a=0D=0A");
  CHECK(quoted_printable_encode(std::string(76, 'x'), LineEnds::text) == std::string(76, 'x'));
  CHECK(quoted_printable_encode(std::string(77, 'x'), LineEnds::text) ==
        std::string(75, 'x') + "=\r\nxx");
  CHECK(quoted_printable_decode("a=3db =\r\nc=  \r\nd \t\r\ne=4") == "a=b cd\r\ne=4");
  CHECK(quoted_printable_decode("=ZZ=\n=3D==\nx") == "=ZZ==x");
  CHECK(q_encode("a b_?=") == "a_b=5F=3F=3D");
  CHECK(q_decode("a_b=5f=3F=") == "a b_?=");
}

TEST_CASE("UTF-8") {
  for (const char* good :
       {"", "abc", "日本語", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "12345678\xe3\x81", "\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
    CHECK(is_utf8(to_valid_utf8(bad)));
  }
  CHECK(to_valid_utf8("a\xe3\x81z") == "a\xef\xbf\xbdz");
  CHECK(utf8_prefix("日本", 5) == "日");
  CHECK(utf8_prefix("日本", 6) == "日本");
  CHECK(utf8_prefix("日本", 2).empty());
  CHECK(is_ascii("0123456789"));
  CHECK_FALSE(is_ascii("01234567\xc3\xa9"));
}

TEST_CASE("modified UTF-7 of RFC 3501 §5.1.3") {
  struct Row {
    const char* text;
    const char* name;
  };
  for (const auto& [text, name] :
       {Row{"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, Row{"A&B", "A&-B"},
        Row{"INBOX", "INBOX"}, Row{"", ""}, Row{"\xf0\x9f\x98\x80", "&2D3eAA-"}}) {
    CHECK(to_modified_utf7(text) == std::string(name));
    CHECK(from_modified_utf7(name) == std::string(text));
  }
  for (const char* bad : {"&", "&Jjo", "&Jjo!", "&AGE-", "&ZeVn/LIqe-", "&2D0-", "&3gA-", "日本",
                          "&U,BTFw-&ZeVnLIqe-", "&A-"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_modified_utf7(bad).has_value());
  }
  CHECK_FALSE(to_modified_utf7("\xff").has_value());
}

TEST_CASE("dates as RFC 5322 §3.3, §4.3 and mail write them") {
  const std::int64_t at = 1'795'363'323;  // 2026-11-22T16:02:03Z
  for (const char* text :
       {"Mon, 23 Nov 2026 01:02:03 +0900", "23 Nov 2026 01:02:03 +0900 (JST)",
        "23 nov 26 01:02:03 JST", "Mon,23 Nov 2026 01:02:03 +0900", "Sun, 22 Nov 2026 16:02:03 GMT",
        "Sun Nov 22 16:02:03 2026", "Sun Nov 22 16:02:03 UTC 2026", "22-Nov-2026 16:02:03 Z",
        "22 Nov 2026 16:02:03", "22 (a (nested\\) ) comment) Nov 126 16:02:03 XYZ"}) {
    CAPTURE(text);
    const auto parsed = parse_date(text);
    REQUIRE(parsed.has_value());
    CHECK(to_micros(parsed->at) == at * 1'000'000);
  }
  CHECK(parse_date("1 Jan 70 00:00 +0000")->at == from_micros(0));
  for (const char* bad : {"", "yesterday", "Mon, 31 Feb 2026 01:02:03 +0900", "23 Nov 2026",
                          "23 Nov 2026 24:00:00 +0900", "23 Foo 2026 01:02:03", "23 Nov 1 01:02:03",
                          "23 Nov 12345 01:02:03", "( 23 Nov 2026 01:02:03"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_date(bad).has_value());
  }
  CHECK(write_date(Instant(std::chrono::seconds(at))) == "Mon, 23 Nov 2026 01:02:03 +0900");
  CHECK(write_date(Instant(std::chrono::seconds(at)), std::chrono::minutes(-210)) ==
        "Sun, 22 Nov 2026 12:32:03 -0330");
}

TEST_CASE("IMAP dates") {
  CHECK(write_internal_date(from_micros(0)) == "01-Jan-1970 09:00:00 +0900");
  CHECK(parse_internal_date(" 1-Jan-1970 09:00:00 +0900")->at == from_micros(0));
  CHECK(parse_internal_date("1-jan-1970 09:00:00 +0900").has_value());
  for (const char* bad : {"", "01-Jan-1970", "01-Jan-1970 09:00 +0900", "01-Jan-1970 09:00:00 JST",
                          "32-Jan-1970 09:00:00 +0900", "01-Jan-1970 09:00:00 +0960",
                          "001-Jan-1970 09:00:00 +0900"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_internal_date(bad).has_value());
  }
  CHECK(parse_search_date("1-Feb-1994").has_value());
  CHECK_FALSE(parse_search_date("30-Feb-1994").has_value());
  CHECK_FALSE(parse_search_date("1-February-1994").has_value());
}

}  // namespace
}  // namespace fumi::codec
