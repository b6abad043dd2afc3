#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/smtp/parameters.h"
#include "proto/smtp/reply.h"

namespace fumi::smtp {
namespace {

std::string written(const Reply& reply) {
  std::string out;
  append_reply(out, reply.code, reply.enhanced, reply.text);
  return out;
}

TEST_CASE(
    "replies are written in lines of at most 512 octets, and safely (RFC 5321 §4.2, §4.5.3.1.5)") {
  CHECK(written({250, {2, 0, 0}, "Ok"}) == "250 2.0.0 Ok\r\n");
  CHECK(written({220, {}, "mx ESMTP"}) == "220 mx ESMTP\r\n");
  CHECK(written({550, {5, 1, 1}, "One\nTwo"}) == "550-5.1.1 One\r\n550 5.1.1 Two\r\n");
  CHECK(written({550, {5, 1, 1}, "One\n"}) == "550 5.1.1 One\r\n");
  CHECK(written({250, {2, 0, 0}, ""}) == "250 2.0.0 \r\n");
  CHECK(written({250, {2, 0, 0}, "a\rb\xe3"}) == "250 2.0.0 a?b?\r\n");
  const std::string longest = written({250, {2, 0, 0}, std::string(1000, 'x')});
  CHECK(longest.find("\r\n") == 510);
  CHECK(longest.starts_with("250-2.0.0 x"));
  CHECK(to_text(Reply{550, {5, 1, 1}, "a\nb"}) == "550 5.1.1 a b");
}

// What the parser makes of `lines`, separated by "|".
std::optional<Reply> parsed(std::string_view lines) {
  ReplyParser parser;
  for (;;) {
    const std::size_t bar = lines.find('|');
    const auto progress = parser.line(lines.substr(0, bar));
    if (progress == ReplyParser::Progress::broken) return std::nullopt;
    if (progress == ReplyParser::Progress::done) return parser.reply();
    REQUIRE(bar != lines.npos);
    lines.remove_prefix(bar + 1);
  }
}

TEST_CASE("replies are read with their enhanced codes (RFC 2034 §4, RFC 5321 §4.2.1)") {
  CHECK(parsed("250 2.1.0 Ok") == Reply{250, {2, 1, 0}, "Ok"});
  CHECK(parsed("250") == Reply{250, {}, ""});
  CHECK(parsed("250-2.0.0 a|250 2.0.0 b") == Reply{250, {2, 0, 0}, "a\nb"});
  CHECK(parsed("550 4.1.1 other class") == Reply{550, {}, "4.1.1 other class"});
  CHECK(parsed("550 5.7.1") == Reply{550, {5, 7, 1}, ""});
  CHECK(parsed("550 5.7.1x") == Reply{550, {}, "5.7.1x"});
  CHECK(parsed("550 5.1234.1 x") == Reply{550, {}, "5.1234.1 x"});
  CHECK(parsed("250-a|550 b") == Reply{550, {}, "a\nb"});
  for (const char* bad : {"", "25", "abc", "2x0 a", "150 a", "650 a", "250_a", "HTTP/1.1 400"})
    CHECK_FALSE(parsed(bad).has_value());
}

TEST_CASE("replies are limited in lines and octets") {
  ReplyParser lines;
  for (std::size_t i = 0; i < ReplyParser::kLinesMax; ++i)
    CHECK(lines.line("250-x") == ReplyParser::Progress::more);
  CHECK(lines.line("250-x") == ReplyParser::Progress::broken);
  ReplyParser octets;
  const std::string wide = "250-" + std::string(4000, 'x');
  int taken = 0;
  while (octets.line(wide) == ReplyParser::Progress::more)
    ++taken;
  CHECK(taken == 16);
}

TEST_CASE("property: what is written is read") {
  CHECK(rc::check([] {
    Reply reply{*rc::gen::element(250, 354, 451, 550), {}, ""};
    if (reply.code != 354) reply.enhanced = {std::uint16_t(reply.code / 100), 7, 30};
    for (const char c : *rc::gen::arbitrary<std::string>())
      reply.text += c >= 'A' && c <= 'z' ? c : '\n';
    if (reply.text.ends_with('\n')) reply.text += "end";
    ReplyParser parser;
    std::string wire = written(reply);
    auto progress = ReplyParser::Progress::more;
    while (!wire.empty()) {
      progress = parser.line(wire.substr(0, wire.find("\r\n")));
      wire.erase(0, wire.find("\r\n") + 2);
    }
    RC_ASSERT(progress == ReplyParser::Progress::done);
    RC_ASSERT(parser.reply() == reply);
  }));
}

TEST_CASE("property: parameters are written as they are read") {
  const Extensions all{0xffff};
  CHECK(rc::check([&] {
    MailParameters mail;
    if (*rc::gen::arbitrary<bool>()) mail.size = *rc::gen::arbitrary<std::uint64_t>();
    mail.body = *rc::gen::element(Body::seven_bit, Body::eight_bit_mime, Body::binary_mime);
    mail.smtputf8 = *rc::gen::arbitrary<bool>();
    mail.requiretls = *rc::gen::arbitrary<bool>();
    mail.ret = *rc::gen::element(Return::unset, Return::full, Return::headers);
    mail.envid = *rc::gen::element<std::string>("", "a+b=c", "x y");
    if (*rc::gen::arbitrary<bool>())
      mail.auth = *rc::gen::element<std::string>("", "a=b@c.example");
    std::string text;
    append(text, mail, all);
    RC_ASSERT((mail_parameters(text, all) == mail));
    RcptParameters rcpt;
    rcpt.notify.never = *rc::gen::arbitrary<bool>();
    if (!rcpt.notify.never)
      rcpt.notify = {false, *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                     *rc::gen::arbitrary<bool>()};
    if (*rc::gen::arbitrary<bool>()) rcpt.orcpt_type = "rfc822", rcpt.orcpt = "a+b@c";
    text.clear();
    append(text, rcpt, all);
    RC_ASSERT((rcpt_parameters(text, all) == rcpt));
  }));
}

TEST_CASE("parameters that were not offered are unknown") {
  for (const char* each :
       {"SIZE=1", "BODY=8BITMIME", "SMTPUTF8", "REQUIRETLS", "RET=FULL", "ENVID=a", "AUTH=<>"}) {
    CHECK(mail_parameters(each, {}).error().code == 555);
    CHECK(mail_parameters(each, Extensions{0xffff}).has_value());
  }
  CHECK(rcpt_parameters("NOTIFY=NEVER", {}).error().code == 555);
  Extensions no_binary{0xffff};
  no_binary.remove(Extension::binarymime);
  CHECK(mail_parameters("BODY=BINARYMIME", no_binary).error().code == 555);
}

}  // namespace
}  // namespace fumi::smtp
