// Both parts of the admin API over a store in memory, with two tenants in it.
#pragma once

#include <doctest/doctest.h>

#include "api/admin/admin_routes.h"
#include "base/ascii.h"
#include "crypto/token.h"
#include "service/testing/service_world.h"

namespace fumi::api::admin {

using http::Method;
using service::testing::ServiceWorld;

inline constexpr std::string_view kRoot = "/api/admin/v1";

struct Asked {
  Method method = Method::get;
  std::string path;  // below kRoot, with "?query"
  std::string body;  // "": none
  std::string type = "application/json";
};

inline std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (const std::string_view part : ascii::split(text, at))
    if (!part.empty()) out.emplace_back(part);
  return out;
}

inline std::string text_of(const crypto::NewToken& token) {
  return std::string(token.text.reveal());
}

struct Rig {
  Rig() {
    token = crypto::make_token("op");
    const Operator person{w.world.ids().next<OperatorId>(), "ops",
                          ascii::to_hex(crypto::view(token.stored)), w.world.clock().now()};
    REQUIRE(
        w.world.platform([&](PlatformTx& tx) { return tx.platform().create_operator(person); }));
    add_admin_routes(router, host, Part::server);
    add_admin_routes(tenant_router, host, Part::tenants);
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = w.account(acme, "hanako@acme.example");
    ken = w.account(other, "ken@other.example");
    REQUIRE(w.call(w->tenancy.create_api_user(other, "app@other.example")).has_value());
    const auto key = w.call(w->tenancy.create_app_password(other, "ken@other.example", "phone"));
    REQUIRE(key.has_value());
    kens_key = w.call(w->tenancy.app_passwords(other, "ken@other.example"))->at(0).id.text();
    // Nothing is started: what is sent away waits in the queue.
    const auto id =
        w.accept(ServiceWorld::from(other, ken, "ken@other.example"), "ken@other.example",
                 {"x@remote.example"}, service::testing::mail("ken@other.example"));
    REQUIRE(id.has_value());
    queued = id->text();
    const service::NewGrant grant{"ken@other.example", Role::auditor, {}, {}};
    const auto given = w.call(roles.give(other, grant));
    REQUIRE(given.has_value());
    kens_grant = given->grant.id.text();
    Caller maker{{Actor::Kind::operator_, 1}, {}, {}};
    maker.grants.push_back({GrantId(1), maker.actor, Role::operator_, {}, {}, {}});
    maker.grants[0].scope.kind = GrantScope::Kind::server;
    const auto made =
        w.call(sessions.create_token(other, maker, {"report", Role::report_viewer, {}, {}}));
    REQUIRE(made.has_value());
    others_token = made->token.id.text();
    job = w.call(transfers.begin({other, ken}, "test"))->id.text();
    AccessRule lenient;
    lenient.name = "everybody";
    lenient.effect = AccessRule::Effect::allow;
    rule = w.call(access.create_rule(other, {}, lenient))->id.text();
    service::Principal who;
    who.tenant = other.tenant;
    who.account = ken;
    session = w->live.enter(who, AccessDoor::imap, "192.0.2.9", [] {});
  }

  http::Response ask(const Asked& asked, std::string_view authorization) {
    return ask_on(router, asked, {{"Authorization", std::string(authorization)}});
  }
  // As the session's owner, on the tenants' part.
  http::Response ask_as(const service::OpenedSession& session, const Asked& asked) {
    const std::string cookie = "__Host-fumi=" + std::string(session.token.reveal());
    return ask_on(tenant_router, asked,
                  {{"Cookie", cookie}, {"X-CSRF-Token", std::string(session.csrf.reveal())}});
  }
  http::Response ask_on(const http::Router& where, const Asked& asked,
                        const std::vector<std::pair<std::string, std::string>>& headers) {
    http::RequestContext context;
    context.request.method = asked.method;
    const auto halves = split(asked.path, '?');
    context.request.path = std::string(kRoot) + halves[0];
    context.request.segments = split(context.request.path, '/');
    if (halves.size() > 1) {
      for (const std::string& pair : split(halves[1], '&')) {
        const auto at = pair.find('=');
        context.request.query.push_back({pair.substr(0, at), pair.substr(at + 1)});
      }
    }
    for (const auto& [name, value] : headers)
      if (!value.empty()) context.request.headers.add(name, value);
    if (!asked.body.empty()) context.request.headers.add("Content-Type", asked.type);
    context.request.body = asked.body;
    const http::RouteMatch match = where.find(asked.method, context.request.segments);
    REQUIRE(match.route != nullptr);
    context.parameters = match.parameters;
    return w.call(match.route->handler(context)).response;
  }
  http::Response ask(const Asked& asked) { return ask(asked, "Bearer " + text_of(token)); }
  // Gives the roles and logs in. Accounts of ServiceWorld get this password here.
  service::OpenedSession log_in(const TenantScope& scope, const std::string& address,
                                const std::vector<Role>& holds) {
    constexpr const char* kPassword = "correct horse battery";
    for (const Role role : holds) {
      const service::NewGrant grant{address, role, {}, service::Duties::combined};
      REQUIRE(w.call(roles.give(scope, grant)).has_value());
    }
    const service::AccountChange change{{}, {}, {}, Secret(kPassword)};
    REQUIRE(w.call(w->tenancy.update_account(scope, address, change)).has_value());
    auto opened = w.call(sessions.open({"admin", "192.0.2.7", address}, Secret(kPassword)));
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  int status(const Asked& asked) { return ask(asked).status; }
  std::size_t operations(const TenantScope& scope) {
    return w.records(scope, {RecordKind::operation}).size();
  }

  ServiceWorld w;
  crypto::NewToken token;
  service::QueueAdmin queue{w.store, w.world.clock(), [] {}};
  service::RecordReader records{w.store, w.store, w->runtime, w.world.clock()};
  service::SearchIndexer search_index{w.store,    w.store,         w.blobs,
                                      w->runtime, w.world.clock(), service::SearchIndexOptions()};
  service::Transfers transfers{w.store, w->mailboxes, w->runtime, w.world.clock(), w.world.ids()};
  service::AccessPolicy access{w.store, w.world.clock()};
  service::testing::TableDns dns;
  service::DomainCheck domain_check{
      w.store, w->routing, dns, w.world.clock(), {"mx.example", 993, 465, 587, {}}};
  service::Limits limits{w.store, w.world.clock()};
  service::OwnerNotices notices{w.store, w.blobs, w.world.ids(), w.world.clock(), "mx.example"};
  service::Roles roles{w.store, w.world.ids(), w.world.clock(), notices};
  service::Sessions sessions{w.store,       w.store,         w->access,
                             w.world.ids(), w.world.clock(), service::SessionOptions()};
  AdminHost host{w->tenancy,   w.store,      queue,     records,      w->runtime, w.world.clock(),
                 "mx.example", search_index, transfers, w->mailboxes, access,     w->live,
                 domain_check, limits,       roles,     sessions,     w.store};
  http::Router router;
  http::Router tenant_router;
  TenantScope acme;
  TenantScope other;
  AccountId hanako;
  AccountId ken;
  std::string kens_key;
  std::string kens_grant;
  std::string others_token;
  std::string queued;
  std::string job;
  std::string rule;
  service::LiveSessions::Ticket session;  // number 1
};

}  // namespace fumi::api::admin
