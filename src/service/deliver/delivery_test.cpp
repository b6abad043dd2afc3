#include "service/deliver/delivery.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "mime/structure.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::FakeOutbound;
using testing::mail;
using testing::ServiceOptions;
using testing::ServiceWorld;
using Tls = FakeOutbound::Tls;

const std::string kMail = mail("hanako@acme.example");

OutboundReply say(int code, const std::string& text) {
  return {code, std::to_string(code) + " " + text};
}

struct Fixture {
  explicit Fixture(ServiceOptions options = {}) : w(std::move(options)) {
    acme = w.tenant("acme.example");
    hanako = w.account(acme, "hanako@acme.example");
    w.dns.mx("remote.example", 10, "mx.remote.example");
    w.dns.address("mx.remote.example", "192.0.2.25");
    w->outbound.host("192.0.2.25");
  }
  QueueId send(const std::vector<std::string>& to, DsnNotify notify = {}) {
    const auto id = w.accept(ServiceWorld::from(acme, hanako, "hanako@acme.example"),
                             "hanako@acme.example", to, kMail, notify);
    REQUIRE(id.has_value());
    w->runtime.settle();
    return *id;
  }
  FakeOutbound& out() { return w->outbound; }
  std::vector<std::string> answers(RecordKind kind) {
    std::vector<std::string> found;
    for (const Record& record : w.records(acme, {kind}))
      found.push_back(record.to + " " + record.answer);
    return found;
  }
  std::size_t count(RecordKind kind) { return w.records(acme, {kind}).size(); }
  std::vector<std::string> inbox() { return w.messages(acme, hanako); }

  ServiceWorld w;
  TenantScope acme;
  AccountId hanako;
};

TEST_CASE("an accepted message is taken to the MX at once, and leaves the spool with its record") {
  Fixture f;
  f.w->start();
  const QueueId id = f.send({"x@remote.example", "y@remote.example"});
  REQUIRE(f.out().sent.size() == 1);
  CHECK(f.out().sent[0].recipients ==
        std::vector<std::string>{"x@remote.example", "y@remote.example"});
  CHECK(f.out().sent[0].body.ends_with(kMail));
  CHECK(f.w.queue_depth() == 0);
  const auto delivered = f.w.records(f.acme, {RecordKind::delivered});
  REQUIRE(delivered.size() == 2);
  CHECK(delivered[0].message == id);
  CHECK(delivered[0].answer == "250 2.0.0 Ok");
  CHECK(delivered[0].host == "mx.remote.example [192.0.2.25]:25");
  CHECK(f.w->spool.messages() == 0);
}

TEST_CASE("what is accepted before the spool has started waits for it, and goes once") {
  Fixture f;
  f.send({"x@remote.example"});
  CHECK(f.out().sent.empty());
  f.w->start();
  CHECK(f.out().delivered() == std::vector<std::string>{"x@remote.example"});
  CHECK(f.w.queue_depth() == 0);
}

TEST_CASE("temporary failures are tried again by the schedule; the answer is kept") {
  Fixture f;
  f.w->start();
  bool up = false;
  f.out().host("192.0.2.25").answer = [&](const QueueRecipient&) {
    return up ? say(250, "Ok") : say(450, "4.2.0 busy");
  };
  f.send({"x@remote.example"});
  CHECK(f.out().sent.size() == 1);
  f.w->runtime.advance(seconds(50));
  CHECK(f.out().sent.size() == 1);
  f.w->runtime.advance(seconds(20));  // 1 m ± 10 %
  CHECK(f.out().sent.size() == 2);
  f.w->runtime.advance(minutes(6));  // 5 m
  CHECK(f.out().sent.size() == 3);
  const auto waiting = f.w.queue(f.acme);
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].recipients[0].attempts == 3);
  CHECK(waiting[0].recipients[0].last_answer == "450 4.2.0 busy");
  up = true;
  f.w->runtime.advance(minutes(20));
  CHECK(f.out().delivered().size() == 1);
  CHECK(f.count(RecordKind::deferred) == 3);
  CHECK(f.count(RecordKind::delivered) == 1);
  CHECK(f.inbox().empty());
}

