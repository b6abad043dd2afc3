// LimitStore: a tenant's plan, what it uses of it, and where its senders' pace stands. Steps of a
// transaction in the tenant's scope.
#pragma once

#include <vector>

#include "base/result.h"
#include "domain/limits.h"

namespace fumi {

struct PaceEntry {
  PaceSubject subject;
  PaceState state;
};

class LimitStore {
 public:
  virtual ~LimitStore() = default;

  // The defaults where nothing was ever set.
  virtual Result<TenantLimits> limits() = 0;
  virtual Status set_limits(const TenantLimits& limits) = 0;
  // As limits(), for a transaction that decides by use(): of two that do so at the same time on two
  // nodes, one runs again after the other, so that both can't take the last place.
  virtual Result<TenantLimits> hold_limits() = 0;
  // Counts: as of this transaction.
  virtual Result<TenantUse> use() = 0;

  // A fresh state where none is kept.
  virtual Result<PaceState> pace(const PaceSubject& subject) = 0;
  virtual Status set_pace(const PaceSubject& subject, const PaceState& state) = 0;
  // Ascending, those after `after`; at most `limit`.
  virtual Result<std::vector<PaceEntry>> paces(const PaceSubject& after, std::uint32_t limit) = 0;
};

}  // namespace fumi
