#include "store/mail/detail/limits.h"

#include <algorithm>

namespace fumi::store {
namespace {

using sql::Row;
using sql::Statement;

constexpr Statement kLimits{
    "SELECT accounts_max, domains_max, api_users_max, storage_octets_max, person_minute,"
    " person_burst, person_backlog, person_10_minutes, person_day, tenant_minute, tenant_burst,"
    " tenant_backlog, tenant_10_minutes, tenant_day FROM tenant_limits WHERE tenant_id = $1"};
constexpr Statement kHold{"UPDATE tenant_limits SET revision = revision + 1 WHERE tenant_id = $1"};
constexpr Statement kSetLimits{
    "INSERT INTO tenant_limits (tenant_id, revision, accounts_max, domains_max, api_users_max,"
    " storage_octets_max, person_minute, person_burst, person_backlog, person_10_minutes,"
    " person_day, tenant_minute, tenant_burst, tenant_backlog, tenant_10_minutes, tenant_day)"
    " VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    " ON CONFLICT (tenant_id) DO UPDATE SET revision = tenant_limits.revision + 1,"
    " accounts_max = excluded.accounts_max, domains_max = excluded.domains_max,"
    " api_users_max = excluded.api_users_max, storage_octets_max = excluded.storage_octets_max,"
    " person_minute = excluded.person_minute, person_burst = excluded.person_burst,"
    " person_backlog = excluded.person_backlog, person_10_minutes = excluded.person_10_minutes,"
    " person_day = excluded.person_day, tenant_minute = excluded.tenant_minute,"
    " tenant_burst = excluded.tenant_burst, tenant_backlog = excluded.tenant_backlog,"
    " tenant_10_minutes = excluded.tenant_10_minutes, tenant_day = excluded.tenant_day"};
// Deleted accounts (status 2) wait for their purge and take nobody's place.
constexpr Statement kAccountUse{
    "SELECT count(*), CAST(COALESCE(SUM(quota_octets), 0) AS BIGINT),"
    " CAST(COALESCE(SUM(CASE WHEN quota_octets = 0 THEN 1 ELSE 0 END), 0) AS BIGINT),"
    " CAST(COALESCE(SUM(used_octets), 0) AS BIGINT)"
    " FROM accounts WHERE tenant_id = $1 AND status <> 2"};
constexpr Statement kDomainUse{"SELECT count(*) FROM domains WHERE tenant_id = $1"};
constexpr Statement kApiUserUse{"SELECT count(*) FROM api_users WHERE tenant_id = $1"};

constexpr Statement kPace{
    "SELECT kind, subject_id, free_at, short_start, short_current, short_previous, day_start,"
    " day_current, day_previous, lifted_until FROM pace"
    " WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3"};
constexpr Statement kPaces{
    "SELECT kind, subject_id, free_at, short_start, short_current, short_previous, day_start,"
    " day_current, day_previous, lifted_until FROM pace"
    " WHERE tenant_id = $1 AND (kind, subject_id) > ($2, $3) ORDER BY kind, subject_id LIMIT $4"};
constexpr Statement kSetPace{
    "INSERT INTO pace (tenant_id, kind, subject_id, free_at, short_start, short_current,"
    " short_previous, day_start, day_current, day_previous, lifted_until)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    " ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE SET free_at = excluded.free_at,"
    " short_start = excluded.short_start, short_current = excluded.short_current,"
    " short_previous = excluded.short_previous, day_start = excluded.day_start,"
    " day_current = excluded.day_current, day_previous = excluded.day_previous,"
    " lifted_until = excluded.lifted_until"};

constexpr std::uint32_t kPageMax = 1000;

std::uint32_t small(const Row& row, int column) {
  return static_cast<std::uint32_t>(row.int64(column));
}

PacePolicy policy_of(const Row& row, int first) {
  return {small(row, first), small(row, first + 1), small(row, first + 2), small(row, first + 3),
          small(row, first + 4)};
}

TenantLimits limits_of(const Row& row) {
  TenantLimits limits;
  limits.plan = {small(row, 0), small(row, 1), small(row, 2),
                 static_cast<std::uint64_t>(row.int64(3))};
  limits.person = policy_of(row, 4);
  limits.tenant = policy_of(row, 9);
  return limits;
}

PaceWindow window_of(const Row& row, int first) {
  return {row.instant(first), static_cast<std::uint64_t>(row.int64(first + 1)),
          static_cast<std::uint64_t>(row.int64(first + 2))};
}

PaceEntry entry_of(const Row& row) {
  PaceEntry entry;
  entry.subject.kind = static_cast<PaceSubject::Kind>(row.int64(0));
  entry.subject.id = static_cast<std::uint64_t>(row.int64(1));
  entry.state = {row.instant(2), window_of(row, 3), window_of(row, 6), row.instant(9)};
  return entry;
}

}  // namespace

Result<TenantLimits> SqlLimits::limits() {
  FUMI_TRY(const auto found, context_.one(kLimits, limits_of));
  return found.value_or(TenantLimits{});
}

Status SqlLimits::set_limits(const TenantLimits& limits) {
  const TenantPlan& plan = limits.plan;
  const PacePolicy& person = limits.person;
  const PacePolicy& tenant = limits.tenant;
  return context_.run(kSetLimits, plan.accounts_max, plan.domains_max, plan.api_users_max,
                      plan.storage_octets_max, person.per_minute, person.burst, person.backlog_max,
                      person.per_10_minutes, person.per_day, tenant.per_minute, tenant.burst,
                      tenant.backlog_max, tenant.per_10_minutes, tenant.per_day);
}

// Where nobody has set limits there is no row, and nothing to hold.
Result<TenantLimits> SqlLimits::hold_limits() {
  FUMI_CHECK(context_.run(kHold));
  return limits();
}

Result<TenantUse> SqlLimits::use() {
  TenantUse use;
  const auto number = [](const Row& row, int column) {
    return static_cast<std::uint64_t>(row.int64(column));
  };
  FUMI_CHECK(context_.query(kAccountUse, [&](const Row& row) {
    use.accounts = number(row, 0);
    use.storage_octets = number(row, 1);
    use.accounts_no_quota = number(row, 2);
    use.used_octets = number(row, 3);
  }));
  FUMI_CHECK(context_.query(kDomainUse, [&](const Row& row) { use.domains = number(row, 0); }));
  FUMI_CHECK(context_.query(kApiUserUse, [&](const Row& row) { use.api_users = number(row, 0); }));
  return use;
}

Result<PaceState> SqlLimits::pace(const PaceSubject& subject) {
  FUMI_TRY(const auto found, context_.one(kPace, entry_of, subject.kind, subject.id));
  return found ? found->state : PaceState{};
}

Status SqlLimits::set_pace(const PaceSubject& subject, const PaceState& state) {
  return context_.run(kSetPace, subject.kind, subject.id, state.free_at, state.ten_minutes.start,
                      state.ten_minutes.current, state.ten_minutes.previous, state.day.start,
                      state.day.current, state.day.previous, state.lifted_until);
}

Result<std::vector<PaceEntry>> SqlLimits::paces(const PaceSubject& after, std::uint32_t limit) {
  std::vector<PaceEntry> found;
  FUMI_CHECK(context_.query(
      kPaces, [&](const Row& row) { found.push_back(entry_of(row)); }, after.kind, after.id,
      std::min(limit, kPageMax)));
  return found;
}

}  // namespace fumi::store
