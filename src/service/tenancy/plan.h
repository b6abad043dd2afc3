// A tenant's plan, asked in the transaction that would exceed it. Private to the module.
#pragma once

#include <cstdint>

#include "domain/ports/store.h"

namespace fumi::service {

// What a transaction is about to add.
struct PlanDemand {
  std::uint32_t accounts = 0;
  std::uint32_t domains = 0;
  std::uint32_t api_users = 0;
  // Of one account, before and after; the same where its quota doesn't change. 0: without limit.
  std::uint64_t quota_before = 0;
  std::uint64_t quota_after = 0;
};

// quota: the plan does not allow it; the detail names the limit, its value and what is in use.
// Call it before writing: it counts what is there.
[[nodiscard]] Status require_plan(Tx& tx, const char* doing, const PlanDemand& demand);

}  // namespace fumi::service
