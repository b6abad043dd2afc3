#include <doctest/doctest.h>

#include "mime/header.h"

namespace fumi::mime {
namespace {

TEST_CASE("fields are walked, garbage is passed over, the body is found") {
  const std::string_view text =
      "From hanako Mon Nov 23\r\n"
      "Subject: a\r\n b\r\n \r\n c\r\n"
      "no field at all\r\n"
      "X-Odd \t: v\r\n"
      "bad name: v\r\n"
      "Empty:\r\n"
      "\r\n"
      "Body: x\r\n";
  HeaderReader reader(text);
  HeaderField field;
  REQUIRE(reader.next(field));
  CHECK(field.name == "Subject");
  CHECK(field.body == " a\r\n b\r\n \r\n c");
  CHECK(field.offset == 24);
  CHECK(unfold(field.body) == "a b  c");
  REQUIRE(reader.next(field));
  CHECK(field.name == "X-Odd");
  REQUIRE(reader.next(field));
  CHECK(field.name == "Empty");
  CHECK(field.body.empty());
  CHECK_FALSE(reader.next(field));
  CHECK_FALSE(reader.next(field));
  CHECK(text.substr(reader.body_offset()) == "Body: x\r\n");
}

TEST_CASE("bare LF ends lines too; a header may be all there is") {
  CHECK(body_offset("A: b\n\nc") == 6);
  CHECK(body_offset("A: b\nC: d") == 9);
  CHECK(body_offset("\r\nx") == 2);
  CHECK(body_offset("") == 0);
  CHECK(find_field("A: 1\na: 2\n", "A") == " 1");
  CHECK(find_fields("A: 1\na: 2\n", "a").size() == 2);
  CHECK_FALSE(find_field("A: 1\n\nB: 2\n", "b").has_value());
}

TEST_CASE("header octets are limited") {
  HeaderReader reader("A: 1\nB: 2\nC: 3\n\nbody", 7);
  HeaderField field;
  CHECK(reader.next(field));
  CHECK(reader.next(field));
  CHECK_FALSE(reader.next(field));
  CHECK(reader.body_offset() == 10);
}

TEST_CASE("encoded-words as they come") {
  struct Row {
    std::string_view body;
    const char* text;
  };
  for (const auto& [body, text] : {
           Row{" plain", "plain"},
           Row{"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"},
           Row{"Re: =?utf-8?Q?=E6=97=A5_=E6=9C=AC?= end", "Re: 日 本 end"},
           // RFC 2047 §8
           Row{"=?ISO-8859-1?Q?a?= b", "a b"},
           Row{"=?ISO-8859-1?Q?a?=\r\n =?ISO-8859-1?Q?b?=", "ab"},
           Row{"=?ISO-8859-1?Q?a_b?=", "a b"},
           Row{"(=?us-ascii?q?a?=)", "(a)"},
           Row{"=?utf-8*ja?B?5pel?=", "日"},
           // a character cut in two, with padding inside
           Row{"=?utf-8?B?5g==?= =?UTF-8?B?l6U=?=", "日"},
           // ISO-2022-JP: each word has its own state …
           Row{"=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"},
           // … unless the bytes were cut without thought
           Row{"=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本"},
           // no white space around the word
           Row{"abc=?utf-8?B?5pel?=def", "abc日def"},
           // vendor characters
           Row{"=?iso-2022-jp?B?GyRCLSF8YhsoQg==?=", "①髙"},
           Row{"=?windows-31j?B?h0A=?=", "①"},
           // raw text
           Row{"日本", "日本"},
           Row{"\x93\xfa\x96\x7b\x82\xcc", "日本の"},
           Row{"\x1b$BF|K\\\x1b(B", "日本"},
           // not encoded-words
           Row{"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
           Row{"=?utf-8?B?5pel", "=?utf-8?B?5pel"},
           Row{"=??B?5pel?=", "=??B?5pel?="},
           Row{"=?=?=?", "=?=?=?"},
           // nothing may bring line ends in
           Row{"=?utf-8?Q?a=0D=0AX:=00b?=", "a  X: b"},
       }) {
    CAPTURE(body);
    CHECK(decode_unstructured(body) == text);
  }
}

TEST_CASE("many openings without an end stay linear") {
  std::string body;
  for (int i = 0; i < 100'000; ++i)
    body += "=?a?b?x";
  const bool same = decode_unstructured(body) == body;
  CHECK(same);
}

TEST_CASE("parameters as they come") {
  struct Row {
    std::string_view body;
    const char* value;
    std::vector<Parameter> parameters;
  };
  for (const auto& [body, value, parameters] : std::vector<Row>{
           {"text/plain", "text/plain", {}},
           {" Text/HTML (comment; x); Charset=\"UTF-8\" ; Format=flowed",
            "text/html",
            {{"charset", "UTF-8"}, {"format", "flowed"}}},
           {"a/b; x=\"a\\\"b\\\\c\\d\"", "a/b", {{"x", "a\"b\\c\\d"}}},
           {"a/b;;; x = y ;z", "a/b", {{"x", "y"}}},
           {"a/b; name=foo bar.txt; x=1", "a/b", {{"name", "foo bar.txt"}, {"x", "1"}}},
           {"a/b; x=y (comment)", "a/b", {{"x", "y"}}},
           // RFC 2231 §3 and §4
           {"a/b; url*0=\"ftp://\"; url*1=\"x/y\"", "a/b", {{"url", "ftp://x/y"}}},
           {"a/b; title*=us-ascii'en-us'This%20is%20%2A", "a/b", {{"title", "This is *"}}},
           {"a/b; t*1=b; t*0*=utf-8''%E6%97%A5%E6; t*1*=%9C%AC; t*3=no",
            "a/b",
            {{"t",
              "日\xef\xbf\xbd"
              "b"}}},
           {"a/b; t*0*=utf-8''%E6%97%A5%E6; t*1*=%9C%AC; t*2=\"%x\"", "a/b", {{"t", "日本%x"}}},
           {"a/b; filename=\"fallback\"; filename*=utf-8''%E6%97%A5", "a/b", {{"filename", "日"}}},
           {"a/b; n*=iso-2022-jp''%1B%24BF%7C%1B%28B", "a/b", {{"n", "日"}}},
           // raw Shift_JIS with a backslash inside, raw ISO-2022-JP with a quote inside
           {"a/b; n=\"\x95\x5c\x82\xcc.txt\"", "a/b", {{"n", "表の.txt"}}},
           {"a/b; n=\"\x1b$B$\"\x1b(B.txt\"; m=1", "a/b", {{"n", "あ.txt"}, {"m", "1"}}},
           // broken
           {"a/b; x=\"open", "a/b", {{"x", "open"}}},
           {"a/b; *=x; =y; x*99999=z; x*a=z", "a/b", {}},
           {"", "", {}},
       }) {
    CAPTURE(body);
    const Parameterized parsed = parse_parameterized(body);
    CHECK(parsed.value == value);
    CHECK(parsed.parameters == parameters);
  }
}

TEST_CASE("parameters are limited") {
  std::string body = "a/b";
  for (int i = 0; i < 50'000; ++i)
    body += "; p" + std::to_string(i) + "=x";
  CHECK(parse_parameterized(body).parameters.size() == kParametersMax);
}

TEST_CASE("encoded-words inside parameters") {
  CHECK(decode_parameter("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=.pdf") == "日本.pdf");
  CHECK(decode_parameter("plain.pdf") == "plain.pdf");
}

}  // namespace
}  // namespace fumi::mime
