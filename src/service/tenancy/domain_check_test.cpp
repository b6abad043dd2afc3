// Whose a domain is: what an unverified one can't do, and how it becomes verified. Plans.
#include "service/tenancy/domain_check.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "service/tenancy/limits.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::mail;
using testing::ServiceWorld;

constexpr const char* kName = "new.example";

struct Claimed {
  Claimed() {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = w.account(acme, "hanako@acme.example");
    const auto made = w.call(w->tenancy.create_domain(acme, kName, Ownership::prove));
    REQUIRE(made.has_value());
    claimed = *made;
    taro = w.account(acme, "taro@new.example");
  }
  [[nodiscard]] DomainState state() {
    const auto read =
        w.world.read(acme, [](Tx& tx) { return tx.directory().domain_by_name(kName); });
    return (*read)->state;
  }
  bool sends() {
    return w
        .accept(ServiceWorld::from(acme, taro, "taro@new.example"), "taro@new.example",
                {"x@remote.example"}, mail("taro@new.example"))
        .has_value();
  }
  bool receives() {
    return w
        .accept(ServiceWorld::mx(), "x@remote.example", {"taro@new.example"},
                mail("x@remote.example"))
        .has_value();
  }

  ServiceWorld w;
  testing::TableDns dns;
  TenantScope acme, other;
  AccountId hanako, taro;
  MailDomain claimed;
  DomainCheck check{
      w.store, w->routing, dns, w.world.clock(), {"mx.fumi.example", 993, 465, 587, {}}};
  Limits limits{w.store, w.world.clock()};
};

TEST_CASE("domains: an unverified one neither sends nor receives, and catches nobody's mail") {
  Claimed c;
  CHECK(c.claimed.state == DomainState::pending);
  CHECK(c.claimed.challenge.starts_with("fumi-verification="));
  CHECK_FALSE(c.sends());
  CHECK_FALSE(c.receives());
  // What another user writes to it goes to the world, where its real owner may be.
  const auto id =
      c.w.accept(ServiceWorld::from(c.acme, c.hanako, "hanako@acme.example"), "hanako@acme.example",
                 {"taro@new.example"}, mail("hanako@acme.example"));
  REQUIRE(id.has_value());
  CHECK(c.w.messages(c.acme, c.taro).empty());
  CHECK(c.w.queue(c.acme).size() == 1);
}

TEST_CASE("domains: verified by the challenge in DNS, and only by it") {
  Claimed c;
  const std::string name = "_fumi-challenge.new.example";
  c.dns.add(name, DnsKind::txt, "fumi-verification=of somebody else");
  CHECK(c.w.call(c.check.verify(c.acme, kName))->state == DomainState::failed);
  CHECK_FALSE(c.receives());
  for (const Code code : {Code::timeout, Code::unavailable}) {
    c.dns.fail(code);
    CHECK(c.w.call(c.check.verify(c.acme, kName)).error().code == code);
    c.dns.heal();
    CHECK(c.state() == DomainState::failed);
  }
  c.dns.add(name, DnsKind::txt, c.claimed.challenge);
  CHECK(c.w.call(c.check.verify(c.other, kName)).error().code == Code::not_found);
  CHECK(c.w.call(c.check.verify(c.acme, "no domain")).error().code == Code::invalid);
  const auto done = c.w.call(c.check.verify(c.acme, kName));
  REQUIRE(done.has_value());
  CHECK(done->state == DomainState::verified);
  CHECK(done->checked == c.w.world.clock().now());
  CHECK(c.sends());
  CHECK(c.receives());
  // A proof holds: the record may go again.
  c.dns.remove(name, DnsKind::txt);
  CHECK(c.w.call(c.check.verify(c.acme, kName))->state == DomainState::verified);
  const auto told = c.w.records(c.acme, {RecordKind::operation});
  CHECK(told.back().from == "domain.verify");
  CHECK(told.back().detail.contains(R"("before":"failed","after":"verified")"));
}

TEST_CASE("domains: the operator's word, with a note") {
  Claimed c;
  for (const std::string& note : {std::string(), std::string("a\nb"), std::string(501, 'x')})
    CHECK(c.w.call(c.check.vouch(c.acme, kName, note)).error().code == Code::invalid);
  CHECK(c.w.call(c.check.vouch(c.other, kName, "why")).error().code == Code::not_found);
  CHECK(c.state() == DomainState::pending);
  REQUIRE(c.w.call(c.check.vouch(c.acme, kName, "contract 4711")).has_value());
  CHECK(c.receives());
  const auto told = c.w.records(c.acme, {RecordKind::operation});
  CHECK(told.back().from == "domain.vouch");
  CHECK(told.back().detail.contains("contract 4711"));
}

