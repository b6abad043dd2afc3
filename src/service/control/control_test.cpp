// Roles, sessions and tokens over a store.
#include <doctest/doctest.h>

#include <algorithm>

#include "service/control/roles.h"
#include "service/control/sessions.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::ServiceWorld;

constexpr const char* kPassword = "correct horse battery";

template <class T>
Code code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

Actor admin(AccountId account) { return {Actor::Kind::admin, account.value()}; }

struct Fixture {
  ServiceWorld w;
  OwnerNotices notices{w.store, w.blobs, w.world.ids(), w.world.clock(), "mx.example"};
  Roles roles{w.store, w.world.ids(), w.world.clock(), notices};
  SessionOptions options;
  Sessions sessions{w.store, w.store, w->access, w.world.ids(), w.world.clock(), options};
  TenantScope acme = w.tenant("acme.example");
  TenantScope other = w.tenant("other.example");
  AccountId hanako = w.account(acme, "hanako@acme.example");
  AccountId taro = w.account(acme, "taro@acme.example");
  AccountId ken = w.account(other, "ken@other.example");

  Fixture() {
    const AccountChange change{{}, {}, {}, Secret(kPassword)};
    for (const char* address : {"hanako@acme.example", "taro@acme.example"})
      REQUIRE(w.call(w->tenancy.update_account(acme, address, change)).has_value());
  }
  Result<HeldGrant> give(const std::string& address, Role role,
                         std::optional<std::string> domain = {}, Duties duties = Duties::apart) {
    return w.call(roles.give(acme, NewGrant{address, role, std::move(domain), duties}));
  }
  Result<OpenedSession> open(const std::string& name, const std::string& password) {
    return w.call(sessions.open({"admin", "192.0.2.7", name}, Secret(password)));
  }
  std::vector<std::string> verbs(const TenantScope& scope) {
    std::vector<std::string> out;
    for (const Record& record : w.records(scope, {RecordKind::operation}))
      out.push_back(record.from);
    return out;
  }
};

TEST_CASE("a role is given and taken, on record with before and after, and the owners get mail") {
  Fixture f;
  REQUIRE(f.give("hanako@acme.example", Role::owner).has_value());
  CHECK(f.w.messages(f.acme, f.hanako).size() == 1);  // an owner from that moment on
  const auto made = f.give("taro@acme.example", Role::admin, "acme.example");
  REQUIRE(made.has_value());
  CHECK(made->domain == "acme.example");
  const auto mails = f.w.messages(f.acme, f.hanako);
  REQUIRE(mails.size() == 2);
  CHECK(mails[1].contains("Auto-Submitted: auto-generated"));
  CHECK(mails[1].contains("hanako@acme.example"));
  CHECK(f.w.messages(f.acme, f.taro).empty());
  auto record = f.w.records(f.acme, {RecordKind::operation}).back();
  CHECK(record.from == "role.grant");
  CHECK(record.to == "taro@acme.example");
  CHECK(record.detail == R"({"before":"","after":"admin in acme.example","duties":"apart"})");
  CHECK(f.w.call(f.roles.grants(f.acme, GrantId(), 10))->size() == 2);
  CHECK(f.w.call(f.roles.held_by(f.acme, "taro@acme.example"))->size() == 1);
  REQUIRE(f.w.call(f.roles.take(f.acme, made->grant.id)).has_value());
  record = f.w.records(f.acme, {RecordKind::operation}).back();
  CHECK(record.from == "role.revoke");
  CHECK(record.detail == R"({"before":"admin in acme.example","after":""})");
  CHECK(f.w.messages(f.acme, f.hanako).size() == 3);
  CHECK(code_of(f.w.call(f.roles.take(f.acme, made->grant.id))) == Code::not_found);
}