TEST_CASE("a refusal bounces to the sender: a report that says who, why and where") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").answer = [](const QueueRecipient& recipient) {
    return recipient.address.local == "bad" ? say(550, "5.1.1 no such user") : say(250, "Ok");
  };
  f.send({"good@remote.example", "bad@remote.example"});
  CHECK(f.out().delivered() == std::vector<std::string>{"good@remote.example"});
  CHECK(f.w.queue_depth() == 0);
  REQUIRE(f.inbox().size() == 1);
  const std::string report = f.inbox()[0];
  const mime::Summary parsed = mime::parse(report);
  CHECK(parsed.root.type == "multipart");
  CHECK(parsed.root.subtype == "report");
  REQUIRE(parsed.root.children.size() == 3);
  CHECK(report.starts_with("Return-Path: <>\r\n"));
  CHECK(report.contains("Final-Recipient: rfc822; bad@remote.example\r\n"));
  CHECK(report.contains("Action: failed\r\n"));
  CHECK(report.contains("Status: 5.1.1\r\n"));
  CHECK(report.contains("Remote-MTA: dns; mx.remote.example\r\n"));
  CHECK(report.contains("550 5.1.1 no such user"));
  CHECK(report.contains("Message-ID: <Hello@test.example>"));
  CHECK_FALSE(report.contains("good@remote.example"));
  CHECK(f.answers(RecordKind::bounced) ==
        std::vector<std::string>{"bad@remote.example 550 5.1.1 no such user"});
}

TEST_CASE("after its lifetime a message bounces; the sender is told of the delay once before") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").answer = [](const QueueRecipient&) { return say(451, "4.3.0 no"); };
  f.w.dns.mx("second.example", 10, "mx.second.example");
  f.w.dns.address("mx.second.example", "192.0.2.26");
  f.out().host("192.0.2.26").answer = [](const QueueRecipient&) { return say(451, "4.3.0 no"); };
  f.send({"x@remote.example", "y@second.example"});
  f.w->runtime.advance(hours(3));
  CHECK(f.inbox().empty());
  f.w->runtime.advance(hours(6));
  REQUIRE(f.inbox().size() == 1);
  CHECK(f.inbox()[0].contains("Action: delayed\r\n"));
  CHECK(f.inbox()[0].contains("Will-Retry-Until: "));
  f.w->runtime.advance(hours(24 * 5 - 10));
  CHECK(f.inbox().size() == 1);
  CHECK(f.w.queue_depth() == 2);
  f.w->runtime.advance(hours(2));  // the last try is at the end of the lifetime, not hours later
  CHECK(f.w.queue_depth() == 0);
  const auto inbox = f.inbox();
  CHECK(inbox.size() == 3);  // each site's failure is a report
  CHECK(inbox[1].contains("Action: failed\r\n"));
  CHECK(f.count(RecordKind::bounced) == 2);
}

TEST_CASE("NOTIFY: never, failure and delay, and success by what the next host promises") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").answer = [](const QueueRecipient& r) {
    return r.address.local == "bad" ? say(550, "5.0.0 no") : say(250, "Ok");
  };
  f.send({"bad@remote.example"}, DsnNotify{DsnNotify::never});
  f.send({"bad@remote.example"}, DsnNotify{DsnNotify::delay});
  CHECK(f.inbox().empty());
  f.send({"x@remote.example"}, DsnNotify{DsnNotify::success});
  REQUIRE(f.inbox().size() == 1);
  CHECK(f.inbox()[0].contains("Action: relayed\r\n"));
  f.out().host("192.0.2.25").takes_dsn = true;  // RFC 3461 §5.2.2: then it is the next host's duty
  f.send({"x@remote.example"}, DsnNotify{DsnNotify::success});
  CHECK(f.inbox().size() == 1);
}

TEST_CASE("a bounce that can't be delivered never bounces") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").answer = [](const QueueRecipient&) { return say(550, "5.0.0 no"); };
  // From outside, to a mailbox that is full, over its whole lifetime: the notice goes back outside.
  f.w.account(f.acme, "full@acme.example", 1);
  REQUIRE(f.w.accept(ServiceWorld::mx(), "x@remote.example",
                     {"hanako@acme.example", "full@acme.example"}, kMail)
              .has_value());
  f.w->runtime.advance(hours(24 * 5 + 2));
  CHECK(f.w.queue_depth() == 0);
  std::set<std::string> bounced;
  for (const Record& record : f.w.records(f.acme, {RecordKind::bounced}))
    bounced.insert(record.from + ">" + record.to);
  CHECK(bounced ==
        std::set<std::string>{"x@remote.example>full@acme.example", ">x@remote.example"});
}

