#include "service/access/access_policy.h"

#include <doctest/doctest.h>

#include "service/access/access_documents.h"
#include "service/access/live_sessions.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::ServiceWorld;
using Effect = AccessRule::Effect;
using Kind = AccessSubject::Kind;

constexpr const char* kPassword = "correct horse battery";
constexpr const char* kOffice = "203.0.113.9";
constexpr const char* kHome = "198.51.100.7";

AccessRule rule(Effect effect, const char* network = nullptr, AccessSubject who = {}) {
  AccessRule out;
  out.name = "規則";
  out.effect = effect;
  out.who = who;
  if (network != nullptr) out.networks.push_back(*IpNetwork::parse(network));
  return out;
}

struct Fixture {
  Fixture() : policy(w.store, w.world.clock()) {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = make(acme, "hanako@acme.example");
    ken = make(other, "ken@other.example");
  }
  AccountId make(const TenantScope& scope, const std::string& address) {
    NewAccount account{address, "", Secret(kPassword), 0};
    auto made = w.call(w->tenancy.create_account(scope, std::move(account)));
    REQUIRE(made.has_value());
    return made->id;
  }
  Result<AccessRule> add(AccessRule rule, AccessGuard guard = {}) { return add(acme, rule, guard); }
  Result<AccessRule> add(const TenantScope& scope, AccessRule rule, AccessGuard guard = {}) {
    return w.call(policy.create_rule(scope, guard, std::move(rule)));
  }
  Result<Principal> login(const char* ip, const char* password = kPassword,
                          const char* protocol = "imap") {
    const LoginAttempt attempt{protocol, ip, "hanako@acme.example"};
    return w.call(w->access.password(attempt, Secret(password), LoginKinds()));
  }
  Code refusal(const char* ip, const char* password = kPassword) {
    const auto got = login(ip, password);
    return got ? Code{} : got.error().code;
  }
  TenantScope as_hanako() const { return {acme.tenant, {Actor::Kind::admin, hanako.value()}}; }
  void review() { REQUIRE(w.call(w->live.review()).has_value()); }

  ServiceWorld w;
  AccessPolicy policy;
  TenantScope acme, other;
  AccountId hanako, ken;
};

TEST_CASE("a rule is what was given, through its document") {
  AccessRule full = rule(Effect::allow, "2001:db8::/32", {Kind::account, 42});
  full.state = AccessRule::State::off;
  full.doors = AccessDoors();
  full.doors.add(AccessDoor::pop3);
  full.times = AccessTimes{"Asia/Tokyo", {{62, 540, 1080}}, AccessTimes::Holidays::never};
  const auto back = read_rule(SettingId(5), write_rule(full));
  REQUIRE(back.has_value());
  CHECK(back->id == SettingId(5));
  CHECK(back->name == full.name);
  CHECK(back->state == full.state);
  CHECK(back->effect == full.effect);
  CHECK(back->who == full.who);
  CHECK(back->doors == full.doors);
  CHECK(back->networks == full.networks);
  CHECK(back->times == full.times);
  for (const char* bad : {"", "[]", "{}", R"({"about":"everyone","aboutId":"x"})"})
    CHECK(read_rule(SettingId(1), bad).error().code == Code::corrupt);
}

TEST_CASE("logins are judged: outside it looks like a wrong password, inside it says why") {
  Fixture f;
  REQUIRE(f.add(rule(Effect::deny)).has_value());
  REQUIRE(f.add(rule(Effect::allow, "203.0.113.0/24")).has_value());
  CHECK(f.login(kOffice).has_value());
  const auto outside = f.login(kHome);
  const auto wrong = f.login(kHome, "wrong password");
  REQUIRE(!outside.has_value());
  CHECK(outside.error().code == Code::unauthenticated);
  CHECK(outside.error().text() == wrong.error().text());
  AccessRule pop = rule(Effect::deny, "203.0.113.9");
  REQUIRE(f.add(pop).has_value());
  CHECK(f.refusal(kOffice) == Code::denied);
  CHECK(f.refusal(kOffice, "wrong password") == Code::unauthenticated);
  const auto failed = f.w.records(f.acme, {RecordKind::login_failed});
  REQUIRE(failed.size() == 4);
  CHECK(failed[0].answer == "access rules");
  CHECK(failed[1].answer.empty());
  CHECK(failed[2].answer == "access rules");
}

TEST_CASE("a right password that a rule refuses outside counts as a wrong one does") {
  Fixture f;
  REQUIRE(f.add(rule(Effect::deny)).has_value());
  for (int i = 0; i < 20; ++i)
    CHECK(f.refusal(kHome) == Code::unauthenticated);
  CHECK(f.refusal(kHome) == Code::rate_limited);
}

