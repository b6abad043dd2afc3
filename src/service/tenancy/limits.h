// Limits: a tenant's plan and its senders' pace, for those who set, show and lift them. What
// exceeds a plan is refused where it is done (Tenancy), pace is kept where mail is taken (intake).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/store.h"

namespace fumi::service {

struct LimitsReport {
  TenantLimits limits;
  TenantUse use;
};

struct PaceReport {
  PaceSubject subject;
  std::string address;  // of an account; "" for the tenant
  PacePolicy policy;
  PaceState state;
  // In recipients, as of now: what waits, and what the windows count.
  std::uint64_t waiting = 0, ten_minutes = 0, day = 0;
  Instant now;
};

class Limits {
 public:
  Limits(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Task<Result<LimitsReport>> show(TenantScope scope);
  // `edit` changes what is there; it may run again. A plan below what is in use is allowed: it
  // stops further growth. An operation record tells before and after.
  using Edit = std::function<void(TenantLimits&)>;
  Task<Result<LimitsReport>> change(TenantScope scope, Edit edit);

  // `address`: an account of the tenant, or "" for the tenant as a whole. not_found.
  Task<Result<PaceReport>> pace(TenantScope scope, std::string address);
  // Senders that are delayed, refused or lifted now, at most `limit`.
  Task<Result<std::vector<PaceReport>>> restricted(TenantScope scope, std::uint32_t limit);
  // Lets the sender go on without limits until then, at most 7 days; an `until` of the past takes a
  // lift back. `note`: 1 to 500 octets, no control characters; it goes into the audit trail.
  Task<Result<PaceReport>> lift(TenantScope scope, std::string address, Instant until,
                                std::string note);

 private:
  Store& store_;
  const Clock& clock_;
};

}  // namespace fumi::service