TEST_CASE("an over-quota recipient is delivered here when there is room, atomically, and once") {
  Fixture f;
  f.w->start();
  const AccountId full = f.w.account(f.acme, "full@acme.example", 1);
  REQUIRE(f.w.accept(ServiceWorld::mx(), "a@b.example",
                     {"hanako@acme.example", "full@acme.example"}, kMail,
                     DsnNotify{DsnNotify::success})
              .has_value());
  f.w->runtime.settle();
  REQUIRE(f.answers(RecordKind::deferred).size() == 1);
  CHECK(f.answers(RecordKind::deferred)[0].contains("452 4.2.2"));
  AccountChange room;
  room.quota_octets = 0;
  REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "full@acme.example", room)).has_value());
  f.w->runtime.advance(minutes(2));
  const auto got = f.w.messages(f.acme, full);
  REQUIRE(got.size() == 1);
  CHECK(got[0].starts_with("Return-Path: <a@b.example>\r\nReceived: "));
  CHECK(got[0].ends_with(kMail));
  CHECK(f.inbox().size() == 1);
  // Two "delivered" notices to a@b.example are what is left.
  for (const QueueMessage& message : f.w.queue(f.acme))
    CHECK(message.reverse_path.is_null());
}

TEST_CASE(
    "delivery under faults at every operation: each recipient is delivered, none twice here") {
  std::size_t at = 1;
  for (bool clean = false; !clean; ++at) {
    REQUIRE(at < 80);
    CAPTURE(at);
    Fixture f;
    const AccountId full = f.w.account(f.acme, "full@acme.example", 1);
    REQUIRE(f.w.accept(ServiceWorld::from(f.acme, f.hanako, "hanako@acme.example"),
                       "hanako@acme.example",
                       {"x@remote.example", "hanako@acme.example", "full@acme.example"}, kMail)
                .has_value());
    AccountChange room;
    room.quota_octets = 0;
    REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "full@acme.example", room)).has_value());
    REQUIRE(f.w.call(f.w->spool.start(f.w->delivery)).has_value());
    f.w.faults.arm(at);
    f.w->runtime.settle();
    clean = !f.w.faults.went_off();
    f.w.faults.arm(0);
    f.w->runtime.advance(hours(2));
    CHECK(f.w.queue_depth() == 0);
    CHECK(f.w.messages(f.acme, full).size() == 1);
    CHECK(f.inbox().size() == 1);  // no bounce: our failures are no reason for one
    CHECK(f.out().delivered() == std::vector<std::string>{"x@remote.example"});
    std::size_t delivered = 0;
    for (const Record& record : f.w.records(f.acme, {RecordKind::delivered}))
      delivered += record.to == "full@acme.example" || record.to == "x@remote.example" ? 1 : 0;
    CHECK(delivered == 2);
    CHECK(f.w->spool.messages() == 0);
  }
  CHECK(at > 5);
}

TEST_CASE("after a crash leases are freed at start, and what was in flight is repeated") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").hangs = true;
  f.send({"x@remote.example"});
  CHECK(f.out().tried.size() == 1);
  CHECK(f.out().sent.empty());
  CHECK(f.w.queue_depth() == 1);
  f.w.restart();
  f.w->outbound.host("192.0.2.25");
  f.w->start();
  CHECK(f.out().delivered() == std::vector<std::string>{"x@remote.example"});
  CHECK(f.w.queue_depth() == 0);
  CHECK(f.count(RecordKind::delivered) == 1);
}

TEST_CASE("a stop during an attempt loses nothing and writes no false outcome") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").hangs = true;
  f.send({"x@remote.example"});
  f.w->runtime.stop();  // orderly: what can still be written is
  CHECK(f.w.queue_depth() == 1);
  CHECK(f.count(RecordKind::bounced) == 0);
  f.w.restart();
  f.w->outbound.host("192.0.2.25");
  f.w->start();
  f.w->runtime.advance(minutes(2));
  CHECK(f.out().delivered().size() == 1);
  CHECK(f.w.queue_depth() == 0);
}