TEST_CASE("what can't be given") {
  Fixture f;
  REQUIRE(f.give("taro@acme.example", Role::admin).has_value());
  struct Row {
    std::string address;
    Role role;
    std::optional<std::string> domain;
    Code code;
  };
  for (const Row& row :
       std::vector<Row>{{"taro@acme.example", Role::admin, {}, Code::conflict},
                        {"taro@acme.example", Role::auditor, {}, Code::conflict},
                        {"taro@acme.example", Role::approver, {}, Code::conflict},
                        {"hanako@acme.example", Role::operator_, {}, Code::invalid},
                        {"hanako@acme.example", Role::owner, "acme.example", Code::invalid},
                        {"hanako@acme.example", Role::admin, "other.example", Code::not_found},
                        {"hanako@acme.example", Role::admin, "not a domain", Code::invalid},
                        {"ken@other.example", Role::admin, {}, Code::not_found},
                        {"nobody@acme.example", Role::admin, {}, Code::not_found},
                        {"nobody", Role::admin, {}, Code::invalid}}) {
    CAPTURE(row.address);
    CAPTURE(info_of(row.role).name);
    CHECK(code_of(f.give(row.address, row.role, row.domain)) == row.code);
  }
  CHECK(f.give("taro@acme.example", Role::auditor, {}, Duties::combined).has_value());
  CHECK(f.w.records(f.acme, {RecordKind::operation}).back().detail.contains("combined"));
  const TenantScope own{f.acme.tenant, admin(f.hanako)};
  CHECK(code_of(f.w.call(f.roles.give(
            own, NewGrant{"hanako@acme.example", Role::auditor, {}, {}}))) == Code::denied);
  NewAccount shared{"info@acme.example", "", Secret(), 0, AccountKind::shared};
  REQUIRE(f.w.call(f.w->tenancy.create_account(f.acme, shared)).has_value());
  CHECK(code_of(f.give("info@acme.example", Role::admin)) == Code::invalid);
}

TEST_CASE("the last owner stays owner, active and there") {
  Fixture f;
  const auto first = f.give("hanako@acme.example", Role::owner);
  REQUIRE(first.has_value());
  Tenancy& tenancy = f.w->tenancy;
  const AccountChange disable{{}, AccountStatus::disabled, {}, {}};
  CHECK(code_of(f.w.call(f.roles.take(f.acme, first->grant.id))) == Code::conflict);
  CHECK(code_of(f.w.call(tenancy.update_account(f.acme, "hanako@acme.example", disable))) ==
        Code::conflict);
  CHECK(code_of(f.w.call(tenancy.delete_account(f.acme, "hanako@acme.example"))) == Code::conflict);
  REQUIRE(f.give("taro@acme.example", Role::owner).has_value());
  CHECK(f.w.call(tenancy.update_account(f.acme, "taro@acme.example", disable)).has_value());
  // A disabled owner is none to rely on.
  CHECK(code_of(f.w.call(f.roles.take(f.acme, first->grant.id))) == Code::conflict);
  const AccountChange enable{{}, AccountStatus::active, {}, {}};
  CHECK(f.w.call(tenancy.update_account(f.acme, "taro@acme.example", enable)).has_value());
  CHECK(f.w.call(f.roles.take(f.acme, first->grant.id)).has_value());
  CHECK(f.w.call(tenancy.delete_account(f.acme, "hanako@acme.example")).has_value());
}

TEST_CASE("grants are out of another tenant's reach") {
  Fixture f;
  const auto made = f.give("hanako@acme.example", Role::admin);
  REQUIRE(made.has_value());
  CHECK(code_of(f.w.call(f.roles.take(f.other, made->grant.id))) == Code::not_found);
  CHECK(f.w.call(f.roles.grants(f.other, GrantId(), 10))->empty());
  CHECK(f.w.call(f.roles.held_by(f.other, "hanako@acme.example"))->empty());
  CHECK(f.w.call(f.roles.held_by(f.acme, "not an address"))->empty());
}

TEST_CASE("a session: opened by the own password, carrying the roles of each moment") {
  Fixture f;
  CHECK(code_of(f.open("hanako@acme.example", "wrong")) == Code::unauthenticated);
  CHECK(code_of(f.open("nobody@acme.example", kPassword)) == Code::unauthenticated);
  const auto opened = f.open("hanako@acme.example", kPassword);
  REQUIRE(opened.has_value());
  const std::string token(opened->token.reveal());
  auto who = f.w.call(f.sessions.session(token));
  REQUIRE(who.has_value());
  CHECK(who->caller.actor == admin(f.hanako));
  CHECK(who->caller.tenant == f.acme.tenant);
  CHECK(who->caller.grants.empty());
  REQUIRE(f.give("hanako@acme.example", Role::auditor).has_value());
  who = f.w.call(f.sessions.session(token));
  REQUIRE(who->caller.grants.size() == 1);
  CHECK(who->caller.grants[0].role == Role::auditor);
  // It is no bearer token, and its hash opens nothing.
  CHECK(code_of(f.w.call(f.sessions.bearer(token))) == Code::unauthenticated);
  CHECK(code_of(f.w.call(f.sessions.session(token + "x"))) == Code::unauthenticated);
  CHECK(code_of(f.w.call(f.sessions.session(""))) == Code::unauthenticated);
  CHECK(Sessions::csrf_matches(token, opened->csrf.reveal()));
  CHECK_FALSE(Sessions::csrf_matches(token, ""));
  CHECK_FALSE(Sessions::csrf_matches(token + "x", opened->csrf.reveal()));
  const auto logins = f.w.records(f.acme, {RecordKind::login});
  REQUIRE_FALSE(logins.empty());
  CHECK(logins.back().protocol == "admin");
}

