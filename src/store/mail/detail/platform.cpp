#include "store/mail/detail/platform.h"

#include <algorithm>

#include "base/ascii.h"
#include "store/mail/detail/tx.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kInsertTenant{
    "INSERT INTO tenants (tenant_id, name, status, created) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING"};
constexpr Statement kTenantByName{
    "SELECT tenant_id, name, status, created FROM tenants WHERE name = $1"};
constexpr Statement kTenant{
    "SELECT tenant_id, name, status, created FROM tenants WHERE tenant_id = $1"};
constexpr Statement kTenants{
    "SELECT tenant_id, name, status, created FROM tenants WHERE tenant_id > $1"
    " ORDER BY tenant_id LIMIT $2"};
constexpr Statement kSearchBacklog{
    "SELECT a.tenant_id, a.account_id FROM accounts a LEFT JOIN search_accounts s"
    " ON s.tenant_id = a.tenant_id AND s.account_id = a.account_id"
    " WHERE (a.tenant_id, a.account_id) > ($1, $2) AND a.status <> 2"
    " AND (COALESCE(s.indexed, 0) < a.change OR EXISTS (SELECT 1 FROM attachment_tasks t"
    "   WHERE t.tenant_id = a.tenant_id AND t.account_id = a.account_id AND t.stage = 1))"
    " ORDER BY a.tenant_id, a.account_id LIMIT $3"};
constexpr Statement kAttachmentBacklog{
    "SELECT tenant_id, account_id, not_before FROM attachment_tasks"
    " WHERE (tenant_id, account_id) > ($1, $2) AND stage = 0 AND not_before <= $3"
    " ORDER BY tenant_id, account_id, not_before LIMIT 1"};
constexpr Statement kPushOwners{
    "SELECT DISTINCT tenant_id, account_id FROM objects"
    " WHERE kind = 16 AND (tenant_id, account_id) > ($1, $2)"
    " ORDER BY tenant_id, account_id LIMIT $3"};
constexpr Statement kVacationJobs{
    "SELECT tenant_id, account_id, email_id FROM vacation_jobs"
    " ORDER BY tenant_id, account_id, email_id LIMIT $1"};
constexpr Statement kSetStatus{
    "UPDATE tenants SET status = $2, access_version = $3 WHERE tenant_id = $1"};
constexpr Statement kAccessChanges{
    "SELECT tenant_id, access_version FROM tenants WHERE access_version > $1"};
constexpr Statement kDomainOwner{
    "SELECT d.tenant_id, d.domain_id, t.status, d.state FROM domains d JOIN tenants t"
    " ON t.tenant_id = d.tenant_id WHERE d.name = $1"};
constexpr Statement kInsertOperator{
    "INSERT INTO operators (operator_id, token_hash, name, created, role, expires)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"};
constexpr Statement kOperator{
    "SELECT operator_id, name, created, role, expires FROM operators WHERE token_hash = $1"};
constexpr Statement kOperators{
    "SELECT operator_id, name, created, role, expires FROM operators ORDER BY operator_id"
    " LIMIT 1000"};
constexpr Statement kRemoveOperator{"DELETE FROM operators WHERE operator_id = $1"};
constexpr Statement kTokenByHash{
    "SELECT tenant_id, token_id, kind, account_id, created, expires, used FROM access_tokens"
    " WHERE hash = $1"};
// 6: Actor::Kind::token.
constexpr Statement kForgetGrants{
    "DELETE FROM grants WHERE holder_kind = 6 AND EXISTS (SELECT 1 FROM access_tokens t"
    " WHERE t.tenant_id = grants.tenant_id AND t.token_id = grants.holder_id AND t.expires < $1)"};