TEST_CASE("a recipient whose lease runs out while it is still in flight is not tried twice") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").hangs = true;
  f.send({"x@remote.example"});
  f.w->runtime.advance(hours(3));
  CHECK(f.out().open == 1);
  CHECK(f.out().tried.size() == 1);
  f.out().host("192.0.2.25").hangs = false;
  f.out().release();
  f.w->runtime.settle();
  CHECK(f.out().delivered().size() == 1);
  CHECK(f.w.queue_depth() == 0);
}

TEST_CASE("many recipients: by domain, and at most a hundred in a transaction") {
  Fixture f;
  f.w->start();
  f.w.dns.mx("second.example", 10, "mx.second.example");
  f.w.dns.address("mx.second.example", "192.0.2.26");
  f.out().host("192.0.2.26");
  std::vector<std::string> to;
  for (int i = 0; i < 250; ++i)
    to.push_back("r" + std::to_string(i) + "@remote.example");
  for (int i = 0; i < 3; ++i)
    to.push_back("s" + std::to_string(i) + "@second.example");
  f.send(to);
  std::vector<std::size_t> sizes;
  for (const FakeOutbound::Sent& sent : f.out().sent)
    sizes.push_back(sent.recipients.size());
  std::ranges::sort(sizes);
  CHECK(sizes == std::vector<std::size_t>{3, 50, 100, 100});
  auto delivered = f.out().delivered();
  std::ranges::sort(delivered);
  std::ranges::sort(to);
  CHECK(delivered == to);
}

TEST_CASE("connections are used again while work comes, and end when they are idle") {
  Fixture f;
  f.w->start();
  for (int i = 0; i < 5; ++i)
    f.send({"x@remote.example"});
  CHECK(f.out().sent.size() == 5);
  CHECK(f.out().tried.size() == 1);
  CHECK(f.out().open == 1);
  f.w->runtime.advance(seconds(3));
  CHECK(f.out().open == 0);
  f.out().host("192.0.2.25").transactions_max = 1;
  f.send({"x@remote.example"});
  f.send({"x@remote.example"});
  CHECK(f.out().tried.size() == 3);
}

TEST_CASE("a site that can't be reached is paused: its mail is deferred unseen, others go on") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").refuses = Error{Code::timeout, "connecting", "no answer"};
  f.w.dns.mx("second.example", 10, "mx.second.example");
  f.w.dns.address("mx.second.example", "192.0.2.26");
  f.out().host("192.0.2.26");
  for (int i = 0; i < 30; ++i)
    f.send({"x@remote.example"});
  CHECK(f.out().tried.size() == 1);
  f.send({"x@second.example"});
  CHECK(f.out().delivered().size() == 1);
  f.out().host("192.0.2.25").refuses.reset();
  f.w->runtime.advance(minutes(10));
  CHECK(f.out().delivered().size() == 31);
  CHECK(f.w.queue_depth() == 0);
  CHECK(f.inbox().empty());
}

TEST_CASE("limits: connections to a site, and in all; every site gets its turn") {
  ServiceOptions options;
  options.deliver.connections_max = 2;
  options.deliver.connections_per_site_max = 2;
  Fixture f(options);
  f.w->start();
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    f.w.dns.mx("d" + n + ".example", 10, "mx" + n + ".example");
    f.w.dns.address("mx" + n + ".example", "192.0.2.10" + n);
    f.out().host("192.0.2.10" + n);
  }
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 6; ++i)
      f.send({"r" + std::to_string(round) + "@d" + std::to_string(i) + ".example"});
  f.w->runtime.advance(seconds(30));
  CHECK(f.out().delivered().size() == 18);
  CHECK(f.out().open_max <= 2);
  CHECK(f.out().open == 0);
  CHECK(f.w.queue_depth() == 0);
}

