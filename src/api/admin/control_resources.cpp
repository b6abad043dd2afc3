#include "api/admin/control_resources.h"

#include "domain/grant.h"

namespace fumi::api::admin {
namespace {

constexpr std::int64_t kAddressOctetsMax = 320;
constexpr std::int64_t kPasswordOctetsMax = 1024;

std::vector<std::string> tenant_roles() {
  std::vector<std::string> names;
  for (const RoleInfo& role : roles())
    if (role.of == RoleInfo::Of::tenant) names.emplace_back(role.name);
  return names;
}

}  // namespace

void describe(Schema<RehearsedView>& s) {
  s.named("Rehearsed", "One change that would be made, as the log of operations would show it.");
  s.field(&RehearsedView::operation, "operation", "What.").example("account.create");
  s.field(&RehearsedView::object, "object", "To what.");
  s.field(&RehearsedView::detail, "detail", "More, by operation.");
}

void describe(Schema<RehearsalView>& s) {
  s.named("Rehearsal", "What a request would do, were it no dry run.");
  s.field(&RehearsalView::changes, "changes", "In their order; empty: nothing.");
}

void describe(Schema<NewSession>& s) {
  s.named("NewSession", "Who logs in to a console.");
  s.field(&NewSession::login, "address", "The account's address.")
      .length(3, kAddressOctetsMax)
      .example("hanako@acme.example");
  s.field(&NewSession::password, "password",
          "The account's own password; passwords for mail clients open no console.")
      .length(1, kPasswordOctetsMax);
}

void describe(Schema<SessionView>& s) {
  s.named("Session", "Who calls, and what they may. The session's secret is in the cookie alone.");
  s.field(&SessionView::address, "address", "The account's address, or the token's name.");
  s.field(&SessionView::tenant, "tenant", "Its tenant.");
  s.field(&SessionView::roles, "roles", "The roles, each with the domain where it is for one.")
      .example("admin in acme.example");
  s.field(&SessionView::permissions, "permissions", "What the roles permit, taken together.");
  s.field(&SessionView::csrf_token, "csrf_token",
          "To be sent as X-CSRF-Token with all but GET when the cookie is what proves the caller.");
  s.field(&SessionView::expires, "expires", "When it ends, however much it is used.");
}

void describe(Schema<SessionRow>& s) {
  s.named("SessionRow", "A session of an account.");
  s.field(&SessionRow::id, "id", "Its id.");
  s.field(&SessionRow::from, "from", "The client's address when it was opened.");
  s.field(&SessionRow::created, "created", "When it was opened.");
  s.field(&SessionRow::used, "used", "When it was last used, to the minute.");
  s.field(&SessionRow::expires, "expires", "When it ends at the latest.");
  s.field(&SessionRow::current, "current", "Whether it is the one that asks.");
}

void describe(Schema<RoleView>& s) {
  s.named("Role", "A role that can be given.");
  s.field(&RoleView::name, "name", "Its name.").example("auditor");
  s.field(&RoleView::permissions, "permissions", "What it permits.");
}

void describe(Schema<NewGrantBody>& s) {
  s.named("NewGrant", "A role to give to an account.");
  s.field(&NewGrantBody::address, "address", "The account.")
      .length(3, kAddressOctetsMax)
      .format("email")
      .example("hanako@acme.example");
  s.field(&NewGrantBody::role, "role", "The role.").choices(tenant_roles());
  s.field(&NewGrantBody::domain, "domain", "In this domain alone; not for owners.").length(1, 255);
  s.field(&NewGrantBody::duties, "duties",
          "combined: although the account has a duty that is better kept apart from this one.")
      .choices({"apart", "combined"})
      .optional();
}

void describe(Schema<GrantView>& s) {
  s.named("Grant", "A role that an account or a token has.");
  s.field(&GrantView::id, "id", "Its id.");
  s.field(&GrantView::kind, "kind", "Who has it.").choices({"account", "token"});
  s.field(&GrantView::holder, "holder", "The account's address, or the token's name.");
  s.field(&GrantView::role, "role", "The role.");
  s.field(&GrantView::domain, "domain", "The domain that it is for; missing: all of the tenant.");
  s.field(&GrantView::by, "by", "Who gave it: kind, and id where there is one.");
  s.field(&GrantView::created, "created", "When.");
}

void describe(Schema<NewTokenBody>& s) {
  s.named("NewToken", "A token for a program that administrates.");
  s.field(&NewTokenBody::name, "name", "What it is for.").length(1, 200).example("nightly report");
  s.field(&NewTokenBody::role, "role", "Its role: no more than its maker has, and never owner.")
      .choices(tenant_roles());
  s.field(&NewTokenBody::domain, "domain", "In this domain alone.").length(1, 255);
  s.field(&NewTokenBody::expires, "expires",
          "When it ends; without it as late as the server allows (sessions.token_life_max).");
}

void describe(Schema<TokenView>& s) {
  s.named("Token", "A token of a program that administrates.");
  s.field(&TokenView::id, "id", "Its id.");
  s.field(&TokenView::name, "name", "What it is for.");
  s.field(&TokenView::roles, "roles", "Its role, with the domain where it is for one.");
  s.field(&TokenView::created, "created", "When it was made.");
  s.field(&TokenView::used, "used", "When it was last used, to the minute.");
  s.field(&TokenView::expires, "expires", "When it ends.");
  s.field(&TokenView::token, "token", "The token itself; in the answer to POST only.");
}

}  // namespace fumi::api::admin
