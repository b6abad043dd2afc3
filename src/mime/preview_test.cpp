#include "mime/preview.h"

#include <doctest/doctest.h>

#include "codec/utf8.h"

namespace fumi::mime {
namespace {

std::string of(const std::string& raw) { return preview(parse(raw), raw); }

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count)
    static_cast<void>(codec::take_code_point(text));
  return count;
}

TEST_CASE("a preview is the first text, in one line") {
  struct Case {
    const char* raw;
    const char* text;
  };
  const Case cases[] = {
      {"Subject: x\r\n\r\nHello,\r\n\r\n  world.\r\n", "Hello, world."},
      {"\r\n> quoted\r\n>> more\r\nThe answer.\r\n> tail\r\nEnd", "The answer. End"},
      {"Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n\x1b$B$3$s$K$A$O\x1b(B\r\n",
       "こんにちは"},
      {"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
       "44GT44KT44CA44Gr44Gh44Gv\r\n",
       "こん にちは"},
      {"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Hi &amp; <b>bye</b></p>", "Hi & bye"},
      {"Content-Type: image/png\r\n\r\nabc", ""},
      {"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nabc", ""},
      {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
       "image/png\r\n\r\nx\r\n"
       "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n"
       "Content-Type: text/html\r\n\r\n<p>rich</p>\r\n--c\r\n\r\nplain\r\n--c--\r\n--b--\r\n",
       "plain"},
      {"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\n \r\n--c\r\n"
       "Content-Type: text/html\r\n\r\n<p>rich</p>\r\n--c--\r\n",
       "rich"},
      {"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text", ""},
      {"Content-Type: text/plain; charset=utf-8\r\n\r\n\xe2\x80\x8b\xcd\x8f a\xe2\x80\xae"
       "b \xff c",
       "ab c"},
      {"", ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.raw);
    CHECK(of(one.raw) == one.text);
  }
}

TEST_CASE("a preview ends with a whole character, and never beyond the limit") {
  for (const char* const piece : {"a", "\xe6\x9d\xb1", "\xf0\x9f\x98\x80", "ab ", "  x"}) {
    std::string raw = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    for (int i = 0; i < 5'000; ++i)
      raw += piece;
    const std::string text = of(raw);
    CHECK(characters(text) <= kPreviewCharacters);
    CHECK(characters(text) >= kPreviewCharacters - 1);
    CHECK(codec::is_utf8(text));
  }
}

TEST_CASE("a stored summary carries the preview, and one without it is read as before") {
  const std::string raw = "Subject: x\r\n\r\nHello";
  const Summary summary = parse(raw);
  CHECK_FALSE(decode(encode(summary))->preview.has_value());
  const std::string stored = encode(summary, preview(summary, raw));
  CHECK(decode(stored)->preview == "Hello");
  CHECK(encode(*decode(stored)) == stored);
  CHECK(decode(encode(summary, ""))->preview == "");
  for (std::size_t i = 0; i < stored.size(); ++i)
    CHECK_FALSE(decode(stored.substr(0, i)).has_value());
}

Envelope copy_of(const EnvelopeView& view) {
  Envelope out;
  out.date = view.date;
  out.subject = view.subject;
  auto copy = [](const std::vector<AddressView>& from, std::vector<Address>& to) {
    for (const AddressView& address : from)
      to.push_back({std::string(address.name), std::string(address.local),
                    std::string(address.domain), address.kind});
  };
  copy(view.from, out.from);
  copy(view.sender, out.sender);
  copy(view.reply_to, out.reply_to);
  copy(view.to, out.to);
  copy(view.cc, out.cc);
  copy(view.bcc, out.bcc);
  out.in_reply_to = view.in_reply_to;
  out.message_id = view.message_id;
  return out;
}

TEST_CASE("an envelope is read without copies, and nothing of the one before stays") {
  EnvelopeView view;
  for (const char* const raw :
       {"From: a@b.example, \"C D\" <c@d.example>\r\nTo: undisclosed:;\r\nCc: g: e@f.example;\r\n"
        "Subject: x\r\nMessage-ID: <1@b.example>\r\nIn-Reply-To: <0@b.example>\r\n\r\nHello",
        "Date: Mon, 2 Mar 2026 10:00:00 +0900\r\nReply-To: r@b.example\r\n\r\n", "\r\n"}) {
    const Summary summary = parse(raw);
    const std::string plain = encode(summary);
    const std::string stored = encode(summary, "a preview");
    REQUIRE(read_envelope(stored, view));
    CHECK(copy_of(view) == summary.envelope);
    REQUIRE(read_envelope(plain, view));
    CHECK(copy_of(view) == summary.envelope);
    CHECK_FALSE(read_envelope("", view));
    CHECK(copy_of(view) == Envelope());
    CHECK_FALSE(read_envelope(stored.substr(0, 5), view));
    CHECK_FALSE(read_envelope("\x07" + stored.substr(1), view));
    CHECK(copy_of(view) == Envelope());
  }
}

}  // namespace
}  // namespace fumi::mime