TEST_CASE("SCRAM: outside nobody has a verifier; inside the exchange is played and refused then") {
  Fixture f;
  const auto candidate = [&](const char* ip) {
    const LoginAttempt attempt{"imap", ip, "hanako@acme.example"};
    auto got = f.w.call(f.w->access.scram(attempt, LoginKinds()));
    REQUIRE(got.has_value());
    return got->principal;
  };
  REQUIRE(f.add(rule(Effect::deny)).has_value());
  REQUIRE(f.add(rule(Effect::allow, "203.0.113.0/24")).has_value());
  CHECK_FALSE(candidate(kHome).has_value());
  REQUIRE(candidate(kOffice).has_value());
  REQUIRE(f.add(rule(Effect::deny, kOffice)).has_value());
  const auto known = candidate(kOffice);
  REQUIRE(known.has_value());
  const LoginAttempt attempt{"imap", kOffice, "hanako@acme.example"};
  CHECK(f.w.call(f.w->access.scram_done(attempt, known)).error().code == Code::denied);
}

TEST_CASE("rules are kept, shown, changed and removed, each change on record") {
  Fixture f;
  const auto made = f.add(rule(Effect::deny));
  REQUIRE(made.has_value());
  CHECK(f.refusal(kHome) == Code::unauthenticated);
  AccessRule off = *made;
  off.state = AccessRule::State::off;
  REQUIRE(f.w.call(f.policy.replace_rule(f.acme, {}, off)).has_value());
  CHECK(f.login(kHome).has_value());
  CHECK(f.w.call(f.policy.rules(f.acme))->size() == 1);
  CHECK(f.w.call(f.policy.rule(f.acme, made->id))->state == AccessRule::State::off);
  REQUIRE(f.w.call(f.policy.remove_rule(f.acme, {}, made->id)).has_value());
  CHECK(f.w.call(f.policy.rules(f.acme))->empty());
  const auto acts = f.w.records(f.acme, {RecordKind::operation});
  std::vector<std::string> verbs;
  for (const Record& act : acts)
    if (act.from.starts_with("access-rule.")) verbs.push_back(act.from);
  CHECK(verbs ==
        std::vector<std::string>{"access-rule.create", "access-rule.update", "access-rule.delete"});
  CHECK(acts.back().detail.find("before") != std::string::npos);
}

TEST_CASE("another tenant's rules, people and ids are not there") {
  Fixture f;
  const auto made = f.add(rule(Effect::deny));
  REQUIRE(made.has_value());
  CHECK(f.w.call(f.policy.rules(f.other))->empty());
  CHECK(f.w.call(f.policy.rule(f.other, made->id)).error().code == Code::not_found);
  CHECK(f.w.call(f.policy.replace_rule(f.other, {}, *made)).error().code == Code::not_found);
  CHECK(f.w.call(f.policy.remove_rule(f.other, {}, made->id)).error().code == Code::not_found);
  const AccessSubject hanako{Kind::account, f.hanako.value()};
  CHECK(f.add(f.other, rule(Effect::deny, nullptr, hanako)).error().code == Code::not_found);
  const AccessTrial trial{"hanako@acme.example", AccessDoor::imap, {}, f.w.world.clock().now()};
  CHECK(f.w.call(f.policy.try_out(f.other, trial)).error().code == Code::not_found);
  CHECK(f.w.call(f.policy.try_out(f.acme, trial))->rule == made->id);
}

TEST_CASE("nobody saves what locks them out; an operator may") {
  Fixture f;
  const AccessGuard here{AccessDoor::admin, IpAddress::parse(kHome)};
  CHECK(f.add(f.as_hanako(), rule(Effect::deny), here).error().code == Code::denied);
  CHECK(f.w.call(f.policy.rules(f.acme))->empty());
  const auto lets_in = f.add(f.as_hanako(), rule(Effect::allow, "198.51.100.0/24"), here);
  REQUIRE(lets_in.has_value());
  REQUIRE(f.add(f.as_hanako(), rule(Effect::deny), here).has_value());
  // What keeps the door open can't be taken away or turned off either.
  CHECK(f.w.call(f.policy.remove_rule(f.as_hanako(), here, lets_in->id)).error().code ==
        Code::denied);
  AccessRule off = *lets_in;
  off.state = AccessRule::State::off;
  CHECK(f.w.call(f.policy.replace_rule(f.as_hanako(), here, off)).error().code == Code::denied);
  CHECK(f.w.call(f.policy.remove_rule(f.acme, {}, lets_in->id)).has_value());
}

