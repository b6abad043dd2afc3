// Roles: gives roles to a tenant's accounts and takes them away.
//
// Whether the caller may (roles.write) is judged before. What is kept here: a tenant that has an
// owner keeps one; nobody gives a role to themselves; who runs accounts doesn't audit or approve,
// unless it is said aloud. Each change is one transaction with its operation record (before and
// after) and a mail to the owners.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/grant.h"
#include "domain/ports/store.h"
#include "service/control/owner_notice.h"

namespace fumi::service {

// combined: one person may hold duties that are better apart. For tenants of very few people.
enum class Duties : std::uint8_t { apart, combined };

struct NewGrant {
  std::string address;  // an account of the tenant
  Role role = Role::member;
  std::optional<std::string> domain;  // only there; not for owners
  Duties duties = Duties::apart;
};

// A grant, and whose it is in words.
struct HeldGrant {
  Grant grant;
  std::string holder;  // an address, or a token's name
  std::string domain;  // of a scope that is one
};

class Roles {
 public:
  Roles(Store& store, IdGenerator& ids, const Clock& clock, OwnerNotices& notices)
      : store_(store), ids_(ids), clock_(clock), notices_(notices) {}

  // The same over another view of the store. A notice that goes nowhere leaves a blob that nobody
  // refers to.
  [[nodiscard]] Roles over(Store& store) const { return {store, ids_, clock_, notices_}; }

  // invalid: no tenant's role, a shared account; not_found; conflict: held already, or duties
  // that are kept apart; denied: to oneself.
  Task<Result<HeldGrant>> give(TenantScope scope, NewGrant request);
  Task<Status> take(TenantScope scope, GrantId id);  // not_found; conflict: the last owner
  // Ascending by id, those after `after`, at most `limit`; tokens' grants too.
  Task<Result<std::vector<HeldGrant>>> grants(TenantScope scope, GrantId after,
                                              std::uint32_t limit);
  // What an account holds; empty for an address that nobody has.
  Task<Result<std::vector<Grant>>> held_by(TenantScope scope, std::string address);

 private:
  Store& store_;
  IdGenerator& ids_;
  const Clock& clock_;
  OwnerNotices& notices_;
};

// "admin, auditor in acme.example": for records, mails and people.
[[nodiscard]] Result<std::string> describe_grants(Tx& tx, const Actor& holder);

}  // namespace fumi::service
