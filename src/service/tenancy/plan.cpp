#include "service/tenancy/plan.h"

#include <algorithm>
#include <string>

namespace fumi::service {
namespace {

Status within(const char* doing, const char* limit, std::uint64_t max, std::uint64_t used,
              std::uint64_t more) {
  if (max == 0 || more == 0 || used + more <= max) return {};
  return fail(Code::quota, doing,
              "the tenant's plan allows " + std::string(limit) + " = " + std::to_string(max) +
                  "; " + std::to_string(used) + " are in use");
}

// Room is given away as quotas, so that it is never overdrawn: nobody may go without one.
Status storage(const char* doing, const TenantPlan& plan, const TenantUse& use,
               const PlanDemand& demand) {
  if (plan.storage_octets_max == 0) return {};
  if (demand.quota_after == 0) {
    return fail(
        Code::quota, doing,
        "the tenant's plan has storage_octets_max = " + std::to_string(plan.storage_octets_max) +
            "; give the account a quota (quota_octets) of it");
  }
  if (demand.quota_after <= demand.quota_before) return {};
  const std::uint64_t others =
      use.storage_octets - std::min(use.storage_octets, demand.quota_before);
  return within(doing, "storage_octets_max", plan.storage_octets_max, others, demand.quota_after);
}

}  // namespace

Status require_plan(Tx& tx, const char* doing, const PlanDemand& demand) {
  FUMI_TRY(const TenantLimits limits, tx.limits().hold_limits());
  const TenantPlan& plan = limits.plan;
  if (plan == TenantPlan{}) return {};
  FUMI_TRY(const TenantUse use, tx.limits().use());
  FUMI_CHECK(within(doing, "accounts_max", plan.accounts_max, use.accounts, demand.accounts));
  FUMI_CHECK(within(doing, "domains_max", plan.domains_max, use.domains, demand.domains));
  FUMI_CHECK(within(doing, "api_users_max", plan.api_users_max, use.api_users, demand.api_users));
  const bool changes_room = demand.accounts != 0 || demand.quota_before != demand.quota_after;
  return changes_room ? storage(doing, plan, use, demand) : Status();
}

}  // namespace fumi::service
