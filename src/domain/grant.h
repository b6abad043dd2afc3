// Grants: who may do what with the admin API. A grant is a role within a scope; a role is a fixed
// set of permissions; a permission is a class of operations ("accounts.write"). Operations declare
// the permission that they need, and may() is the only judge.
//
// Roles add up, and none implies another: who runs accounts (admin) doesn't read the archive
// (auditor) and doesn't approve mail (approver). kRoles in grant.cpp is the whole table.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "domain/ids.h"
#include "domain/scope.h"

namespace fumi {

using GrantId = StrongId<struct GrantTag>;

// Not stored: order and numbers may change.
enum class Permission : std::uint8_t {
  self,  // one's own session, password and keys: everybody who has logged in
  tenants_read,
  tenants_write,  // opening, suspending: the server's
  server_read,    // across tenants: the server's
  server_write,
  domains_read,
  domains_write,
  accounts_read,
  accounts_write,
  credentials_write,  // keys of others
  groups_read,
  groups_write,
  sharing_read,
  sharing_write,
  api_users_read,
  api_users_write,
  queue_read,
  queue_write,
  log_read,
  audit_read,
  content_read,   // what is in people's mail
  content_write,  // bringing mail in
  policies_read,
  policies_write,
  approvals_decide,
  reports_read,
  plans_read,
  plans_write,
  roles_read,
  roles_write,
  tokens_read,
  tokens_write,
};
inline constexpr std::size_t kPermissions = std::size_t(Permission::tokens_write) + 1;

[[nodiscard]] std::string_view to_string(Permission permission);  // "accounts.write"

class Permissions {
 public:
  constexpr Permissions() = default;
  constexpr Permissions(std::initializer_list<Permission> some) {
    for (const Permission each : some)
      bits_ |= std::uint64_t{1} << unsigned(each);
  }
  [[nodiscard]] static constexpr Permissions all() {
    Permissions out;
    out.bits_ = (std::uint64_t{1} << kPermissions) - 1;
    return out;
  }
  [[nodiscard]] constexpr bool has(Permission one) const {
    return (bits_ >> unsigned(one) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool has(Permissions others) const {
    return (others.bits_ & ~bits_) == 0;
  }
  constexpr Permissions& operator|=(Permissions others) {
    bits_ |= others.bits_;
    return *this;
  }

 private:
  std::uint64_t bits_ = 0;
};

// Numbers are stored; never reuse one.
enum class Role : std::uint8_t {
  operator_ = 1,        // of the server: everything
  operator_viewer = 2,  // of the server: looks, but not into mail
  owner = 3,
  admin = 4,
  approver = 5,
  auditor = 6,
  member = 7,
  service_user = 8,  // all but accounts and plan (Customers Mail Cloud)
  report_viewer = 9,
  accountant = 10,
};

struct RoleInfo {
  Role role = Role::member;
  std::string_view name;  // "report-viewer"
  Permissions permissions;
  enum class Of : std::uint8_t { server, tenant } of = Of::tenant;
};
[[nodiscard]] std::span<const RoleInfo> roles();
[[nodiscard]] const RoleInfo& info_of(Role role);
[[nodiscard]] std::optional<Role> role_named(std::string_view name);

// Where a grant holds: in all of its tenant, in one domain of it, or (operators) everywhere.
struct GrantScope {
  enum class Kind : std::uint8_t { server = 0, tenant = 1, domain = 2 } kind = Kind::tenant;
  DomainId domain;  // kind domain
  bool operator==(const GrantScope&) const = default;
};

struct Grant {
  GrantId id;
  Actor holder;  // account, or token
  Role role = Role::member;
  GrantScope scope;
  Actor by;
  Instant created;
};

// Who calls the admin API: proven, with the grants that it had at that moment.
struct Caller {
  Actor actor;
  TenantId tenant;  // 0: an operator, of no tenant
  std::vector<Grant> grants;
};

// What an operation is about. Without a tenant: all of the server; without a domain: all of the
// tenant.
struct GrantTarget {
  TenantId tenant;
  DomainId domain;
};

[[nodiscard]] bool may(const Caller& caller, Permission permission, const GrantTarget& target);

// Whether somebody with these grants may hand out `role` in `scope` (to a token): never more than
// what they have themselves.
[[nodiscard]] bool may_pass_on(const Caller& caller, Role role, const GrantScope& scope);

}  // namespace fumi
