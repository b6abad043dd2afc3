#include "domain/grant.h"

#include <algorithm>
#include <array>

namespace fumi {
namespace {

using enum Permission;

constexpr std::array<std::string_view, kPermissions> kNames{"self",
                                                            "tenants.read",
                                                            "tenants.write",
                                                            "server.read",
                                                            "server.write",
                                                            "domains.read",
                                                            "domains.write",
                                                            "accounts.read",
                                                            "accounts.write",
                                                            "credentials.write",
                                                            "groups.read",
                                                            "groups.write",
                                                            "sharing.read",
                                                            "sharing.write",
                                                            "api_users.read",
                                                            "api_users.write",
                                                            "queue.read",
                                                            "queue.write",
                                                            "log.read",
                                                            "audit.read",
                                                            "content.read",
                                                            "content.write",
                                                            "policies.read",
                                                            "policies.write",
                                                            "approvals.decide",
                                                            "reports.read",
                                                            "plans.read",
                                                            "plans.write",
                                                            "roles.read",
                                                            "roles.write",
                                                            "tokens.read",
                                                            "tokens.write"};

constexpr Permissions kViewer{self,          tenants_read, server_read,  domains_read,
                              accounts_read, groups_read,  sharing_read, api_users_read,
                              queue_read,    log_read,     audit_read,   policies_read,
                              reports_read,  plans_read,   roles_read,   tokens_read};

// Contract, people and their duties; what is in mail only by export, which is on record.
constexpr Permissions kOwner{
    self,           tenants_read,      domains_read,    domains_write, accounts_read,
    accounts_write, credentials_write, groups_read,     groups_write,  sharing_read,
    sharing_write,  api_users_read,    api_users_write, queue_read,    queue_write,
    log_read,       audit_read,        content_read,    content_write, policies_read,
    policies_write, reports_read,      plans_read,      roles_read,    roles_write,
    tokens_read,    tokens_write};

constexpr Permissions kAdmin{
    self,           tenants_read,      domains_read,    domains_write,  accounts_read,
    accounts_write, credentials_write, groups_read,     groups_write,   sharing_read,
    sharing_write,  api_users_read,    api_users_write, queue_read,     queue_write,
    log_read,       content_write,     policies_read,   policies_write, reports_read,
    plans_read,     roles_read,        tokens_read,     tokens_write};

constexpr Permissions kAuditor{self,     tenants_read, domains_read, accounts_read, queue_read,
                               log_read, audit_read,   content_read, policies_read, roles_read};

constexpr Permissions kServiceUser{
    self,     tenants_read,   domains_read,    domains_write, queue_read,     queue_write,
    log_read, api_users_read, api_users_write, policies_read, policies_write, reports_read};

constexpr std::array kRoles{
    RoleInfo{Role::operator_, "operator", Permissions::all(), RoleInfo::Of::server},
    RoleInfo{Role::operator_viewer, "operator-viewer", kViewer, RoleInfo::Of::server},
    RoleInfo{Role::owner, "owner", kOwner},
    RoleInfo{Role::admin, "admin", kAdmin},
    RoleInfo{Role::approver, "approver", {self, approvals_decide}},
    RoleInfo{Role::auditor, "auditor", kAuditor},
    RoleInfo{Role::member, "member", {self}},
    RoleInfo{Role::service_user, "service-user", kServiceUser},
    RoleInfo{
        Role::report_viewer, "report-viewer", {self, tenants_read, domains_read, reports_read}},
    RoleInfo{Role::accountant, "accountant", {self, tenants_read, plans_read}},
};

bool holds_in(const Grant& grant, const Caller& caller, const GrantTarget& target) {
  switch (grant.scope.kind) {
    case GrantScope::Kind::server:
      return !caller.tenant;
    case GrantScope::Kind::tenant:
      return caller.tenant && caller.tenant == target.tenant;
    case GrantScope::Kind::domain:
      return caller.tenant && caller.tenant == target.tenant && grant.scope.domain &&
             grant.scope.domain == target.domain;
  }
  return false;
}

// Whether all of `inner` lies in `outer`; both in the same tenant.
bool encloses(const GrantScope& outer, const GrantScope& inner) {
  if (outer.kind == GrantScope::Kind::server) return true;
  if (inner.kind == GrantScope::Kind::server) return false;
  return outer.kind == GrantScope::Kind::tenant || outer == inner;
}

}  // namespace

std::string_view to_string(Permission permission) { return kNames[std::size_t(permission)]; }

std::span<const RoleInfo> roles() { return kRoles; }

const RoleInfo& info_of(Role role) {
  const auto found = std::ranges::find(kRoles, role, &RoleInfo::role);
  // A number that a newer version wrote gives no right.
  static constexpr RoleInfo kUnknown{Role::member, "unknown", {}};
  return found == kRoles.end() ? kUnknown : *found;
}

std::optional<Role> role_named(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name, &RoleInfo::name);
  return found == kRoles.end() ? std::nullopt : std::optional(found->role);
}

bool may(const Caller& caller, Permission permission, const GrantTarget& target) {
  const bool is_own = !caller.tenant || caller.tenant == target.tenant;
  if (permission == self) return is_own && caller.actor.id != 0;
  return std::ranges::any_of(caller.grants, [&](const Grant& grant) {
    return info_of(grant.role).permissions.has(permission) && holds_in(grant, caller, target);
  });
}

bool may_pass_on(const Caller& caller, Role role, const GrantScope& scope) {
  Permissions own;
  for (const Grant& grant : caller.grants)
    if (encloses(grant.scope, scope)) own |= info_of(grant.role).permissions;
  return own.has(info_of(role).permissions);
}

}  // namespace fumi
