// AccessPolicy: keeps a tenant's access rules and holidays, and answers by them.
//
// Rules are judged in Access at each login and in LiveSessions while a session lasts; here they are
// changed, listed and tried out. Nobody can save what would lock them out themselves.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/store.h"
#include "service/access/access_rules.h"

namespace fumi::service {

// Compiled rules by tenant, kept while the tenant's settings version stays. Any thread.
class RulesCache {
 public:
  // The rules as this transaction sees them. corrupt: what is stored can't be read.
  [[nodiscard]] Result<std::shared_ptr<const AccessRules>> rules(Tx& tx);

 private:
  struct Kept {
    std::uint64_t version = 0;
    std::shared_ptr<const AccessRules> rules;
  };
  static constexpr std::size_t kTenantsMax = 10'000;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Kept> kept_;
};

// From where somebody who changes rules has come in: they must still be able to afterwards.
struct AccessGuard {
  AccessDoor door = AccessDoor::admin;
  std::optional<IpAddress> from;
};

struct AccessTrial {
  std::string address;  // of an account or an API user
  AccessDoor door = AccessDoor::web;
  std::optional<IpAddress> from;
  Instant at;
};

class AccessPolicy {
 public:
  AccessPolicy(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Task<Result<std::vector<AccessRule>>> rules(TenantScope scope);
  Task<Result<AccessRule>> rule(TenantScope scope, SettingId id);  // not_found
  // The change is an operation record with the rule before and after. invalid: check_rule();
  // not_found: whom it is about; denied: the actor would lock itself out; quota.
  Task<Result<AccessRule>> create_rule(TenantScope scope, AccessGuard guard, AccessRule rule);
  Task<Result<AccessRule>> replace_rule(TenantScope scope, AccessGuard guard, AccessRule rule);
  Task<Status> remove_rule(TenantScope scope, AccessGuard guard, SettingId id);

  Task<Result<std::vector<Holiday>>> holidays(TenantScope scope);
  Task<Status> set_holidays(TenantScope scope, AccessGuard guard, std::vector<Holiday> holidays);

  // Whom a rule is about, as people write it: "everyone", "@acme.example", an address of an account
  // or an API user. invalid; not_found.
  Task<Result<AccessSubject>> subject(TenantScope scope, std::string text);
  // The same back, in order; "" for somebody who is gone.
  Task<Result<std::vector<std::string>>> subject_texts(TenantScope scope,
                                                       std::vector<AccessSubject> subjects);

  // The operation record of a session that an administrator ended (LiveSessions::revoke).
  Task<Status> record_ended(TenantScope scope, std::string session);

  // May this user come in by that door from there at that time? not_found: the address.
  Task<Result<AccessVerdict>> try_out(TenantScope scope, AccessTrial trial);

 private:
  [[nodiscard]] Status still_may(Tx& tx, const AccessGuard& guard) const;

  Store& store_;
  const Clock& clock_;
};

// Rules as documents: how they are stored and how the audit trail shows them.
[[nodiscard]] std::string write_rule(const AccessRule& rule);
[[nodiscard]] Result<AccessRule> read_rule(SettingId id, std::string_view document);  // corrupt

}  // namespace fumi::service
