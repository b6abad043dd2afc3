#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "codec/charset.h"
#include "codec/utf8.h"

namespace fumi::codec {
namespace {

struct Row {
  const char* charset;
  std::string_view bytes;
  const char* text;
};

TEST_CASE("charsets decode as mail uses them") {
  for (const auto& [charset, bytes, text] : {
           Row{"ISO-2022-JP", "\x1b$BF|K\\8l\x1b(B!", "日本語!"},
           Row{"iso-2022-jp", "\x1b$B-!\x1b(B", "①"},     // NEC row 13
           Row{"windows-50221", "\x1b$B|b\x1b(B", "髙"},  // NEC selected IBM
           Row{"CP50220", "\x1b(I6^\x1b(B", "ｶﾞ"},
           Row{"iso-2022-jp", "\x1b(J~\\\x1b(B", "~\\"},  // JIS-Roman as ASCII
           Row{"Shift_JIS", "\x93\xfa\x96\x7b\x87\x40\xfb\xfc", "日本①髙"},
           Row{"cp932", "\xb6\xde", "ｶﾞ"},
           Row{"x-sjis", "\x81\x60", "～"},
           Row{"EUC-JP", "\xc6\xfc\xcb\xdc\xad\xa1", "日本①"},
           Row{"eucJP-ms", "\xfc\xe2", "髙"},
           Row{"iso-8859-1", "caf\xe9 \x93x\x94", "café “x”"},
           Row{"UTF-8", "日本", "日本"},
           Row{"gb2312", "\xc4\xe3", "你"},
           Row{"utf-7", "+ZeVnLA-", "日本"},
       }) {
    CAPTURE(charset);
    const auto decoded = to_utf8(bytes, charset);
    REQUIRE(decoded.has_value());
    CHECK(decoded->text == text);
    CHECK(decoded->replaced == 0);
  }
}

TEST_CASE("malformed text is replaced and counted, unknown charsets are refused") {
  CHECK(to_utf8("a\xff", "utf-8")->replaced == 1);
  CHECK(to_utf8("\xef\xbf\xbd", "utf-8")->replaced == 0);
  CHECK(to_utf8("a\xff", "us-ascii")->text == "a\xef\xbf\xbd");
  CHECK(to_utf8("\x81", "shift_jis")->replaced == 1);
  for (const char* bad : {"", "x-unknown", "../../etc/passwd", "ISO_2022,locale=ja,version=0",
                          "utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8"}) {
    CHECK(to_utf8("a", bad).error().code == Code::unsupported);
    CHECK(from_utf8("a", bad).error().code == Code::unsupported);
    CHECK_FALSE(is_charset(bad));
  }
  CHECK(is_charset("cp50221"));
  CHECK(is_charset("us-ascii"));
  CHECK(is_iso_2022_jp("csISO2022JP"));
  CHECK_FALSE(is_iso_2022_jp("euc-jp"));
}

TEST_CASE("a wrong label is replaced by a guess") {
  CHECK(decode_text("\x1b$BF|K\\\x1b(B", "us-ascii") == "日本");
  CHECK(decode_text("日本", "us-ascii") == "日本");
  CHECK(decode_text("日本", "iso-2022-jp") == "日本");
  CHECK(decode_text("\x93\xfa\x96\x7b\x82\xcc", "utf-8") == "日本の");
  CHECK(decode_text("\x93\xfa\x96\x7b\x82\xcc", "x-unknown") == "日本の");
  CHECK(decode_text("\xc6\xfc\xcb\xdc\xa4\xce", "") == "日本の");
  CHECK(decode_text("caf\xe9 au lait", "") == "café au lait");
  CHECK(decode_text("n\xe9"
                    "e",
                    "") == "née");
  CHECK(decode_text("plain", "us-ascii") == "plain");
  CHECK(guess_charset("plain") == "us-ascii");
}

TEST_CASE("text encodes into the charsets of Japanese mail") {
  struct Case {
    const char* charset;
    const char* text;
    std::string_view bytes;
  };
  for (const auto& [charset, text, bytes] : {
           Case{"iso-2022-jp", "日本\r\nabc", "\x1b$BF|K\\\x1b(B\r\nabc"},
           Case{"iso-2022-jp", "\u301c\uff5e", "\x1b$B!A!A\x1b(B"},
           Case{"iso-2022-jp", "\u2212", "\x1b$B!]\x1b(B"},
           Case{"iso-2022-jp", "ｶﾞｷﾞ", "\x1b$B%,%.\x1b(B"},
           Case{"iso-2022-jp", "髙①", "\x1b$B|b-!\x1b(B"},
           Case{"iso-2022-jp", "¥", "\x1b$B!o\x1b(B"},
           Case{"shift_jis", "日本\u301cｶﾞ", "\x93\xfa\x96\x7b\x81\x60\xb6\xde"},
           Case{"euc-jp", "日本\u301c", "\xc6\xfc\xcb\xdc\xa1\xc1"},
           Case{"utf-8", "日本", "日本"},
       }) {
    CAPTURE(text);
    const auto encoded = from_utf8(text, charset);
    REQUIRE(encoded.has_value());
    CHECK(encoded->bytes == bytes);
    CHECK(encoded->unmappable.empty());
  }
}

TEST_CASE("unmappable characters are reported") {
  const auto jis = from_utf8("a\xf0\x9f\x98\x80é", "iso-2022-jp");
  CHECK(jis->unmappable == std::vector<char32_t>{0x1f600, 0xe9});
  CHECK(jis->bytes == "a\x1b$B\".\".\x1b(B");
  CHECK(from_utf8("日", "iso-8859-1")->bytes == "?");
  CHECK(from_utf8("日", "us-ascii")->unmappable.size() == 1);
  CHECK(from_utf8("\xff", "utf-8").error().code == Code::invalid);
  CHECK(from_utf8("❤\ufe0f", "shift_jis")->unmappable.size() == 1);
}

TEST_CASE("half-width kana widen") {
  CHECK(widen_kana("ｱｶﾞﾊﾟｳﾞﾝﾞｰ｡a漢") == "アガパヴン゛ー。a漢");
  CHECK(widen_kana("ﾊﾞｯﾄﾞﾎﾟｺﾟ") == "バッドポコ゜");
}

TEST_CASE("property: what the Japanese charsets can say comes back") {
  CHECK(rc::check("round trip", [] {
    std::string text;
    const auto picks = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 400));
    for (const int pick : picks) {
      append_utf8(text, pick < 90    ? char32_t(0x20 + pick)
                        : pick < 170 ? char32_t(0x3041 + pick - 90)
                                     : char32_t(0x30a1 + (pick - 170) % 80));
    }
    for (const char* charset : {"iso-2022-jp", "shift_jis", "euc-jp"}) {
      const auto encoded = from_utf8(text, charset);
      RC_ASSERT(encoded.has_value());
      RC_PRE(encoded->unmappable.empty());
      RC_ASSERT(to_utf8(encoded->bytes, charset)->text == text);
    }
  }));
}

}  // namespace
}  // namespace fumi::codec
