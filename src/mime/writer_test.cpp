#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "codec/utf8.h"
#include "mime/body.h"
#include "mime/header.h"
#include "mime/writer.h"

namespace fumi::mime {
namespace {

std::string field(std::string_view value, TextCharset charset = TextCharset::utf8) {
  HeaderWriter writer(charset);
  REQUIRE(writer.unstructured("Subject", value).has_value());
  return writer.take();
}

void check_lines(std::string_view text) {
  while (!text.empty()) {
    const std::size_t at = text.find("\r\n");
    REQUIRE(at != std::string_view::npos);
    CHECK(at <= 78);
    CHECK(text.substr(0, at).find_first_of("\r\n") == std::string_view::npos);
    text.remove_prefix(at + 2);
  }
}

Draft draft() {
  Draft out;
  out.from = {{"山田 花子", "hanako", "acme.example"}};
  out.to = {{"Taro, \"T\"", "taro", "b.example"}, {"", "a..b.", "docomo.ne.jp"}};
  out.subject = "お知らせ";
  out.date = from_micros(1'795'363'323'000'000);
  out.message_id = "<1@acme.example>";
  out.text = "本文です。\nsecond line\n";
  out.boundary_seed = "0123456789abcdef";
  return out;
}

TEST_CASE("unstructured fields are folded and encoded") {
  CHECK(field("plain text") == "Subject: plain text\r\n");
  CHECK(field("") == "Subject: \r\n");
  CHECK(field("日本") == "Subject: =?UTF-8?B?5pel5pys?=\r\n");
  CHECK(field("Re: 日本 x") == "Subject: Re: =?UTF-8?B?5pel5pys?= x\r\n");
  CHECK(field("un caf\xc3\xa9-au-lait ici") == "Subject: un =?UTF-8?Q?caf=C3=A9-au-lait?= ici\r\n");
  CHECK(field("日本", TextCharset::iso_2022_jp) ==
        "Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\n");
  CHECK(field("\xf0\x9f\x98\x80", TextCharset::iso_2022_jp) == "Subject: =?UTF-8?B?8J+YgA==?=\r\n");
  for (const char* text : {"=?utf-8?B?5pel?=", "a=?b", "tab\tinside 日 x\ty", "日  本", "a  日"}) {
    CAPTURE(text);
    CHECK(decode_unstructured(field(text).substr(8)) == text);
  }
  const std::string words =
      field(std::string(30, 'x') + ' ' + std::string(30, 'y') + ' ' + std::string(30, 'z'));
  check_lines(words);
  CHECK(words.find("\r\n z") != std::string::npos);
}

TEST_CASE("property: encoded text comes back, in lines that fit") {
  CHECK(rc::check("unstructured", [] {
    std::string text;
    const auto picks = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 300));
    for (const int pick : picks)
      codec::append_utf8(text, pick < 95 ? char32_t(' ' + pick) : char32_t(0x3000 + pick));
    while (text.starts_with(' '))
      text.erase(0, 1);
    while (text.ends_with(' '))
      text.pop_back();
    for (const TextCharset charset : {TextCharset::utf8, TextCharset::iso_2022_jp}) {
      HeaderWriter writer(charset);
      RC_ASSERT(writer.unstructured("Subject", text).has_value());
      const std::string written = writer.take();
      RC_ASSERT(decode_unstructured(written.substr(8)) == text);
      RC_ASSERT(codec::is_ascii(written));
    }
  }));
  check_lines(field(std::string(3000, 'x') + "日"));
  std::string japanese;
  for (int i = 0; i < 300; ++i)
    japanese += i % 7 == 0 ? "a" : "漢";
  for (const TextCharset charset : {TextCharset::utf8, TextCharset::iso_2022_jp}) {
    const std::string written = field(japanese, charset);
    check_lines(written);
    CHECK(decode_unstructured(written.substr(8)) == japanese);
  }
}

TEST_CASE("injection is refused with the field's name") {
  HeaderWriter writer;
  for (const std::string_view bad :
       {std::string_view("a\r\nBcc: x@y"), std::string_view("a\nb"), std::string_view("a\rb"),
        std::string_view("a\0b", 3), std::string_view("\xff")}) {
    for (const Status& status :
         {writer.unstructured("Subject", bad), writer.structured("Subject", bad),
          writer.mailboxes("Subject", std::vector<Mailbox>{{std::string(bad), "a", "b"}}),
          writer.mailboxes("Subject", std::vector<Mailbox>{{"", std::string(bad), "b"}}),
          writer.mailboxes("Subject", std::vector<Mailbox>{{"", "a", std::string(bad)}}),
          writer.parameterized("Subject", "a/b",
                               std::vector<Parameter>{{"x", std::string(bad)}})}) {
      REQUIRE_FALSE(status.has_value());
      CHECK(status.error().code == Code::invalid);
      CHECK(status.error().doing.find("Subject") != std::string::npos);
    }
  }
  for (const char* name : {"", "a b", "a:", "a\r\nb", "日"})
    CHECK_FALSE(writer.structured(name, "x").has_value());
  CHECK_FALSE(writer.mailboxes("To", std::vector<Mailbox>{{"", "a", "b>, <c@d"}}).has_value());
  CHECK(writer.structured("X", std::string(901, 'x')).error().code == Code::too_large);
  CHECK(writer.take().empty());
}

TEST_CASE("a plain text message") {
  const auto raw = write_message(draft());
  REQUIRE(raw.has_value());
  check_lines(*raw);
  const Summary summary = parse(*raw);
  CHECK(decode_unstructured(summary.envelope.subject) == "お知らせ");
  CHECK(decode_unstructured(summary.envelope.from.at(0).name) == "山田 花子");
  CHECK(summary.envelope.to.at(0).name == "Taro, \"T\"");
  CHECK(summary.envelope.to.at(1).local == "a..b.");
  CHECK(summary.envelope.date == "Mon, 23 Nov 2026 01:02:03 +0900");
  CHECK(text_content(summary.root, *raw) == "本文です。\r\nsecond line\r\n");
  CHECK_FALSE(summary.has_attachment);
}

TEST_CASE("ISO-2022-JP where it can hold the text, UTF-8 where not") {
  Draft in = draft();
  in.charset = TextCharset::iso_2022_jp;
  in.text = "髙島屋①〜ｶﾞ\n";
  const auto raw = write_message(in);
  REQUIRE(raw.has_value());
  CHECK(codec::is_ascii(*raw));
  CHECK(raw->find("charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit") != std::string::npos);
  CHECK(raw->find("Subject: =?ISO-2022-JP?B?") != std::string::npos);
  CHECK(text_content(parse(*raw).root, *raw) == "髙島屋①～ガ\r\n");
  in.text = "\xf0\x9f\x98\x80\n";
  const auto emoji = write_message(in);
  CHECK(emoji->find("charset=UTF-8") != std::string::npos);
  CHECK(text_content(parse(*emoji).root, *emoji) == "\xf0\x9f\x98\x80\r\n");
  in.text = std::string(2000, 'x');
  const auto wide = write_message(in);
  CHECK(text_content(parse(*wide).root, *wide) == std::string(2000, 'x') + "\r\n");
  check_lines(*wide);
}

TEST_CASE("alternative, related and mixed nest in this order") {
  Draft in = draft();
  in.html = "<p>日本</p>";
  in.attachments.push_back({.file_name = "見積書 (最終版) とても長いファイル名のサンプルです.pdf",
                            .type = "application/pdf",
                            .bytes = std::string("\0\x01%PDF", 6)});
  in.attachments.push_back({.file_name = "a.png",
                            .type = "image/png",
                            .bytes = "png",
                            .placement = Placement::inline_,
                            .content_id = "img@x"});
  in.attachments.push_back(
      {.file_name = "f.eml", .type = "message/rfc822", .bytes = "Subject: x\n\ny\n"});
  const auto raw = write_message(in);
  REQUIRE(raw.has_value());
  check_lines(*raw);
  const Summary summary = parse(*raw);
  REQUIRE(summary.root.children.size() == 3);
  CHECK(summary.root.subtype == "mixed");
  CHECK(summary.root.children[0].subtype == "related");
  CHECK(summary.root.children[0].children.at(0).subtype == "alternative");
  CHECK(text_content(*find_part(summary.root, {1, 1, 2}), *raw) == "<p>日本</p>\r\n");
  CHECK(find_part(summary.root, {1, 2})->id == "<img@x>");
  const Part& pdf = summary.root.children[1];
  CHECK(file_name(pdf) == in.attachments[0].file_name);
  CHECK(content(pdf, *raw) == in.attachments[0].bytes);
  CHECK(decode_parameter(*find_parameter(pdf.parameters, "name")) == in.attachments[0].file_name);
  CHECK(summary.root.children[2].envelope->subject == "x");
  CHECK(summary.has_attachment);
}

TEST_CASE("drafts that can't be written are refused") {
  const auto refused = [](auto change) {
    Draft in = draft();
    change(in);
    const auto raw = write_message(in);
    REQUIRE_FALSE(raw.has_value());
    return raw.error().doing;
  };
  CHECK(refused([](Draft& d) { d.from.clear(); }).ends_with("From"));
  CHECK(refused([](Draft& d) { d.subject = "a\r\nb"; }).ends_with("Subject"));
  CHECK(refused([](Draft& d) { d.cc = {{"", "a b\n", "c"}}; }).ends_with("Cc"));
  CHECK(refused([](Draft& d) { d.message_id = "no id"; }).ends_with("Message-ID"));
  CHECK(refused([](Draft& d) { d.references = {"<a@b> <c@d>"}; }).ends_with("References"));
  CHECK(refused([](Draft& d) { d.extra = {{"Bcc", "x@y"}}; }).ends_with("Bcc"));
  CHECK(refused([](Draft& d) { d.extra = {{"Content-Type", "x"}}; }).ends_with("Content-Type"));
  CHECK(refused([](Draft& d) { d.extra = {{"X-A", "x\ny"}}; }).ends_with("X-A"));
  refused([](Draft& d) { d.text = "\xff"; });
  refused([](Draft& d) {
    d.html = "x";
    d.boundary_seed = "short";
  });
  for (const char* type : {"", "text", "multipart/mixed", "a/b; x=y", "a/b/c", "a/b\r\nX: y"}) {
    refused([type](Draft& d) { d.attachments = {{.file_name = "x", .type = type, .bytes = {}}}; });
  }
  refused([](Draft& d) { d.attachments = {{.file_name = "a\nb", .bytes = {}}}; });
  refused(
      [](Draft& d) { d.attachments = {{.file_name = "a", .bytes = {}, .content_id = "a> <b"}}; });
  refused([](Draft& d) { d.attachments.resize(kAttachmentsMax + 1); });
}

TEST_CASE("fields are put in front of bytes that stay as they are") {
  const std::vector<RawField> fields{{"Received", "from a by b; Mon, 23 Nov 2026 01:02:03 +0900"},
                                     {"Return-Path", "<>"}};
  CHECK(
      prepend_fields(fields, "X: y\n\n\xff") ==
      "Received: from a by b; Mon, 23 Nov 2026 01:02:03 +0900\r\nReturn-Path: <>\r\nX: y\n\n\xff");
  const std::vector<RawField> bad{{"Received", "a\r\nb"}};
  CHECK_FALSE(prepend_fields(bad, "x").has_value());
}

TEST_CASE("line ends") { CHECK(to_crlf("a\nb\r\nc\rd\r\r\n") == "a\r\nb\r\nc\r\nd\r\n\r\n"); }

}  // namespace
}  // namespace fumi::mime
