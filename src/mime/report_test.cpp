#include <doctest/doctest.h>

#include "mime/body.h"
#include "mime/header.h"
#include "mime/report.h"

namespace fumi::mime {
namespace {

Dsn dsn() {
  Dsn out;
  out.from = {"Mail Delivery System", "MAILER-DAEMON", "mx.acme.example"};
  out.to = {"", "hanako", "acme.example"};
  out.message_id = "<dsn@mx.acme.example>";
  out.date = from_micros(1'795'363'323'000'000);
  out.reporting_mta = "mx.acme.example";
  out.envelope_id = "QQ314159";
  out.received_from_mta = "client.acme.example";
  out.arrival = from_micros(1'795'363'000'000'000);
  DsnRecipient failed;
  failed.final_recipient = "taro@b.example";
  failed.original_recipient = "rfc822;taro@alias.example";
  failed.status = "5.1.1";
  failed.remote_mta = "mx.b.example";
  failed.diagnostic_code = "550-5.1.1 no\r\nX-Injected: y\r\n550 5.1.1 such user";
  failed.last_attempt = out.arrival;
  DsnRecipient late;
  late.final_recipient = "late@c.example";
  late.action = DsnAction::delayed;
  late.status = "4.4.1";
  late.will_retry_until = out.date;
  out.recipients = {failed, late};
  out.original = "Subject: hello\r\nMessage-ID: <1@acme.example>\r\n\r\nbody\r\n";
  out.boundary_seed = "0123456789abcdef";
  return out;
}

TEST_CASE("a report in three parts (RFC 3464 §2)") {
  const auto raw = write_dsn(dsn());
  REQUIRE(raw.has_value());
  const Summary summary = parse(*raw);
  CHECK(summary.root.subtype == "report");
  CHECK(*find_parameter(summary.root.parameters, "report-type") == "delivery-status");
  CHECK(summary.references == std::vector<std::string>{"<1@acme.example>"});
  CHECK_FALSE(summary.has_attachment);
  CHECK(find_field(*raw, "auto-submitted") == " auto-replied");
  REQUIRE(summary.root.children.size() == 3);
  const std::string human = text_content(summary.root.children[0], *raw);
  CHECK(human.find("メールアドレスが存在しません") != std::string::npos);
  CHECK(human.find("The address does not exist.") != std::string::npos);
  CHECK(human.find("\nX-Injected") == std::string::npos);
  const Part& machine = summary.root.children[1];
  CHECK(machine.subtype == "delivery-status");
  CHECK(raw_body(machine, *raw) ==
        "Original-Envelope-Id: QQ314159\r\n"
        "Reporting-MTA: dns; mx.acme.example\r\n"
        "Received-From-MTA: dns; client.acme.example\r\n"
        "Arrival-Date: Mon, 23 Nov 2026 00:56:40 +0900\r\n"
        "\r\n"
        "Original-Recipient: rfc822; taro@alias.example\r\n"
        "Final-Recipient: rfc822; taro@b.example\r\n"
        "Action: failed\r\n"
        "Status: 5.1.1\r\n"
        "Remote-MTA: dns; mx.b.example\r\n"
        "Diagnostic-Code: smtp; 550-5.1.1 no X-Injected: y 550 5.1.1 such user\r\n"
        "Last-Attempt-Date: Mon, 23 Nov 2026 00:56:40 +0900\r\n"
        "\r\n"
        "Final-Recipient: rfc822; late@c.example\r\n"
        "Action: delayed\r\n"
        "Status: 4.4.1\r\n"
        "Will-Retry-Until: Mon, 23 Nov 2026 01:02:03 +0900\r\n");
  const Part& third = summary.root.children[2];
  CHECK(third.subtype == "rfc822-headers");
  CHECK(raw_body(third, *raw).find("body") == std::string_view::npos);
}

TEST_CASE("the whole original comes back where it was asked for") {
  Dsn in = dsn();
  in.content = DsnReturn::full;
  const auto raw = write_dsn(in);
  const Summary summary = parse(*raw);
  CHECK(summary.root.children.at(2).envelope->subject == "hello");
  const std::string large = "Subject: x\r\n\r\n" + std::string(kDsnOriginalOctetsMax, 'x');
  in.original = large;
  CHECK(write_dsn(in)->size() < 10'000);
  in.original = {};
  const auto two = write_dsn(in);
  CHECK(parse(*two).root.children.size() == 2);
}

TEST_CASE("addresses that are not ASCII (RFC 6533)") {
  Dsn in = dsn();
  in.recipients[0].final_recipient = "日本@例え.jp";
  in.original = "Subject: 日本\r\n\r\nx\r\n";
  const auto raw = write_dsn(in);
  REQUIRE(raw.has_value());
  const Summary summary = parse(*raw);
  CHECK(summary.root.children.at(1).subtype == "global-delivery-status");
  CHECK(raw_body(summary.root.children[1], *raw).find("Final-Recipient: utf-8; 日本@例え.jp\r\n") !=
        std::string_view::npos);
  CHECK(raw_body(summary.root.children[1], *raw).find("rfc822; late@c.example") !=
        std::string_view::npos);
  CHECK(summary.root.children.at(2).subtype == "global-headers");
}

TEST_CASE("reports that can't be written are refused") {
  const auto refused = [](auto change) {
    Dsn in = dsn();
    change(in);
    const auto raw = write_dsn(in);
    CHECK_FALSE(raw.has_value());
  };
  refused([](Dsn& d) { d.recipients.clear(); });
  refused([](Dsn& d) { d.boundary_seed.clear(); });
  refused([](Dsn& d) { d.reporting_mta.clear(); });
  refused([](Dsn& d) { d.reporting_mta = "a\r\nb"; });
  refused([](Dsn& d) { d.envelope_id = "a\nb"; });
  refused([](Dsn& d) { d.message_id = "a\nb"; });
  refused([](Dsn& d) { d.to = {"", "", "b"}; });
  for (const char* status : {"", "5", "5.1", "3.1.1", "5.1.1.1", "5.a.1", "5.1000.1"}) {
    refused([status](Dsn& d) { d.recipients[0].status = status; });
  }
  refused([](Dsn& d) { d.recipients[0].final_recipient.clear(); });
  refused([](Dsn& d) { d.recipients[0].final_recipient = "a\r\nb"; });
  refused([](Dsn& d) { d.recipients[0].original_recipient = "no type"; });
  refused([](Dsn& d) { d.recipients[0].final_log_id = "a\nb"; });
}

}  // namespace
}  // namespace fumi::mime
