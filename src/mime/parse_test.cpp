#include <doctest/doctest.h>

#include "mime/body.h"
#include "mime/structure.h"

namespace fumi::mime {
namespace {

constexpr std::string_view kMixed =
    "From: =?utf-8?B?5pel?= <a@b>\r\n"
    "To: c@d, e@f\r\n"
    "Cc: g@h\r\n"
    "To: i@j\r\n"
    "Subject: test\r\n subject\r\n"
    "Date: Mon, 23 Nov 2026 01:02:03 +0900\r\n"
    "Message-ID: <1@b>\r\n"
    "In-Reply-To: <0@b>\r\n"
    "References: <x@b> <0@b>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=\"out\"\r\n"
    "\r\n"
    "preamble\r\n"
    "--out\r\n"
    "Content-Type: multipart/alternative; boundary=out2\r\n"
    "\r\n"
    "--out2\r\n"
    "\r\n"
    "plain\r\n"
    "--out2 \t\r\n"
    "Content-Type: text/html; charset=ISO-2022-JP\r\n"
    "Content-Transfer-Encoding: Base64\r\n"
    "\r\n"
    "GyRCRnxLXBsoQg==\r\n"
    "--out2--\r\n"
    "--out\r\n"
    "Content-Type: message/rfc822\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%E6%97%A5.eml\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "Content-Type: multipart/mixed; boundary=in\r\n"
    "\r\n"
    "--in\r\n"
    "\r\n"
    "one\r\n"
    "--in\r\n"
    "Content-Type: image/png; name=\"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=.png\"\r\n"
    "\r\n"
    "two\r\n"
    "--in--\r\n"
    "--out--\r\n"
    "epilogue\r\n";

std::string body_of(const Part* part) {
  return part == nullptr ? "(none)" : std::string(raw_body(*part, kMixed));
}

TEST_CASE("a message with all kinds of parts") {
  const Summary summary = parse(kMixed);
  const Envelope& envelope = summary.envelope;
  CHECK(envelope.subject == "test subject");
  CHECK(envelope.from == std::vector<Address>{{"=?utf-8?B?5pel?=", "a", "b"}});
  CHECK(envelope.to.size() == 3);
  CHECK(envelope.message_id == "<1@b>");
  CHECK(envelope.date == "Mon, 23 Nov 2026 01:02:03 +0900");
  CHECK(summary.references == std::vector<std::string>{"<x@b>", "<0@b>"});
  CHECK(summary.has_attachment);
  CHECK(summary.size == kMixed.size());

  const Part& root = summary.root;
  CHECK(root.children.size() == 2);
  CHECK(body_of(find_part(root, {1, 1})) == "plain");
  const Part* html = find_part(root, {1, 2});
  REQUIRE(html != nullptr);
  CHECK(html->subtype == "html");
  CHECK(html->encoding == "base64");
  CHECK(text_content(*html, kMixed) == "日本");
  const Part* message = find_part(root, {2});
  REQUIRE(message != nullptr);
  CHECK(message->is_message());
  CHECK(message->envelope->subject == "inner");
  CHECK(file_name(*message) == "日.eml");
  CHECK(body_of(find_part(root, {2, 1})) == "one");
  CHECK(body_of(find_part(root, {2, 2})) == "two");
  CHECK(file_name(*find_part(root, {2, 2})) == "日本.png");
  CHECK(find_part(root, {2, 2})->lines == 0);
  CHECK(raw_body(root, kMixed).ends_with("epilogue\r\n"));
  for (const std::vector<std::uint32_t>& bad :
       {std::vector<std::uint32_t>{0}, {3}, {1, 1, 1}, {2, 3}, {1, 1, 2}}) {
    CHECK(find_part(root, bad) == nullptr);
  }
  CHECK(find_part(root, {}) == &root);
}

TEST_CASE("section numbers of messages that are not multipart (RFC 9051 §6.4.5)") {
  const Summary plain = parse("Subject: x\n\nbody\n");
  CHECK(find_part(plain.root, {1}) == &plain.root);
  CHECK(find_part(plain.root, {2}) == nullptr);
  CHECK(find_part(plain.root, {1, 1}) == nullptr);
  const Summary forwarded = parse("Content-Type: message/rfc822\n\nSubject: y\n\ninner\n");
  CHECK(find_part(forwarded.root, {1}) == &forwarded.root);
  CHECK(find_part(forwarded.root, {1, 1}) == &forwarded.root.children[0]);
}

TEST_CASE("broken structure falls back") {
  struct Row {
    const char* raw;
    const char* type;
    std::size_t children;
  };
  for (const auto& [raw, type, children] : {
           Row{"", "text/plain", 0},
           Row{"\n", "text/plain", 0},
           Row{"no header at all", "text/plain", 0},
           Row{"Content-Type: text\n\nx", "text/plain", 0},
           Row{"Content-Type: ; charset=x\n\nx", "text/plain", 0},
           Row{"Content-Type: te xt/plain\n\nx", "text/plain", 0},
           Row{"Content-Type: multipart/mixed\n\nx", "text/plain", 0},
           Row{"Content-Type: multipart/mixed; boundary=b\n\nno delimiter", "text/plain", 0},
           Row{"Content-Type: multipart/mixed; boundary=b\n\n--b--\n", "text/plain", 0},
           Row{"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nunclosed", "multipart/mixed",
               1},
           Row{"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nx\n--b--",
               "multipart/mixed", 2},
           Row{"Content-Type: multipart/mixed; boundary=b\n\nx--b\n--bb\n--b", "multipart/mixed",
               1},
           Row{"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: b", "multipart/mixed",
               1},
           Row{"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==",
               "application/octet-stream", 0},
           Row{"Content-Type: a/b\nContent-Type: c/d\n\nx", "a/b", 0},
       }) {
    CAPTURE(raw);
    const Summary summary = parse(raw);
    CHECK(summary.root.type + '/' + summary.root.subtype == type);
    CHECK(summary.root.children.size() == children);
    const auto again = decode(encode(summary));
    REQUIRE(again.has_value());
    CHECK(encode(*again) == encode(summary));
  }
}

TEST_CASE("an outer boundary ends what an inner one left open") {
  const std::string_view raw =
      "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; "
      "boundary=b\n\n"
      "--b\n\none\n--a\n\ntwo\n--a--\n";
  const Summary summary = parse(raw);
  REQUIRE(summary.root.children.size() == 2);
  CHECK(raw_body(*find_part(summary.root, {1, 1}), raw) == "one");
  CHECK(raw_body(*find_part(summary.root, {2}), raw) == "two");
}

TEST_CASE("a digest holds messages (RFC 2046 §5.1.5)") {
  const Summary summary = parse(
      "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\ny\n--a\nContent-Type: "
      "text/plain\n\nz\n--a--\n");
  CHECK(summary.root.children.at(0).is_message());
  CHECK(summary.root.children.at(0).envelope->subject == "x");
  CHECK(summary.root.children.at(1).type == "text");
}

TEST_CASE("depth and parts are limited, what lies beyond is opaque") {
  std::string deep;
  for (int i = 0; i < 200; ++i)
    deep += "Content-Type: message/rfc822\n\n";
  const Summary nested = parse(deep + "end");
  std::uint32_t depth = 1;
  const Part* part = &nested.root;
  for (; !part->children.empty(); part = &part->children[0])
    ++depth;
  CHECK(depth == ParseLimits{}.depth_max);
  CHECK(part->subtype == "octet-stream");
  CHECK(decode(encode(nested)).has_value());

  ParseLimits wide{.depth_max = 1'000'000, .parts_max = 1'000'000};
  CHECK(decode(encode(parse(deep, wide))).has_value());

  std::string many = "Content-Type: multipart/mixed; boundary=a\n\n";
  for (int i = 0; i < 5000; ++i)
    many += "--a\n\nx\n";
  const Summary parts = parse(many);
  CHECK(parts.root.children.size() == 999);
  CHECK(decode(encode(parts)).has_value());
}

TEST_CASE("a boundary of dashes in a body of dashes stays linear") {
  const std::string dashes(2'000'000, '-');
  const Summary summary = parse("Content-Type: multipart/mixed; boundary=\"" +
                                std::string(69, '-') + "x\"\n\n" + dashes);
  CHECK(summary.root.children.empty());
}

TEST_CASE("what counts as an attachment") {
  const auto has = [](std::string_view type, std::string_view rest = "") {
    return parse("Content-Type: multipart/" + std::string(type) +
                 "; boundary=a\n\n--a\n\nx\n--a\n" + std::string(rest) + "\n\ny\n--a--\n")
        .has_attachment;
  };
  CHECK(has("mixed", "Content-Type: application/pdf"));
  CHECK(has("mixed", "Content-Disposition: attachment"));
  CHECK(has("mixed", "Content-Type: message/rfc822"));
  CHECK(has("related", "Content-Type: image/png\nContent-Disposition: attachment"));
  CHECK_FALSE(has("related", "Content-Type: image/png"));
  CHECK_FALSE(has("mixed", "Content-Type: image/png\nContent-Disposition: inline"));
  CHECK_FALSE(has("mixed", "Content-Type: text/html"));
  CHECK_FALSE(has("report", "Content-Type: message/delivery-status"));
  CHECK_FALSE(has("signed", "Content-Type: application/pgp-signature"));
  CHECK(parse("Content-Type: image/png\n\nx").has_attachment);
  CHECK_FALSE(parse("Subject: x\n\ny").has_attachment);
}

TEST_CASE("the stored form refuses what it does not know") {
  const std::string good = encode(parse(kMixed));
  CHECK(good.size() < 700);
  REQUIRE(decode(good).has_value());
  CHECK(encode(*decode(good)) == good);
  CHECK_FALSE(decode("").has_value());
  CHECK_FALSE(decode(good + "x").has_value());
  CHECK_FALSE(decode('\x02' + good.substr(1)).has_value());
  for (std::size_t i = 0; i < good.size(); ++i)
    CHECK_FALSE(decode(good.substr(0, i)).has_value());
}

TEST_CASE("transfer encodings and file names") {
  CHECK(decode_transfer("Zm9v", "BASE64") == "foo");
  CHECK(decode_transfer("a=3D", "quoted-printable") == "a=");
  CHECK(decode_transfer("a=3D", "x-unknown") == "a=3D");
  CHECK(decode_transfer("begin 644 x\n#0V%T\n`\nend\n", "x-uuencode") == "Cat");
  const auto name = [](std::string_view value) {
    return file_name(
        parse("Content-Disposition: attachment; filename=\"" + std::string(value) + "\"\n\nx")
            .root);
  };
  CHECK(name("../../etc/passwd") == "passwd");
  CHECK(name("C:\\dir\\x.txt") == "x.txt");
  CHECK(name("..").empty());
  CHECK(name("=?utf-8?B?5pel?=\r\n =?utf-8?B?5pys?=.txt") == "日本.txt");
  CHECK(file_name(parse("Subject: x\n\n").root).empty());
  Part outside;
  outside.body_end = 10;
  CHECK(content(outside, "short").empty());
}

}  // namespace
}  // namespace fumi::mime
