#include "domain/grant.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace fumi {
namespace {

constexpr TenantId kAcme{1};
constexpr TenantId kOther{2};
constexpr DomainId kDomain{7};

Caller someone(Role role, GrantScope scope = {}) {
  const Actor actor{Actor::Kind::admin, 5};
  const bool server = scope.kind == GrantScope::Kind::server;
  return {actor, server ? TenantId() : kAcme, {Grant{GrantId(1), actor, role, scope, {}, {}}}};
}

constexpr GrantScope kServer{GrantScope::Kind::server, {}};
constexpr GrantScope kOneDomain{GrantScope::Kind::domain, kDomain};

TEST_CASE("every permission and every role has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kPermissions; ++i)
    CHECK(names.insert(to_string(Permission(i))).second);
  CHECK_FALSE(names.contains(""));
  std::set<std::string_view> role_names;
  for (const RoleInfo& role : roles()) {
    CHECK(role_names.insert(role.name).second);
    CHECK(role_named(role.name) == role.role);
    CHECK(role.permissions.has(Permission::self));
  }
  CHECK_FALSE(role_named("root"));
  CHECK_FALSE(info_of(Role(200)).permissions.has(Permission::self));
}

TEST_CASE("what the shipped roles may, in their tenant") {
  using enum Permission;
  struct Row {
    Role role;
    Permission permission;
    bool allowed;
  };
  for (const Row& row : std::initializer_list<Row>{{Role::owner, roles_write, true},
                                                   {Role::owner, accounts_write, true},
                                                   {Role::owner, tenants_write, false},
                                                   {Role::owner, server_read, false},
                                                   {Role::owner, approvals_decide, false},
                                                   {Role::owner, plans_write, false},
                                                   {Role::admin, accounts_write, true},
                                                   {Role::admin, roles_write, false},
                                                   {Role::admin, audit_read, false},
                                                   {Role::admin, content_read, false},
                                                   {Role::admin, approvals_decide, false},
                                                   {Role::auditor, audit_read, true},
                                                   {Role::auditor, content_read, true},
                                                   {Role::auditor, accounts_write, false},
                                                   {Role::approver, approvals_decide, true},
                                                   {Role::approver, accounts_read, false},
                                                   {Role::member, self, true},
                                                   {Role::member, accounts_read, false},
                                                   {Role::service_user, domains_write, true},
                                                   {Role::service_user, accounts_read, false},
                                                   {Role::service_user, plans_read, false},
                                                   {Role::report_viewer, reports_read, true},
                                                   {Role::report_viewer, log_read, false},
                                                   {Role::accountant, plans_read, true},
                                                   {Role::accountant, reports_read, false}}) {
    CAPTURE(info_of(row.role).name);
    CAPTURE(to_string(row.permission));
    CHECK(may(someone(row.role), row.permission, {kAcme, {}}) == row.allowed);
    CHECK_FALSE(may(someone(row.role), row.permission, {kOther, {}}));
    CHECK_FALSE(may(someone(row.role), row.permission, {kOther, kDomain}));
    CHECK_FALSE(may(someone(row.role), row.permission, {}));
  }
}

TEST_CASE("no role of a tenant holds what is the server's") {
  for (const RoleInfo& role : roles()) {
    if (role.of == RoleInfo::Of::server) continue;
    CAPTURE(role.name);
    for (const Permission each : {Permission::tenants_write, Permission::server_read,
                                  Permission::server_write, Permission::plans_write})
      CHECK_FALSE(role.permissions.has(each));
  }
}

TEST_CASE("a grant for one domain holds there alone; one of the server everywhere") {
  const Caller local = someone(Role::admin, kOneDomain);
  CHECK(may(local, Permission::accounts_write, {kAcme, kDomain}));
  CHECK_FALSE(may(local, Permission::accounts_write, {kAcme, DomainId(8)}));
  CHECK_FALSE(may(local, Permission::accounts_write, {kAcme, {}}));
  CHECK_FALSE(may(local, Permission::accounts_write, {kOther, kDomain}));
  CHECK_FALSE(may(someone(Role::admin, {GrantScope::Kind::domain, {}}), Permission::accounts_write,
                  {kAcme, {}}));
  const Caller boss = someone(Role::operator_, kServer);
  CHECK(may(boss, Permission::tenants_write, {}));
  CHECK(may(boss, Permission::accounts_write, {kOther, kDomain}));
  const Caller viewer = someone(Role::operator_viewer, kServer);
  CHECK(may(viewer, Permission::server_read, {}));
  CHECK_FALSE(may(viewer, Permission::content_read, {kAcme, {}}));
  CHECK_FALSE(may(viewer, Permission::accounts_write, {kAcme, {}}));
  // A server's grant in a tenant's hands is a bug of the store, not a key.
  Caller confused = someone(Role::operator_, kServer);
  confused.tenant = kAcme;
  CHECK_FALSE(may(confused, Permission::accounts_read, {kAcme, {}}));
  CHECK_FALSE(may(Caller{}, Permission::self, {}));
}

TEST_CASE("nobody hands out more than they have") {
  const GrantScope tenant;
  const Caller admin = someone(Role::admin);
  CHECK(may_pass_on(admin, Role::admin, tenant));
  CHECK(may_pass_on(admin, Role::admin, kOneDomain));
  CHECK(may_pass_on(admin, Role::member, tenant));
  CHECK(may_pass_on(admin, Role::report_viewer, tenant));
  CHECK_FALSE(may_pass_on(admin, Role::owner, tenant));
  CHECK_FALSE(may_pass_on(admin, Role::auditor, tenant));
  CHECK_FALSE(may_pass_on(admin, Role::operator_, kServer));
  const Caller local = someone(Role::admin, kOneDomain);
  CHECK(may_pass_on(local, Role::admin, kOneDomain));
  CHECK_FALSE(may_pass_on(local, Role::admin, tenant));
  CHECK_FALSE(may_pass_on(local, Role::admin, {GrantScope::Kind::domain, DomainId(8)}));
  CHECK(may_pass_on(someone(Role::operator_, kServer), Role::owner, tenant));
}

}  // namespace
}  // namespace fumi
