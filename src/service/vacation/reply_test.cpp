// Who is answered, and with what: tables of headers.
#include "service/vacation/reply.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "codec/date.h"
#include "mime/body.h"
#include "mime/header.h"

namespace fumi::service {
namespace {

const Instant kNow = from_micros(1'795'392'123'000'000);  // 2026-11-23T00:02:03Z

Absence away() {
  Absence absence;
  absence.state = Absence::State::on;
  return absence;
}

std::vector<EmailAddress> own() {
  return {EmailAddress::parse("hanako@acme.example").value(),
          EmailAddress::parse("sales@acme.example").value()};
}

std::string header(const std::string& more, const std::string& path = "taro@else.example",
                   const std::string& to = "Hanako <hanako@acme.example>") {
  return "Return-Path: <" + path + ">\r\nFrom: taro@else.example\r\nTo: " + to + "\r\n" + more +
         "Subject: hi\r\n\r\nbody\r\nList-Id: in the body\r\n";
}

Decision of(const std::string& bytes, const Absence& absence = away()) {
  return decide({bytes, kNow}, absence, own()).decision;
}

TEST_CASE("RFC 5230 §4.5, §4.6, RFC 3834 §2: people are answered, machines and lists are not") {
  struct Row {
    const char* more;
    Decision decision;
  };
  const Row rows[] = {
      {"", Decision::reply},
      {"Auto-Submitted: no\r\n", Decision::reply},
      {"Auto-Submitted: No ; x=y\r\n", Decision::reply},
      {"Auto-Submitted: auto-replied\r\n", Decision::automatic},
      {"Auto-Submitted: auto-generated; owner=x\r\n", Decision::automatic},
      {"auto-submitted:\r\n auto-notified\r\n", Decision::automatic},
      {"Auto-Submitted:\r\n", Decision::automatic},
      {"X-Auto-Response-Suppress: DR, OOF\r\n", Decision::automatic},
      {"X-Auto-Response-Suppress: DR\r\n", Decision::reply},
      {"Content-Type: multipart/report; report-type=x\r\n", Decision::automatic},
      {"Precedence: bulk\r\n", Decision::list},
      {"Precedence: LIST\r\n", Decision::list},
      {"Precedence: junk\r\n", Decision::list},
      {"Precedence: first-class\r\n", Decision::reply},
      {"List-Id: <l.example>\r\n", Decision::list},
      {"List-Unsubscribe: <mailto:x@y>\r\n", Decision::list},
      {"List-Archive: x\r\n", Decision::list},
      {"Return-Path: <>\r\n", Decision::reply},  // not the first: not ours
  };
  for (const Row& row : rows) {
    CAPTURE(row.more);
    CHECK(of(header(row.more)) == row.decision);
  }
}

TEST_CASE("senders that are answered by nobody") {
  for (const char* path : {"", "not an address", "<>"}) {
    CAPTURE(path);
    CHECK(of(header("", path)) == Decision::null_sender);
  }
  CHECK(of("From: x@y.example\r\nTo: hanako@acme.example\r\n\r\n") == Decision::null_sender);
  for (const char* path :
       {"hanako@acme.example", "HANAKO+tag@ACME.example", "sales@acme.example"}) {
    CAPTURE(path);
    CHECK(of(header("", path)) == Decision::own_sender);
  }
  for (const char* path : {"MAILER-DAEMON@x.example", "owner-l@x.example", "l-request@x.example",
                           "LISTSERV@x.example", "majordomo@x.example", "no-reply@x.example",
                           "NoReply@x.example", "bounce-123@x.example", "bounces+1=a@x.example"}) {
    CAPTURE(path);
    CHECK(of(header("", path)) == Decision::robot_sender);
  }
  CHECK(of(header("", "owner@x.example")) == Decision::reply);
}

TEST_CASE("RFC 5230 §4.5: an address of ours must be named among the recipients") {
  CHECK(of(header("", "a@b.example", "other@acme.example")) == Decision::not_addressed);
  CHECK(of(header("", "a@b.example", "undisclosed-recipients:;")) == Decision::not_addressed);
  const std::string cc = header("Cc: x@y.example,\r\n \"Sales, all\" <Sales+q3@ACME.example>\r\n",
                                "a@b.example", "other@acme.example");
  const Judgement judgement = decide({cc, kNow}, away(), own());
  CHECK(judgement.decision == Decision::reply);
  CHECK(judgement.own.text() == "sales@acme.example");
  CHECK(judgement.sender.text() == "a@b.example");
  CHECK(of(header("Resent-To: hanako@acme.example\r\n", "a@b.example", "x@y.example")) ==
        Decision::reply);
  CHECK(of(header("Reply-To: hanako@acme.example\r\n", "a@b.example", "x@y.example")) ==
        Decision::not_addressed);
}

TEST_CASE("RFC 8621 §8: an absence has a beginning and an end") {
  Absence absence = away();
  absence.state = Absence::State::off;
  CHECK(of(header(""), absence) == Decision::not_away);
  absence = away();
  absence.from = kNow;
  CHECK(of(header(""), absence) == Decision::reply);
  absence.from = kNow + Duration(1);
  CHECK(of(header(""), absence) == Decision::not_away);
  absence.from.reset();
  absence.to = kNow;
  CHECK(of(header(""), absence) == Decision::not_away);
  absence.to = kNow + Duration(1);
  CHECK(of(header(""), absence) == Decision::reply);
}

TEST_CASE("the stored document is read, and what is none is corrupt") {
  const auto good = read_absence(
      R"({"isEnabled":true,"fromDate":"2026-11-23T00:02:03Z","toDate":null,"subject":"不在",
          "textBody":"t","htmlBody":null})");
  REQUIRE(good.has_value());
  CHECK(good->from == kNow);
  CHECK_FALSE(good->to);
  CHECK(good->subject == "不在");
  CHECK_FALSE(good->html);
  for (const char* bad :
       {"", "[]", "{", R"({"fromDate":"yesterday"})", R"({"toDate":5})",
        R"({"toDate":"2026-13-01T00:00:00Z"})", R"({"toDate":"2026-1a-01T00:00:00Z"})"}) {
    CAPTURE(bad);
    const auto read = read_absence(bad);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::corrupt);
  }
  CHECK(read_absence("{}")->state == Absence::State::off);
}

ReplyFacts facts() {
  return {EmailAddress::parse("hanako@acme.example").value(),
          "山田 花子",
          EmailAddress::parse("taro@else.example").value(),
          kNow,
          "<reply@mail.example>",
          std::string(16, 's')};
}

mime::Summary original(const std::string& subject, const std::string& more = "") {
  return mime::parse("From: taro@else.example\r\nMessage-ID: <one@else.example>\r\nSubject: " +
                     subject + "\r\n" + more + "\r\nbody\r\n");
}

TEST_CASE("RFC 3834 §3.1: what a reply says of itself") {
  Absence absence = away();
  absence.text = "出張中です。\n";
  absence.html = "<p>出張中です。</p>";
  const auto reply =
      write_reply(original("=?UTF-8?B?44GU55u46KuH?=", "References: <zero@else.example>\r\n"),
                  absence, facts());
  REQUIRE(reply.has_value());
  const mime::Summary summary = mime::parse(*reply);
  CHECK(mime::decode_unstructured(summary.envelope.subject) == "Auto: ご相談");
  CHECK(summary.envelope.in_reply_to == "<one@else.example>");
  CHECK(summary.references ==
        std::vector<std::string>{"<zero@else.example>", "<one@else.example>"});
  CHECK(mime::find_field(*reply, "Auto-Submitted") == " auto-replied");
  CHECK(summary.envelope.from.front().local == "hanako");
  CHECK(mime::decode_unstructured(summary.envelope.from.front().name) == "山田 花子");
  REQUIRE(summary.root.children.size() == 2);
  CHECK(mime::text_content(summary.root.children[0], *reply) == "出張中です。\r\n");
  CHECK(decide({"Return-Path: <hanako@acme.example>\r\n" + *reply, kNow}, away(),
               {EmailAddress::parse("taro@else.example").value()})
            .decision == Decision::automatic);
}

TEST_CASE(
    "an absence without words has some; its own subject stands; nobody's subject adds fields") {
  const auto plain = write_reply(original(""), away(), facts());
  REQUIRE(plain.has_value());
  const std::string text = mime::text_content(mime::parse(*plain).root, *plain);
  CHECK(text.find("不在") != std::string::npos);
  CHECK(text.find("away") != std::string::npos);
  Absence absence = away();
  absence.subject = "出張中\r\nBcc: x@y.example";
  const auto own_words = write_reply(original("x"), absence, facts());
  REQUIRE(own_words.has_value());
  CHECK_FALSE(mime::find_field(*own_words, "Bcc"));
  const std::string longest = std::string(5'000, 'x') + "\xe6\x97\xa5";
  CHECK(write_reply(original(longest), away(), facts()).has_value());
  // Ids that are none are left out.
  mime::Summary odd = original("x");
  odd.envelope.message_id = "<a b@c>";
  odd.references = std::vector<std::string>(100, "<r@x.example>");
  const auto odd_reply = write_reply(odd, away(), facts());
  REQUIRE(odd_reply.has_value());
  CHECK_FALSE(mime::find_field(*odd_reply, "In-Reply-To"));
  CHECK(mime::parse(*odd_reply).references.size() <= 20);
}

TEST_CASE("property: any header is judged, and a reply to it can be written") {
  rc::check([] {
    const auto noise = *rc::gen::container<std::string>(rc::gen::element(
        'a', ':', '<', '>', '@', ',', '\r', '\n', ' ', '"', '(', ';', '\0', '\xe3'));
    const std::string bytes = header(noise + "\r\n");
    const Judgement judgement = decide({bytes, kNow}, away(), own());
    if (judgement.decision == Decision::reply)
      RC_ASSERT(write_reply(mime::parse(bytes), away(), facts()).has_value());
  });
}

}  // namespace
}  // namespace fumi::service