TEST_CASE("a connection goes on while its outcomes wait for the store, within a limit") {
  for (const std::uint32_t most : {0U, 2U}) {
    CAPTURE(most);
    ServiceOptions options;
    options.deliver.connections_per_site_max = 1;
    options.deliver.unsettled_max = most;
    Fixture f(options);
    f.w->start();
    auto& host = f.out().host("192.0.2.25");
    host.hangs = true;
    for (int i = 0; i < 5; ++i)
      f.send({"a" + std::to_string(i) + "@remote.example"});
    f.w.faults.dead = true;  // the store is away
    host.hangs = false;
    f.out().release();
    f.w->runtime.settle();
    CHECK(f.out().delivered().size() == most + 1);
    f.w.faults.dead = false;
    f.w->runtime.advance(seconds(60));
    CHECK(f.out().delivered().size() == 5);  // none twice
    CHECK(f.count(RecordKind::delivered) == 5);
    CHECK(f.w.queue_depth() == 0);
  }
}

TEST_CASE("a host that takes no further connection is served by those it took") {
  ServiceOptions options;
  options.deliver.connections_per_site_max = 5;
  Fixture f(options);
  f.w->start();
  auto& host = f.out().host("192.0.2.25");
  host.hangs = true;
  f.send({"a@remote.example"});
  host.refuses = Error{Code::denied, "greeting", "421 too many connections"};
  for (int i = 0; i < 10; ++i)
    f.send({"b" + std::to_string(i) + "@remote.example"});
  CHECK(f.out().tried.size() == 2);
  CHECK(f.count(RecordKind::deferred) == 0);
  host.hangs = false;
  f.out().release();
  f.w->runtime.settle();
  CHECK(f.out().delivered().size() == 11);
}

TEST_CASE(
    "hosts are tried by preference, equal ones in no fixed order, addresses not without end") {
  Fixture f;
  f.w->start();
  f.w.dns.mx("multi.example", 10, "p10a.example");
  f.w.dns.mx("multi.example", 10, "p10b.example");
  f.w.dns.mx("multi.example", 20, "p20.example");
  f.w.dns.address("p10a.example", "192.0.2.31");
  f.w.dns.address("p10b.example", "192.0.2.32");
  f.w.dns.address("p20.example", "192.0.2.33");
  f.out().host("192.0.2.33").transactions_max = 1;
  std::set<std::string> first;
  for (int i = 0; i < 40; ++i) {
    f.out().tried.clear();
    f.send({"x@multi.example"});
    REQUIRE(f.out().tried.size() == 3);
    first.insert(f.out().tried[0]);
    CHECK(f.out().tried[2] == "192.0.2.33");
  }
  CHECK(first == std::set<std::string>{"192.0.2.31", "192.0.2.32"});
  CHECK(f.out().delivered().size() == 40);
  f.w.dns.mx("tarpit.example", 10, "tarpit.example");
  for (int i = 0; i < 50; ++i)
    f.w.dns.address("tarpit.example", "198.51.100." + std::to_string(i));
  f.out().tried.clear();
  f.send({"x@tarpit.example"});
  CHECK(f.out().tried.size() == 10);
}

TEST_CASE("what DNS says decides between bounce and retry") {
  Fixture f;
  f.w->start();
  f.w.dns.null_mx("null.example");
  f.w.dns.fail("broken.example", Code::unavailable);
  f.w.dns.mx("nohost.example", 10, "gone.example");
  f.w.dns.mx("half.example", 10, "gone.example");
  f.w.dns.mx("half.example", 20, "brokenhost.example");
  f.w.dns.fail("brokenhost.example", Code::timeout);
  f.send({"x@null.example", "x@none.example", "x@nohost.example"});
  CHECK(f.count(RecordKind::bounced) == 3);
  f.send({"x@broken.example", "x@half.example"});
  CHECK(f.count(RecordKind::bounced) == 3);
  CHECK(f.count(RecordKind::deferred) == 2);
  CHECK(f.w.queue_depth() == 2);
  f.w.dns.heal("broken.example");
  f.w.dns.mx("broken.example", 10, "mx.remote.example");
  f.w->runtime.advance(minutes(2));
  CHECK(f.out().delivered() == std::vector<std::string>{"x@broken.example"});
}

