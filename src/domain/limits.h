// What a tenant may have and use: its plan, and how fast it may send.
#pragma once

#include <compare>
#include <cstdint>

#include "domain/pace.h"

namespace fumi {

// 0: no limit.
struct TenantPlan {
  std::uint32_t accounts_max = 0;  // persons' and shared ones
  std::uint32_t domains_max = 0;
  std::uint32_t api_users_max = 0;
  std::uint64_t storage_octets_max = 0;  // the sum of what accounts are given as quota
  bool operator==(const TenantPlan&) const = default;
};

struct TenantLimits {
  TenantPlan plan;
  PacePolicy person = kPersonPace;  // for each account; programs (API users) have none of their own
  PacePolicy tenant;                // for all that the tenant sends
  bool operator==(const TenantLimits&) const = default;
};

struct TenantUse {
  std::uint64_t accounts = 0;
  std::uint64_t domains = 0;
  std::uint64_t api_users = 0;
  std::uint64_t storage_octets = 0;     // given away as quotas
  std::uint64_t accounts_no_quota = 0;  // accounts that may grow without limit
  std::uint64_t used_octets = 0;        // of mail, really
};

// Whose pace: `id` is 0 for the tenant itself, or an AccountId.
struct PaceSubject {
  enum class Kind : std::uint8_t { tenant, account };
  Kind kind = Kind::tenant;
  std::uint64_t id = 0;
  auto operator<=>(const PaceSubject&) const = default;
};

}  // namespace fumi