constexpr Statement kForgetTokens{"DELETE FROM access_tokens WHERE expires < $1"};
constexpr Statement kForgetAnswers{"DELETE FROM kept_answers WHERE at < $1"};
constexpr Statement kDue{
    "SELECT tenant_id, queue_id, number, domain FROM queue_recipients"
    " WHERE state = 0 AND next_at <= $1 ORDER BY next_at LIMIT $2"
    "/*pg  FOR UPDATE SKIP LOCKED*/"};
constexpr Statement kLease{
    "UPDATE queue_recipients SET next_at = $4, lease_owner = $5"
    " WHERE tenant_id = $1 AND queue_id = $2 AND number = $3"};
constexpr Statement kRenew{
    "UPDATE queue_recipients SET next_at = $4 WHERE tenant_id = $1 AND queue_id = $2"
    " AND number = $3 AND state = 0 AND lease_owner = $5"};
constexpr Statement kNextDue{
    "SELECT next_at FROM queue_recipients WHERE state = 0 ORDER BY next_at LIMIT 1"};
constexpr Statement kReleaseLeases{
    "UPDATE queue_recipients SET next_at = due_at, lease_owner = 0"
    " WHERE lease_owner = $1 AND state = 0"};
constexpr Statement kDepth{"SELECT count(*) FROM queue_recipients WHERE state = 0"};

constexpr std::uint32_t kTenantsMax = 1000;
constexpr std::uint32_t kClaimsMax = 10'000;

Tenant tenant_of(const Row& row) {
  return {row.id<TenantId>(0), row.string(1), static_cast<TenantStatus>(row.int64(2)),
          row.instant(3)};
}

Operator operator_of(const Row& row) {
  Operator person{row.id<OperatorId>(0), row.string(1), {}, row.instant(2)};
  person.role = static_cast<Role>(row.int64(3));
  if (row.int64(4) != 0) person.expires = row.instant(4);
  return person;
}