TEST_CASE("a password for mail clients opens no session, even after it has opened mail") {
  Fixture f;
  const auto key =
      f.w.call(f.w->tenancy.create_app_password(f.acme, "hanako@acme.example", "phone"));
  REQUIRE(key.has_value());
  const std::string text(key->key.reveal());
  CHECK(
      f.w.call(f.w->access.password({"imap", "192.0.2.7", "hanako@acme.example"}, Secret(text), {}))
          .has_value());
  CHECK(code_of(f.open("hanako@acme.example", text)) == Code::unauthenticated);
}

TEST_CASE("a session ends: idle, at its limit, by log out, with its account, with its tenant") {
  Fixture f;
  const auto alive = [&](const OpenedSession& session) {
    return f.w.call(f.sessions.session(session.token.reveal())).has_value();
  };
  FakeClock& clock = f.w.world.clock();
  auto one = f.open("hanako@acme.example", kPassword);
  clock.advance(f.options.idle - std::chrono::seconds(1));
  CHECK(alive(*one));
  clock.advance(f.options.idle - std::chrono::seconds(1));
  CHECK(alive(*one));  // used meanwhile
  clock.advance(f.options.idle);
  CHECK_FALSE(alive(*one));
  one = f.open("hanako@acme.example", kPassword);
  for (Duration age{}; age < f.options.absolute; age += std::chrono::minutes(20)) {
    CHECK(alive(*one));
    clock.advance(std::chrono::minutes(20));
  }
  CHECK_FALSE(alive(*one));

  one = f.open("hanako@acme.example", kPassword);
  const auto second = f.open("hanako@acme.example", kPassword);
  const auto taros = f.open("taro@acme.example", kPassword);
  CHECK(f.w.call(f.sessions.sessions(f.acme, f.hanako))->size() == 2);
  CHECK(code_of(f.w.call(f.sessions.end_session(f.acme, f.hanako, taros->session.id))) ==
        Code::not_found);
  CHECK(code_of(f.w.call(f.sessions.end_session(f.other, f.hanako, one->session.id))) ==
        Code::not_found);
  CHECK(f.w.call(f.sessions.end_session(f.acme, f.hanako, one->session.id)).has_value());
  CHECK_FALSE(alive(*one));
  CHECK(alive(*second));
  CHECK(f.w.call(f.sessions.end_all_sessions(f.acme, f.hanako, TokenId())).has_value());
  CHECK_FALSE(alive(*second));
  CHECK(alive(*taros));
  const AccountChange disable{{}, AccountStatus::disabled, {}, {}};
  CHECK(f.w.call(f.w->tenancy.update_account(f.acme, "taro@acme.example", disable)).has_value());
  CHECK_FALSE(alive(*taros));
  const AccountChange enable{{}, AccountStatus::active, {}, {}};
  CHECK(f.w.call(f.w->tenancy.update_account(f.acme, "taro@acme.example", enable)).has_value());
  CHECK(alive(*taros));
  REQUIRE(f.w.call(f.w->tenancy.set_tenant_status({}, f.acme.tenant, TenantStatus::suspended))
              .has_value());
  CHECK_FALSE(alive(*taros));
}

TEST_CASE("a new password ends the sessions that the old one opened") {
  Fixture f;
  const auto opened = f.open("hanako@acme.example", kPassword);
  REQUIRE(f.w.call(f.sessions.session(opened->token.reveal())).has_value());
  const AccountChange change{{}, {}, {}, Secret("another horse battery")};
  REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "hanako@acme.example", change)).has_value());
  CHECK(code_of(f.w.call(f.sessions.session(opened->token.reveal()))) == Code::unauthenticated);
  CHECK(code_of(f.open("hanako@acme.example", kPassword)) == Code::unauthenticated);
  CHECK(f.open("hanako@acme.example", "another horse battery").has_value());
}

TEST_CASE("the oldest session makes room for a new one") {
  Fixture f;
  SessionOptions few;
  few.per_account_max = 2;
  Sessions sessions{f.w.store, f.w.store, f.w->access, f.w.world.ids(), f.w.world.clock(), few};
  std::vector<std::string> tokens;
  for (int i = 0; i < 3; ++i) {
    const auto opened =
        f.w.call(sessions.open({"admin", "192.0.2.7", "hanako@acme.example"}, Secret(kPassword)));
    REQUIRE(opened.has_value());
    tokens.emplace_back(opened->token.reveal());
  }
  CHECK_FALSE(f.w.call(sessions.session(tokens[0])).has_value());
  CHECK(f.w.call(sessions.session(tokens[1])).has_value());
  CHECK(f.w.call(sessions.session(tokens[2])).has_value());
}

