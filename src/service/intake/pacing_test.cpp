// How fast people's mail leaves: shaped first, refused where a backlog or a window says so.
#include <doctest/doctest.h>

#include "service/tenancy/limits.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using std::chrono::minutes;
using testing::mail;
using testing::ServiceWorld;

struct Paced {
  Paced() {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = w.account(acme, "hanako@acme.example");
    taro = w.account(acme, "taro@acme.example");
  }
  Verdict<QueueId> send(std::size_t recipients, const std::string& from = "hanako@acme.example") {
    std::vector<std::string> to;
    for (std::size_t i = 0; i < recipients; ++i)
      to.push_back("r" + std::to_string(i) + "@remote.example");
    const AccountId who = from.starts_with("taro") ? taro : hanako;
    return w.accept(ServiceWorld::from(acme, who, from), from, to, mail(from));
  }
  void limit(const TenantLimits& wanted) {
    const Limits::Edit edit = [&wanted](TenantLimits& limits) { limits = wanted; };
    REQUIRE(w.call(admin.change(acme, edit)).has_value());
  }
  // Recipients that may leave now.
  std::size_t due() {
    const auto claims = w.world.platform([&](PlatformTx& tx) {
      return tx.platform().claim_due(w.world.clock().now(), w.world.clock().now() + minutes(5),
                                     10'000);
    });
    REQUIRE(claims.has_value());
    return claims->size();
  }

  ServiceWorld w;
  TenantScope acme, other;
  AccountId hanako, taro;
  Limits admin{w.store, w.world.clock()};
};

TEST_CASE("pacing: a burst leaves at once, what comes after it when its turn comes") {
  Paced p;
  REQUIRE(p.send(300).has_value());
  REQUIRE(p.send(100).has_value());
  CHECK(p.due() == 300);
  CHECK(p.w.call(p.admin.pace(p.acme, "hanako@acme.example"))->waiting == 100);
  p.w.world.clock().advance(minutes(1));
  CHECK(p.due() == 100);
  CHECK(p.w.call(p.admin.pace(p.acme, "hanako@acme.example"))->waiting == 0);
  // Each person has a pace of their own.
  CHECK(p.send(300, "taro@acme.example").has_value());
  CHECK(p.due() == 300);
}

TEST_CASE("pacing: six hundred in ten minutes, then a temporary refusal that says when") {
  Paced p;
  REQUIRE(p.send(600).has_value());
  const auto refused = p.send(1);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == 451);
  CHECK(refused.error().enhanced == "4.7.1");
  CHECK(refused.error().text ==
        "You may send to 600 recipients in ten minutes; try again in 10 minutes");
  CHECK(p.w.records(p.acme, {RecordKind::rejected}).size() == 1);
  CHECK(p.w.queue(p.acme).size() == 1);
  // It survives the process.
  p.w.restart();
  CHECK(!p.send(1).has_value());
  p.w.world.clock().advance(minutes(20));
  CHECK(p.send(1).has_value());
}

TEST_CASE("pacing: the day's limit is for good, and the tenant has one of its own") {
  Paced p;
  TenantLimits limits;
  limits.person = {0, 0, 0, 0, 20};
  limits.tenant.per_day = 30;
  p.limit(limits);
  REQUIRE(p.send(20).has_value());
  const auto person = p.send(1);
  REQUIRE(!person.has_value());
  CHECK(person.error().code == 550);
  CHECK(person.error().enhanced == "5.7.1");
  REQUIRE(p.send(10, "taro@acme.example").has_value());
  const auto tenant = p.send(1, "taro@acme.example");
  REQUIRE(!tenant.has_value());
  CHECK(tenant.error().text.starts_with("Your organisation may send to 30 recipients a day"));
  // What the tenant's limit refused did not count for the person.
  CHECK(p.w.call(p.admin.pace(p.acme, "taro@acme.example"))->day == 10);
}

TEST_CASE("pacing: mail within the installation, mail from outside and programs are not paced") {
  Paced p;
  TenantLimits limits;
  limits.person = {1, 1, 0, 1, 1};
  p.limit(limits);
  REQUIRE(p.send(1).has_value());
  REQUIRE(!p.send(1).has_value());
  for (int i = 0; i < 3; ++i) {
    CHECK(p.w.accept(ServiceWorld::from(p.acme, p.hanako, "hanako@acme.example"),
                     "hanako@acme.example", {"taro@acme.example"}, mail("hanako@acme.example"))
              .has_value());
    CHECK(p.w.accept(ServiceWorld::mx(), "x@remote.example", {"taro@acme.example"},
                     mail("x@remote.example"))
              .has_value());
    Arrival trusted = ServiceWorld::mx();
    trusted.door = Door::relay;
    trusted.tenant = p.acme.tenant;
    CHECK(p.w.accept(trusted, "app@acme.example", {"x@remote.example"}, mail("app@acme.example"))
              .has_value());
  }
}

TEST_CASE("pacing: an administrator lifts limits with a note, for a time") {
  Paced p;
  TenantLimits limits;
  limits.person = {1, 1, 0, 1, 1};
  p.limit(limits);
  REQUIRE(p.send(1).has_value());
  REQUIRE(!p.send(1).has_value());
  const Instant later = p.w.world.clock().now() + minutes(30);
  const std::string who = "hanako@acme.example";
  const auto code = [&](const TenantScope& scope, const std::string& address, Instant until,
                        const std::string& note) {
    return p.w.call(p.admin.lift(scope, address, until, note)).error().code;
  };
  CHECK(code(p.acme, who, later, "") == Code::invalid);
  CHECK(code(p.acme, who, later, "a\nb") == Code::invalid);
  CHECK(code(p.acme, who, later + std::chrono::hours(24 * 8), "why") == Code::invalid);
  CHECK(code(p.acme, "nobody@acme.example", later, "why") == Code::not_found);
  CHECK(code(p.other, who, later, "why") == Code::not_found);
  CHECK(!p.send(1).has_value());

  REQUIRE(p.w.call(p.admin.lift(p.acme, who, later, "the newsletter, by telephone")).has_value());
  CHECK(p.send(50).has_value());
  const auto listed = p.w.call(p.admin.restricted(p.acme, 10));
  REQUIRE(listed->size() == 1);
  CHECK(listed->at(0).address == who);
  CHECK(p.w.call(p.admin.restricted(p.other, 10))->empty());
  const auto told = p.w.records(p.acme, {RecordKind::operation});
  CHECK(told.back().from == "pace.lift");
  CHECK(told.back().detail.contains("the newsletter, by telephone"));
  p.w.world.clock().advance(minutes(31));
  CHECK(!p.send(1).has_value());
}

TEST_CASE("pacing: a failed commit counts nothing") {
  Paced p;
  TenantLimits limits;
  limits.person = {0, 0, 0, 10, 0};
  p.limit(limits);
  const auto counted = [&] {
    p.w.faults.arm(0);
    return p.w.call(p.admin.pace(p.acme, "hanako@acme.example"))->ten_minutes;
  };
  std::size_t at = 1;
  for (;; ++at) {
    REQUIRE(at < 100);
    p.w.faults.arm(at);
    if (p.send(10).has_value()) break;
    REQUIRE(counted() == 0);
  }
  CHECK(at > 1);
  CHECK(counted() == 10);
}

}  // namespace
}  // namespace fumi::service