TEST_CASE("holidays: kept in order, dates once, only real ones") {
  using namespace std::chrono;
  Fixture f;
  const std::vector<Holiday> days{{2026y / 11 / 23, "勤労感謝の日"}, {2026y / 1 / 1, "元日"}};
  REQUIRE(f.w.call(f.policy.set_holidays(f.acme, {}, days)).has_value());
  const auto kept = f.w.call(f.policy.holidays(f.acme));
  REQUIRE(kept->size() == 2);
  CHECK(kept->front().name == "元日");
  CHECK(f.w.call(f.policy.holidays(f.other))->empty());
  const auto refused = [&](std::vector<Holiday> bad) {
    return f.w.call(f.policy.set_holidays(f.acme, {}, std::move(bad))).error().code;
  };
  CHECK(refused({{2026y / 2 / 30, "none"}}) == Code::invalid);
  CHECK(refused({days[0], days[0]}) == Code::invalid);
  CHECK(refused(std::vector<Holiday>(kHolidaysMax + 1, days[0])) == Code::invalid);
  REQUIRE(f.w.call(f.policy.set_holidays(f.acme, {}, {})).has_value());
  CHECK(f.w.call(f.policy.holidays(f.acme))->empty());
}

struct Lived {
  Lived(Fixture& f, const char* ip) {
    const auto who = f.login(ip);
    REQUIRE(who.has_value());
    ticket = f.w->live.enter(*who, AccessDoor::imap, ip, [this] { ++ended; });
  }
  int ended = 0;
  LiveSessions::Ticket ticket;
};

TEST_CASE("sessions end when hours do, when a rule forbids them, and not before") {
  Fixture f;
  Lived office(f, kOffice);
  Lived home(f, kHome);
  f.review();
  CHECK(office.ended + home.ended == 0);
  REQUIRE(f.add(rule(Effect::deny)).has_value());
  REQUIRE(f.add(rule(Effect::allow, "203.0.113.0/24")).has_value());
  f.review();
  CHECK(home.ended == 1);
  CHECK(home.ticket.why() == SessionEnd::not_now);
  CHECK(office.ticket.why() == SessionEnd::none);
  f.review();
  CHECK(home.ended == 1);  // told once

  // Lets the office out an hour from now, wherever the clock stands.
  const auto tokyo = *codec::TimeZone::parse("Asia/Tokyo");
  const int begin = tokyo.local(f.w.world.clock().now() + std::chrono::hours(1)).minute;
  AccessRule night = rule(Effect::deny, "203.0.113.0/24");
  night.times = AccessTimes{"Asia/Tokyo", {{127, begin, (begin + 60) % 1440}}, {}};
  REQUIRE(f.add(night).has_value());
  f.review();
  CHECK(office.ended == 0);
  f.w.world.clock().advance(std::chrono::minutes(58));
  f.review();
  CHECK(office.ended == 0);
  f.w.world.clock().advance(std::chrono::minutes(3));
  f.review();
  CHECK(office.ended == 1);
}

TEST_CASE("sessions end with the account, its password and the contract") {
  Fixture f;
  SUBCASE("disabled") {
    Lived session(f, kOffice);
    f.review();
    AccountChange off;
    off.status = AccountStatus::disabled;
    REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "hanako@acme.example", off)));
    f.review();
    CHECK(session.ticket.why() == SessionEnd::disabled);
  }
  SUBCASE("another password") {
    Lived session(f, kOffice);
    f.review();
    REQUIRE(f.w.call(f.w->tenancy.create_app_password(f.acme, "hanako@acme.example", "phone")));
    f.review();
    CHECK(session.ended == 0);  // one more password makes none wrong
    AccountChange change;
    change.password = Secret("another password");
    REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "hanako@acme.example", change)));
    f.review();
    CHECK(session.ticket.why() == SessionEnd::credential_changed);
  }
  SUBCASE("suspended contract") {
    Lived session(f, kOffice);
    f.review();
    REQUIRE(f.w.call(f.w->tenancy.set_tenant_status({}, f.acme.tenant, TenantStatus::suspended)));
    f.review();
    CHECK(session.ticket.why() == SessionEnd::disabled);
  }
  SUBCASE("an administrator; only of their own tenant") {
    Lived session(f, kOffice);
    const auto seen = f.w->live.of_tenant(f.acme.tenant, 10);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].from == kOffice);
    CHECK(f.w->live.of_tenant(f.other.tenant, 10).empty());
    CHECK(f.w->live.revoke(f.other.tenant, seen[0].number).error().code == Code::not_found);
    CHECK(session.ended == 0);
    REQUIRE(f.w->live.revoke(f.acme.tenant, seen[0].number).has_value());
    CHECK(session.ticket.why() == SessionEnd::revoked);
    session.ticket = {};
    CHECK(f.w->live.of_tenant(f.acme.tenant, 10).empty());
  }
}

}  // namespace
}  // namespace fumi::service