TEST_CASE("tokens for programs: no more than their maker, until they end or are ended") {
  Fixture f;
  REQUIRE(f.give("hanako@acme.example", Role::admin).has_value());
  const auto opened = f.open("hanako@acme.example", kPassword);
  REQUIRE(opened.has_value());
  const Caller maker = opened->caller;
  const TenantScope scope{f.acme.tenant, maker.actor};
  const auto make = [&](NewToken request) {
    return f.w.call(f.sessions.create_token(scope, maker, std::move(request)));
  };
  const Instant now = f.w.world.clock().now();
  CHECK(code_of(make({"x", Role::auditor, {}, {}})) == Code::denied);
  CHECK(code_of(make({"x", Role::owner, {}, {}})) == Code::invalid);
  CHECK(code_of(make({"x", Role::operator_, {}, {}})) == Code::invalid);
  CHECK(code_of(make({"", Role::admin, {}, {}})) == Code::invalid);
  CHECK(code_of(make({"a\nb", Role::admin, {}, {}})) == Code::invalid);
  CHECK(code_of(make({"x", Role::admin, {}, now})) == Code::invalid);
  CHECK(code_of(make({"x", Role::admin, {}, now + std::chrono::days(500)})) == Code::invalid);
  CHECK(code_of(make({"x", Role::admin, "other.example", {}})) == Code::not_found);
  const auto made = make({"report", Role::report_viewer, {}, now + std::chrono::hours(1)});
  REQUIRE(made.has_value());
  const std::string text(made->text.reveal());
  CHECK(text.starts_with("fumi_adm_"));
  auto who = f.w.call(f.sessions.bearer(text));
  REQUIRE(who.has_value());
  CHECK(who->caller.actor == Actor{Actor::Kind::token, made->token.id.value()});
  REQUIRE(who->caller.grants.size() == 1);
  CHECK(who->caller.grants[0].role == Role::report_viewer);
  CHECK(code_of(f.w.call(f.sessions.session(text))) == Code::unauthenticated);
  const auto listed = f.w.call(f.sessions.tokens(f.acme, TokenId(), 10));
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().roles == "report-viewer");
  CHECK(f.w.call(f.sessions.tokens(f.other, TokenId(), 10))->empty());
  CHECK(code_of(f.w.call(f.sessions.remove_token(f.other, made->token.id))) == Code::not_found);
  CHECK(code_of(f.w.call(f.sessions.remove_token(f.acme, opened->session.id))) == Code::not_found);
  f.w.world.clock().advance(std::chrono::hours(1));
  CHECK(code_of(f.w.call(f.sessions.bearer(text))) == Code::unauthenticated);
  const auto second = make({"sync", Role::admin, "acme.example", {}});
  REQUIRE(second.has_value());
  CHECK(f.w.call(f.sessions.bearer(second->text.reveal())).has_value());
  REQUIRE(f.w.call(f.sessions.remove_token(f.acme, second->token.id)).has_value());
  CHECK(code_of(f.w.call(f.sessions.bearer(second->text.reveal()))) == Code::unauthenticated);
  const auto verbs = f.verbs(f.acme);
  CHECK(std::ranges::count(verbs, "token.create") == 2);
  CHECK(std::ranges::count(verbs, "token.revoke") == 1);
}

TEST_CASE("a store that is away is no wrong password, and nothing half done stays") {
  Fixture f;
  REQUIRE(f.give("hanako@acme.example", Role::owner).has_value());
  const auto opened = f.open("hanako@acme.example", kPassword);
  const std::string token(opened->token.reveal());
  const std::size_t mails = f.w.messages(f.acme, f.hanako).size();
  const std::size_t grants = f.w.call(f.roles.grants(f.acme, GrantId(), 10))->size();
  bool done = false;
  for (std::size_t n = 1; n < 20 && !done; ++n) {
    f.w.faults.arm(n);
    const auto made = f.give("taro@acme.example", Role::admin);
    f.w.faults.arm(0);
    done = made.has_value();
    if (done) break;
    CHECK(made.error().code == Code::unavailable);
    CHECK(f.w.messages(f.acme, f.hanako).size() == mails);
    CHECK(f.w.call(f.roles.grants(f.acme, GrantId(), 10))->size() == grants);
  }
  CHECK(done);
  f.w.faults.arm(1);
  CHECK(code_of(f.w.call(f.sessions.session(token))) == Code::unavailable);
  f.w.faults.arm(0);
  CHECK(f.w.call(f.sessions.session(token)).has_value());
  CHECK(f.w.messages(f.acme, f.hanako).size() == mails + 1);
}

}  // namespace
}  // namespace fumi::service