TEST_CASE(
    "REQUIRETLS: only over TLS that proved who the host is, never over a connection that did "
    "not (RFC 8689)") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").tls = Tls::unverified;
  f.send({"open@remote.example"});
  REQUIRE(f.out().delivered().size() == 1);
  Envelope envelope;
  envelope.sender.reverse_path = *EmailAddress::parse("hanako@acme.example");
  envelope.sender.require_tls = true;
  Recipient recipient;
  recipient.address = *EmailAddress::parse("secret@remote.example");
  const Arrival me = ServiceWorld::from(f.acme, f.hanako, "hanako@acme.example");
  REQUIRE(f.w.call(f.w->intake.check_recipient(me, envelope, recipient)).has_value());
  envelope.recipients.push_back(recipient);
  Draft draft = f.w->intake.begin(me, envelope, 0);
  draft.bytes += kMail;
  REQUIRE(f.w.call(f.w->intake.accept(me, envelope, draft)).has_value());
  f.w->runtime.settle();
  CHECK(f.out().delivered().size() == 1);
  CHECK(f.count(RecordKind::deferred) == 1);
  f.send({"open2@remote.example"});  // the site is well for other messages
  CHECK(f.out().delivered().size() == 2);
  f.out().host("192.0.2.25").tls = Tls::verified;
  f.w->runtime.advance(minutes(2));
  REQUIRE(f.out().delivered().size() == 3);
  CHECK(f.out().sent.back().mode == OutboundTls::required);
}

TEST_CASE("tenants take turns at a site") {
  ServiceOptions options;
  options.deliver.connections_per_site_max = 1;
  Fixture f(options);
  f.w->start();
  const TenantScope other = f.w.tenant("other.example");
  const AccountId ken = f.w.account(other, "ken@other.example");
  auto& host = f.out().host("192.0.2.25");
  host.hangs = true;
  for (int i = 0; i < 6; ++i)
    f.send({"a" + std::to_string(i) + "@remote.example"});
  for (int i = 0; i < 2; ++i)
    REQUIRE(f.w.accept(ServiceWorld::from(other, ken, "ken@other.example"), "ken@other.example",
                       {"k" + std::to_string(i) + "@remote.example"}, mail("ken@other.example"))
                .has_value());
  f.w->runtime.settle();
  host.hangs = false;
  f.out().release();
  f.w->runtime.settle();
  const auto got = f.out().delivered();
  REQUIRE(got.size() == 8);
  const auto place = [&](const char* who) { return std::ranges::find(got, who) - got.begin(); };
  CHECK(place("k0@remote.example") < 4);
  CHECK(place("k1@remote.example") < 6);
}

TEST_CASE(
    "a domain that became ours gets its waiting mail into the mailbox; a closed one bounces") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").answer = [](const QueueRecipient&) { return say(450, "4.2.0 no"); };
  f.send({"ken@remote.example", "nobody@remote.example"});
  const TenantScope other = f.w.tenant("remote.example");
  const AccountId ken = f.w.account(other, "ken@remote.example");
  f.w->routing.forget_all();
  f.w->runtime.advance(minutes(8));
  CHECK(f.w.messages(other, ken).size() == 1);
  CHECK(f.w.queue_depth() == 0);
  REQUIRE(f.inbox().size() == 1);
  CHECK(f.inbox()[0].contains("nobody@remote.example"));
}

TEST_CASE("more than there is room for waits in the store and is claimed when there is room") {
  ServiceOptions options;
  options.spool.messages_max = 3;
  options.deliver.connections_per_site_max = 1;
  Fixture f(options);
  f.w->start();
  auto& host = f.out().host("192.0.2.25");
  host.hangs = true;
  for (int i = 0; i < 10; ++i)
    f.send({"r" + std::to_string(i) + "@remote.example"});
  CHECK(f.w->spool.messages() == 3);
  host.hangs = false;
  f.out().release();
  f.w->runtime.advance(seconds(20));
  CHECK(f.out().delivered().size() == 10);
  CHECK(f.w->spool.messages() == 0);
}

TEST_CASE("a message that an administrator cancels during an attempt is gone without a bounce") {
  Fixture f;
  f.w->start();
  f.out().host("192.0.2.25").hangs = true;
  const QueueId id = f.send({"x@remote.example"});
  REQUIRE(f.w.world.write(f.acme, [&](Tx& tx) { return tx.queue().cancel(id); }).has_value());
  f.out().release();
  f.w->runtime.settle();
  CHECK(f.w.queue_depth() == 0);
  CHECK(f.count(RecordKind::delivered) == 0);
  CHECK(f.count(RecordKind::bounced) == 0);
  CHECK(f.w->spool.messages() == 0);
}

}  // namespace
}  // namespace fumi::service
