#include "proto/imap/writer.h"

#include <doctest/doctest.h>

#include "proto/imap/fetch_writer.h"
#include "proto/imap/section.h"

namespace fumi::imap {
namespace {

const Limits kLimits;

std::string string_of(std::string_view text, Features features = {}) {
  Writer w(kLimits);
  w.set_features(features);
  w.put_nstring(text);
  return w.output().take();
}

TEST_CASE("strings are quoted where they can be, else literals") {
  Features utf8;
  utf8.utf8_accept = true;
  CHECK(string_of("") == "NIL");
  CHECK(string_of("a \"b\" \\") == R"("a \"b\" \\")");
  CHECK(string_of("a\r\nb") == "{4}\r\na\r\nb");
  CHECK(string_of("\xe6\x9d\xb1") == "{3}\r\n\xe6\x9d\xb1");
  CHECK(string_of("\xe6\x9d\xb1", utf8) == "\"\xe6\x9d\xb1\"");
  CHECK(string_of("\xff", utf8) == "{1}\r\n\xff");
  CHECK(string_of(std::string_view("a\0b", 3)) == "{2}\r\nab");
  CHECK(string_of(std::string(2000, 'x')).starts_with("{2000}\r\n"));
}

TEST_CASE("nobody can end a status line early") {
  Writer w(kLimits);
  w.tagged("a", no("bad\r\n* BYE\xff", code::Plain::alert));
  CHECK(w.output().take() == "a NO [ALERT] bad??* BYE?\r\n");
}

TEST_CASE("response codes") {
  SeqSet one;
  one.add(3, 5);
  SeqSet two;
  two.add(10, 12);
  CHECK(code::copy_uid(UidValidity{7}, one, two).text == "COPYUID 7 3:5 10:12");
  CHECK(code::copy_uid(UidValidity{7}, {}, {}).text.empty());
  CHECK(code::append_uid(UidValidity{7}, two).text == "APPENDUID 7 10:12");
  CHECK(code::modified(one).text == "MODIFIED 3:5");
  CHECK(code::plain(code::Plain::use_attr).text == "USEATTR");
  CHECK(code::plain(code::Plain::over_quota).text == "OVERQUOTA");
}

TEST_CASE("ENVELOPE shows groups, defaults and what is missing") {
  using Address = mime::Address;
  mime::Envelope e;
  e.subject = "a\tb";
  e.from = {Address{"A", "a", "a.example", Address::Kind::mailbox}};
  e.to = {Address{"", "team", "", Address::Kind::group_start},
          Address{"", "b", "", Address::Kind::mailbox},
          Address{"", "", "", Address::Kind::group_end}};
  Writer w(kLimits);
  put_envelope(w, e);
  CHECK(w.output().take() ==
        "(NIL {3}\r\na\tb ((\"A\" NIL \"a\" \"a.example\")) ((\"A\" NIL \"a\" \"a.example\")) "
        "((\"A\" NIL \"a\" \"a.example\")) ((NIL NIL \"team\" NIL)(NIL NIL \"b\" \"\")"
        "(NIL NIL NIL NIL)) NIL NIL NIL NIL)");
}

TEST_CASE("an envelope is written the same from its stored form") {
  Writer w(kLimits);
  mime::EnvelopeView view;
  for (const char* const raw :
       {"From: \"A \\\"B\\\"\" <a@b.example>\r\nTo: g: c@d.example, e@f.example;\r\nBcc: x@y\r\n"
        "Subject: =?UTF-8?Q?=E6=9D=B1?= \x80 raw\r\nMessage-ID: <1@b>\r\n\r\n",
        "Reply-To: r@b.example\r\nSender: s@b.example\r\nIn-Reply-To: <0@b>\r\n\r\n", "\r\n"}) {
    const mime::Summary summary = mime::parse(raw);
    put_envelope(w, summary.envelope);
    const std::string expected = w.output().take();
    const std::string stored = mime::encode(summary);
    REQUIRE(mime::read_envelope(stored, view));
    put_envelope(w, view);
    CHECK(w.output().take() == expected);
  }
}

TEST_CASE("strings are quoted where they can be, whatever octet stands where") {
  for (unsigned octet = 0; octet < 256; ++octet) {
    for (const std::size_t before : {0U, 3U, 15U, 40U}) {
      const std::string text = std::string(before, 'a') + char(octet) + std::string(20, 'b');
      Writer w(kLimits);
      w.put_string(text);
      const std::string shown = w.output().take();
      if (octet == '"' || octet == '\\') {
        CHECK(shown == '"' + text.substr(0, before) + '\\' + text.substr(before) + '"');
      } else if (octet < 0x20 || octet >= 0x7f) {
        CHECK(shown.starts_with('{'));
      } else {
        CHECK(shown == '"' + text + '"');
      }
    }
  }
}

TEST_CASE("output is put behind output, with what each points to") {
  const std::string far(10, 'F');
  Output a;
  Output b;
  b.put("one");
  b.splice(far);
  a.append(std::move(b));
  CHECK(b.empty());
  b.put("two");
  b.splice(far);
  b.put("three");
  a.append(std::move(b));
  a.append(Output());
  CHECK(b.empty());
  CHECK(a.size() == 31);
  CHECK(a.spliced() == 20);
  CHECK(a.take() == "one" + far + "two" + far + "three");
  CHECK(a.empty());
}

mime::Part message_part() {
  mime::Part inner;
  inner.lines = 2;
  inner.body_end = 9;
  inner.parameters = {{"name", "\xe6\x9d\xb1"}};
  mime::Part part;
  part.type = "message";
  part.subtype = "rfc822";
  part.lines = 5;
  part.body_end = 50;
  part.envelope = std::make_unique<mime::Envelope>();
  part.children.push_back(std::move(inner));
  return part;
}

TEST_CASE("BODY and BODYSTRUCTURE of messages and parameters beyond ASCII") {
  const mime::Part part = message_part();
  Writer w(kLimits);
  put_body(w, part, Extension::omit);
  CHECK(w.output().take() ==
        "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 50 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
        "(\"TEXT\" \"PLAIN\" (\"name*\" \"UTF-8''%E6%9D%B1\") NIL NIL \"7BIT\" 9 2) 5)");
  Features utf8;
  utf8.imap4rev2 = true;
  w.set_features(utf8);
  put_body(w, part.children.front(), Extension::include);
  CHECK(w.output().take() ==
        "(\"TEXT\" \"PLAIN\" (\"name\" \"\xe6\x9d\xb1\") NIL NIL \"7BIT\" 9 2 "
        "NIL NIL NIL NIL)");
}

TEST_CASE("broken structure still gives a body that the grammar knows") {
  mime::Part part;
  part.type = "multipart";
  part.subtype = "mixed";
  Writer w(kLimits);
  put_body(w, part, Extension::omit);
  CHECK(w.output().take() == "((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0) \"MIXED\")");
  part.type = "message";
  part.subtype = "rfc822";
  put_body(w, part, Extension::omit);
  CHECK(w.output().take().find("NIL NIL) (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0) 0)") !=
        std::string::npos);
  part.subtype = "global";  // basic for clients without UTF-8
  put_body(w, part, Extension::omit);
  CHECK(w.output().take() == "(\"MESSAGE\" \"GLOBAL\" NIL NIL NIL \"7BIT\" 0)");
}

TEST_CASE("large bodies are spliced, not copied") {
  const std::string raw = "A: b\r\n\r\n" + std::string(100'000, 'x');
  const mime::Summary summary = mime::parse(raw);
  Writer w(kLimits);
  FetchWriter line(w, SeqNumber{1}, Uid{1});
  FetchItem item;
  item.kind = FetchItem::Kind::body_section;
  CHECK(line.section(item, raw, summary));
  line.end();
  CHECK(w.should_flush());
  CHECK(w.output().heap_octets() < 1'000);
  const auto pieces = w.output().pieces();
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0] == "* 1 FETCH (BODY[] {100008}\r\n");
  CHECK(pieces[1].data() == raw.data());
  CHECK(w.output().take() == "* 1 FETCH (BODY[] {100008}\r\n" + raw + ")\r\n");
  CHECK(w.output().heap_octets() < 100);
}

TEST_CASE("sections of nested messages") {
  const std::string inner = "Subject: in\r\nX-A: 1\r\n 2\r\n\r\ninner text\r\n";
  const std::string raw =
      "Subject: out\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n--b\r\n"
      "Content-Type: message/rfc822\r\n\r\n" +
      inner +
      "\r\n--b\r\nContent-Transfer-Encoding: x-odd\r\n"
      "\r\nodd\r\n--b--\r\n";
  const mime::Summary summary = mime::parse(raw);
  struct Row {
    Section section;
    std::string octets;
    bool missing = false;
  };
  using Text = Section::Text;
  for (const Row& row :
       {Row{{{1}, Text::all, {}}, "first"}, Row{{{2}, Text::all, {}}, inner},
        Row{{{2}, Text::header, {}}, "Subject: in\r\nX-A: 1\r\n 2\r\n\r\n"},
        Row{{{2}, Text::text, {}}, "inner text\r\n"},
        Row{{{2, 1}, Text::all, {}}, "inner text\r\n"},
        Row{{{2}, Text::mime, {}}, "Content-Type: message/rfc822\r\n\r\n"},
        Row{{{2}, Text::header_fields, {"x-a"}}, "X-A: 1\r\n 2\r\n\r\n"},
        Row{{{2}, Text::header_fields_not, {"x-a"}}, "Subject: in\r\n\r\n"},
        Row{{{}, Text::header_fields, {"nothing"}}, "\r\n"}, Row{{{}, Text::all, {}}, raw},
        Row{{{9}, Text::all, {}}, "", true}, Row{{{1}, Text::header, {}}, "", true},
        Row{{{2, 2}, Text::all, {}}, "", true}}) {
    const SectionData data = extract_section(row.section, raw, summary.root);
    CHECK_MESSAGE((data.kind == SectionData::Kind::missing) == row.missing, row.section.wire());
    CHECK_MESSAGE(data.octets() == row.octets, row.section.wire());
  }
  CHECK(extract_binary({{3}, Text::all, {}}, raw, summary.root).kind ==
        BinaryData::Kind::unknown_encoding);
}

TEST_CASE("offsets that do not fit the bytes read nothing beyond them") {
  mime::Part root;
  root.header_begin = 5;
  root.body_begin = 100;
  root.body_end = 1'000;
  for (const auto text : {Section::Text::all, Section::Text::header, Section::Text::text}) {
    CHECK(extract_section({{}, text, {}}, "short", root).octets().size() <= 5);
  }
  CHECK(extract_section({{1}, Section::Text::all, {}}, "short", root).octets().empty());
}

TEST_CASE("partials") {
  CHECK(cut("hello", std::nullopt) == "hello");
  CHECK(cut("hello", Partial{1, 3}) == "ell");
  CHECK(cut("hello", Partial{4, 0x7fff'ffff'ffff'ffffULL}) == "o");
  CHECK(cut("hello", Partial{5, 1}).empty());
  CHECK(cut("hello", Partial{0x7fff'ffff'ffff'ffffULL, 1}).empty());
}

}  // namespace
}  // namespace fumi::imap