TEST_CASE("domains: a check tells record by record, and gives up on dead name servers") {
  Claimed c;
  c.dns.add(kName, DnsKind::mx, "10 mx.fumi.example");
  const auto report = c.w.call(c.check.check(c.acme, kName));
  REQUIRE(report.has_value());
  const auto state_of = [&](const std::string& purpose) {
    const auto found = std::ranges::find(
        report->findings, purpose, [](const RecordFinding& one) { return one.wanted.purpose; });
    REQUIRE(found != report->findings.end());
    return found->state;
  };
  CHECK(state_of("mx") == RecordState::good);
  CHECK(state_of("spf") == RecordState::missing);
  CHECK(state_of("dkim") == RecordState::missing);
  CHECK(c.w.call(c.check.check(c.other, kName)).error().code == Code::not_found);

  c.dns.fail(Code::timeout);
  const std::size_t before = c.dns.reads();
  const auto dead = c.w.call(c.check.check(c.acme, kName));
  REQUIRE(dead.has_value());
  CHECK(c.dns.reads() == before + 2);
  CHECK(dead->findings.size() == report->findings.size());
  for (const RecordFinding& finding : dead->findings)
    CHECK(finding.state == RecordState::unknown);
  c.dns.fail(Code::cancelled);
  CHECK(c.w.call(c.check.check(c.acme, kName)).error().code == Code::cancelled);
}

struct Planned {
  Planned() { acme = w.tenant("acme.example"); }
  void plan(const TenantPlan& wanted) {
    const Limits::Edit edit = [&wanted](TenantLimits& all) { all.plan = wanted; };
    REQUIRE(w.call(limits.change(acme, edit)).has_value());
  }
  Result<Account> account(const std::string& address, std::uint64_t quota) {
    NewAccount wanted{address, "", Secret("correct horse battery"), quota};
    return w.call(w->tenancy.create_account(acme, std::move(wanted)));
  }
  ServiceWorld w;
  TenantScope acme;
  Limits limits{w.store, w.world.clock()};
};

template <class T>
void check_over(const Result<T>& result, const std::string& detail) {
  REQUIRE(!result.has_value());
  CHECK(result.error().code == Code::quota);
  CHECK(result.error().detail == detail);
}

TEST_CASE("plans: what would exceed one is refused, with the limit and its value") {
  Planned p;
  p.plan({2, 2, 1, 0});
  REQUIRE(p.account("a@acme.example", 0).has_value());
  REQUIRE(p.account("b@acme.example", 0).has_value());
  check_over(p.account("c@acme.example", 0),
             "the tenant's plan allows accounts_max = 2; 2 are in use");
  REQUIRE(p.w.call(p.w->tenancy.delete_account(p.acme, "a@acme.example")).has_value());
  CHECK(p.account("c@acme.example", 0).has_value());

  REQUIRE(p.w.call(p.w->tenancy.create_domain(p.acme, "two.example")).has_value());
  check_over(p.w.call(p.w->tenancy.create_domain(p.acme, "three.example")),
             "the tenant's plan allows domains_max = 2; 2 are in use");
  REQUIRE(p.w.call(p.w->tenancy.create_api_user(p.acme, "app@acme.example")).has_value());
  check_over(p.w.call(p.w->tenancy.create_api_user(p.acme, "app2@acme.example")),
             "the tenant's plan allows api_users_max = 1; 1 are in use");
  // A plan below what is there takes nothing away.
  p.plan({1, 1, 0, 0});
  CHECK(p.w.call(p.limits.show(p.acme))->use.accounts == 2);
  CHECK(p.w.call(p.w->tenancy.create_api_user(p.acme, "app2@acme.example")).has_value());
}

TEST_CASE("plans: room is given away as quotas, never more than there is") {
  Planned p;
  p.plan({0, 0, 0, 1000});
  check_over(p.account("a@acme.example", 0),
             "the tenant's plan has storage_octets_max = 1000; give the account a quota "
             "(quota_octets) of it");
  REQUIRE(p.account("a@acme.example", 600).has_value());
  check_over(p.account("b@acme.example", 500),
             "the tenant's plan allows storage_octets_max = 1000; 600 are in use");
  REQUIRE(p.account("b@acme.example", 400).has_value());
  const auto resize = [&](std::uint64_t quota) {
    AccountChange change;
    change.quota_octets = quota;
    return p.w.call(p.w->tenancy.update_account(p.acme, "b@acme.example", change));
  };
  check_over(resize(401), "the tenant's plan allows storage_octets_max = 1000; 600 are in use");
  CHECK(!resize(0).has_value());
  CHECK(resize(300).has_value());
  CHECK(resize(400).has_value());
  // A change of something else is not asked for room.
  p.plan({0, 0, 0, 10});
  AccountChange change;
  change.display_name = "Bob";
  CHECK(p.w.call(p.w->tenancy.update_account(p.acme, "b@acme.example", change)).has_value());
  CHECK(resize(5).has_value());
}

}  // namespace
}  // namespace fumi::service