bool is_handle(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

SqlTx& SqlPlatformTx::tx(const TenantScope& scope) {
  for (SqlTx& known : txs_) {
    if (known.scope().tenant == scope.tenant && known.scope().actor == scope.actor) return known;
  }
  return txs_.emplace_back(shared_, session_, scope, effects_);
}

sql::Session& SqlPlatform::session() const { return tx_.session(); }

Status SqlPlatform::create_tenant(const Tenant& tenant) {
  if (!tenant.id || !is_handle(tenant.name)) {
    return fail(Code::invalid, "creating a tenant", "bad name or id");
  }
  const Instant created = tenant.created == Instant() ? tx_.shared().now() : tenant.created;
  FUMI_TRY(const auto rows,
           session().execute(kInsertTenant, tenant.id, tenant.name, tenant.status, created));
  if (rows == 0) return fail(Code::conflict, "creating a tenant", "the name is taken");
  crypto::KeyRing& keys = tx_.shared().parts.keys;
  const crypto::TenantNumber number(tenant.id.value());
  Status made = keys.create(number);
  // The closure may run again after it has made the key: then the key is there and good.
  if (!made && made.error().code == Code::conflict && keys.get(number)) return {};
  return made;
}

Result<std::optional<Tenant>> SqlPlatform::tenant_by_name(const std::string& name) {
  return session().one(kTenantByName, tenant_of, name);
}

Result<std::optional<Tenant>> SqlPlatform::tenant(TenantId id) {
  return session().one(kTenant, tenant_of, id);
}

Result<std::vector<Tenant>> SqlPlatform::tenants(TenantId after, std::uint32_t limit) {
  std::vector<Tenant> found;
  FUMI_CHECK(session().query(
      kTenants, [&](const Row& row) { found.push_back(tenant_of(row)); }, after,
      std::min(limit, kTenantsMax)));
  return found;
}

Result<std::vector<SearchBacklog>> SqlPlatform::search_backlog(const SearchBacklog& after,
                                                               std::uint32_t limit) {
  std::vector<SearchBacklog> found;
  auto each = [&](const Row& row) { found.push_back({row.id<TenantId>(0), row.id<AccountId>(1)}); };
  FUMI_CHECK(session().query(kSearchBacklog, each, after.tenant, after.account, limit));
  return found;
}

Result<std::vector<PushOwner>> SqlPlatform::push_owners(const PushOwner& after,
                                                        std::uint32_t limit) {
  std::vector<PushOwner> found;
  auto each = [&](const Row& row) { found.push_back({row.id<TenantId>(0), row.id<AccountId>(1)}); };
  FUMI_CHECK(session().query(kPushOwners, each, after.tenant, after.account, limit));
  return found;
}

Result<std::vector<VacationJob>> SqlPlatform::vacation_jobs(std::uint32_t limit) {
  std::vector<VacationJob> found;
  auto each = [&](const Row& row) {
    found.push_back({row.id<TenantId>(0), row.id<AccountId>(1), row.id<EmailId>(2)});
  };
  FUMI_CHECK(session().query(kVacationJobs, each, limit));
  return found;
}

// An account a statement: one descent of the index each, however much waits in any of them.
Result<std::vector<AttachmentBacklog>> SqlPlatform::attachment_backlog(const SearchBacklog& after,
                                                                       Instant now,
                                                                       std::uint32_t limit) {
  std::vector<AttachmentBacklog> found;
  auto each = [&](const Row& row) {
    found.push_back({row.id<TenantId>(0), row.id<AccountId>(1), row.instant(2)});
  };
  SearchBacklog last = after;
  while (found.size() < limit) {
    const std::size_t before = found.size();
    FUMI_CHECK(session().query(kAttachmentBacklog, each, last.tenant, last.account, now));
    if (found.size() == before) break;
    last = {found.back().tenant, found.back().account};
  }
  return found;
}

Status SqlPlatform::set_tenant_status(TenantId id, TenantStatus status) {
  FUMI_TRY(const auto rows,
           session().execute(kSetStatus, id, status, tx_.shared().parts.ids.next<SettingId>()));
  if (rows == 0) return fail(Code::not_found, "changing a tenant");
  return {};
}

Result<std::vector<AccessChange>> SqlPlatform::access_changes(std::uint64_t since) {
  std::vector<AccessChange> found;
  auto visit = [&](const Row& row) {
    found.push_back({row.id<TenantId>(0), static_cast<std::uint64_t>(row.int64(1))});
  };
  FUMI_CHECK(session().query(kAccessChanges, visit, static_cast<std::int64_t>(since)));
  return found;
}

Result<std::optional<DomainOwner>> SqlPlatform::domain_owner(const std::string& domain) {
  return session().one(
      kDomainOwner,
      [](const Row& row) {
        return DomainOwner{row.id<TenantId>(0), row.id<DomainId>(1),
                           static_cast<TenantStatus>(row.int64(2)),
                           static_cast<DomainState>(row.int64(3))};
      },
      domain);
}

Status SqlPlatform::create_operator(const Operator& person) {
  if (!person.id || person.token_hash.empty()) return fail(Code::invalid, "creating an operator");
  const Instant created = person.created == Instant() ? tx_.shared().now() : person.created;
  const Instant expires = person.expires.value_or(Instant());
  FUMI_TRY(const auto rows, session().execute(kInsertOperator, person.id, Blob{person.token_hash},
                                              person.name, created, person.role, expires));
  if (rows == 0) return fail(Code::conflict, "creating an operator");
  return {};
}

Result<std::optional<Operator>> SqlPlatform::operator_by_token(const std::string& token_hash) {
  auto map = [&](const Row& row) {
    Operator person = operator_of(row);
    person.token_hash = token_hash;
    return person;
  };
  return session().one(kOperator, map, Blob{token_hash});
}

Result<std::vector<Operator>> SqlPlatform::operators() {
  std::vector<Operator> found;
  auto visit = [&](const Row& row) { found.push_back(operator_of(row)); };
  FUMI_CHECK(session().query(kOperators, visit));
  return found;
}

Status SqlPlatform::remove_operator(OperatorId id) {
  FUMI_TRY(const auto rows, session().execute(kRemoveOperator, id));
  if (rows == 0) return fail(Code::not_found, "removing an operator", "there is no such operator");
  return {};
}

Result<std::optional<AccessToken>> SqlPlatform::token_by_hash(const std::string& hash) {
  return session().one(kTokenByHash, SqlGrants::bare_token, Blob{hash});
}

Result<std::uint64_t> SqlPlatform::forget_expired(Instant tokens, Instant answers) {
  FUMI_TRY([[maybe_unused]] const auto grants, session().execute(kForgetGrants, tokens));
  FUMI_TRY(const auto ended, session().execute(kForgetTokens, tokens));
  FUMI_TRY(const auto old, session().execute(kForgetAnswers, answers));
  return std::uint64_t(ended) + std::uint64_t(old);
}

Result<std::vector<Claim>> SqlPlatform::claim_due(Instant now, Instant lease_until,
                                                  std::uint32_t limit) {
  std::vector<Claim> claims;
  auto visit = [&](const Row& row) {
    claims.push_back({row.id<TenantId>(0), row.id<QueueId>(1),
                      static_cast<std::uint32_t>(row.int64(2)), row.string(3)});
  };
  FUMI_CHECK(session().query(kDue, visit, now, std::min(limit, kClaimsMax)));
  const std::int64_t owner = lease_owner(tx_.shared().options);
  for (const Claim& claim : claims) {
    FUMI_TRY([[maybe_unused]] const auto rows,
             session().execute(kLease, claim.tenant, claim.message, claim.recipient, lease_until,
                               owner));
  }
  return claims;
}

Result<std::vector<Claim>> SqlPlatform::renew_leases(const std::vector<Claim>& held,
                                                     Instant lease_until) {
  if (held.size() > kClaimsMax) return fail(Code::invalid, "renewing leases", "too many at once");
  const std::int64_t owner = lease_owner(tx_.shared().options);
  std::vector<Claim> lost;
  for (const Claim& claim : held) {
    FUMI_TRY(const auto rows, session().execute(kRenew, claim.tenant, claim.message,
                                                claim.recipient, lease_until, owner));
    if (rows == 0) lost.push_back(claim);
  }
  return lost;
}

Result<std::optional<Instant>> SqlPlatform::next_due() {
  return session().one(kNextDue, [](const Row& row) { return row.instant(0); });
}

Status SqlPlatform::release_leases() {
  FUMI_TRY([[maybe_unused]] const auto rows,
           session().execute(kReleaseLeases, lease_owner(tx_.shared().options)));
  return {};
}

Result<std::uint64_t> SqlPlatform::queue_depth() {
  FUMI_TRY(const auto depth, session().one(kDepth, [](const Row& row) { return row.int64(0); }));
  return static_cast<std::uint64_t>(depth.value_or(0));
}

Result<std::uint64_t> SqlPlatform::seal_records(Instant before) {
  const std::uint64_t most = tx_.shared().options.seal_batch_max;
  std::uint64_t sealed = 0;
  TenantId after;
  for (;;) {
    FUMI_TRY(const auto page, tenants(after, kTenantsMax));
    if (page.empty()) return sealed;
    after = page.back().id;
    for (const Tenant& tenant : page) {
      // A terminated tenant's key may be destroyed: nothing of it can be read or sealed any more.
      if (tenant.status == TenantStatus::terminated) continue;
      SqlRecords& records = tx_.tx({tenant.id, {}}).sql_records();
      for (;;) {
        if (sealed >= most) return sealed;
        FUMI_TRY(const auto batch, records.seal(before, static_cast<std::uint32_t>(most - sealed)));
        if (batch == 0) break;
        sealed += batch;
      }
    }
  }
}

}  // namespace fumi::store
