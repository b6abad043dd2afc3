// Messages that their senders want held (RFC 4865): from intake to delivery.
#include <doctest/doctest.h>

#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using std::chrono::hours;
using testing::ServiceWorld;

struct Fixture {
  Fixture() {
    acme = w.tenant("acme.example");
    hanako = w.account(acme, "hanako@acme.example");
    reader = w.account(acme, "reader@acme.example");
    w.dns.mx("remote.example", 10, "mx.remote.example");
    w.dns.address("mx.remote.example", "192.0.2.25");
    w->outbound.host("192.0.2.25");
    envelope.sender.reverse_path = EmailAddress::parse("hanako@acme.example").value();
  }
  void hold(Duration wait) { envelope.sender.hold_until = w.world.clock().now() + wait; }
  void send(const Arrival& arrival) {
    REQUIRE(w.call(w->intake.check_sender(arrival, envelope.sender)).has_value());
    for (const char* to : {"x@remote.example", "reader@acme.example"}) {
      Recipient recipient;
      recipient.address = EmailAddress::parse(to).value();
      REQUIRE(w.call(w->intake.check_recipient(arrival, envelope, recipient)).has_value());
      envelope.recipients.push_back(std::move(recipient));
    }
    Draft draft = w->intake.begin(arrival, envelope, 0);
    draft.bytes += testing::mail("hanako@acme.example");
    REQUIRE(w.call(w->intake.accept(arrival, envelope, std::move(draft))).has_value());
    w->runtime.settle();
  }
  void crash() {
    w.restart();
    w->outbound.host("192.0.2.25");
    w->start();
  }

  ServiceWorld w;
  TenantScope acme;
  AccountId hanako, reader;
  Envelope envelope;
};

TEST_CASE("what is held goes at its time, to our own people too, also after a crash") {
  Fixture f;
  f.w->start();
  const Arrival arrival = ServiceWorld::from(f.acme, f.hanako, "hanako@acme.example");
  f.hold(hours(24 * 10));  // longer than a message's lifetime
  const Instant until = *f.envelope.sender.hold_until;
  f.send(arrival);
  CHECK(f.w.queue_depth() == 2);
  f.crash();
  f.w->runtime.advance(hours(24 * 10 - 1));
  CHECK(f.w->outbound.sent.empty());
  CHECK(f.w.messages(f.acme, f.reader).empty());
  const auto waiting = f.w.queue(f.acme);
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].expires > until);
  f.w->runtime.advance(hours(2));
  CHECK(f.w->outbound.delivered() == std::vector<std::string>{"x@remote.example"});
  CHECK(f.w.messages(f.acme, f.reader).size() == 1);
  CHECK(f.w.queue_depth() == 0);
  CHECK(f.w.records(f.acme, {RecordKind::bounced}).empty());
}

TEST_CASE("nothing is held for too long, or in the past") {
  Fixture f;
  f.w->start();
  const Arrival arrival = ServiceWorld::from(f.acme, f.hanako, "hanako@acme.example");
  f.hold(hours(24 * 31));
  const auto too_long = f.w.call(f.w->intake.check_sender(arrival, f.envelope.sender));
  REQUIRE_FALSE(too_long.has_value());
  CHECK(too_long.error().code == 501);
  CHECK(too_long.error().enhanced == "5.5.4");
  f.hold(-hours(1));
  f.send(arrival);
  CHECK(f.w.messages(f.acme, f.reader).size() == 1);
  CHECK(f.w->outbound.delivered().size() == 1);
}

}  // namespace
}  // namespace fumi::service
