// LimitStore over SQL.
#pragma once

#include "domain/ports/limit_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlLimits final : public LimitStore {
 public:
  explicit SqlLimits(Context& context) : context_(context) {}

  Result<TenantLimits> limits() override;
  Status set_limits(const TenantLimits& limits) override;
  Result<TenantLimits> hold_limits() override;
  Result<TenantUse> use() override;
  Result<PaceState> pace(const PaceSubject& subject) override;
  Status set_pace(const PaceSubject& subject, const PaceState& state) override;
  Result<std::vector<PaceEntry>> paces(const PaceSubject& after, std::uint32_t limit) override;

 private:
  Context& context_;
};

}  // namespace fumi::store
