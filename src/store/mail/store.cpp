#include "store/mail/store.h"

#include <algorithm>
#include <random>

#include "base/ascii.h"
#include "base/log.h"
#include "store/mail/detail/schema.h"
#include "store/mail/detail/tx.h"
#include "store/sql/row_security.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kNotify{
    "/*pg SELECT pg_notify('fumi_changes', $1) */"
    "/*sqlite SELECT $1 */"};
constexpr Statement kEmailBlobs{
    "SELECT tenant_id, account_id, email_id, blob FROM emails"
    " WHERE (tenant_id, account_id, email_id) > ($1, $2, $3)"
    " ORDER BY tenant_id, account_id, email_id LIMIT 1000"};
constexpr Statement kUploadBlobs{
    "SELECT tenant_id, account_id, upload_id, blob FROM uploads"
    " WHERE (tenant_id, account_id, upload_id) > ($1, $2, $3)"
    " ORDER BY tenant_id, account_id, upload_id LIMIT 1000"};
constexpr Statement kQueueBlobs{
    "SELECT tenant_id, queue_id, blob FROM queue_messages"
    " WHERE (tenant_id, queue_id) > ($1, $2) ORDER BY tenant_id, queue_id LIMIT 1000"};

constexpr std::size_t kPayloadOctetsMax = 7000;  // PostgreSQL takes up to 8,000
constexpr int kPage = 1000;

// Tells the other nodes, in the transaction, so that only what is committed is told.
Status notify(const Shared& shared, sql::Session& session, const std::vector<Change>& changes) {
  if (session.engine() != sql::Engine::postgres) return {};
  std::string payload = shared.sender;
  auto send = [&]() -> Status {
    if (payload == shared.sender) return {};
    FUMI_CHECK(session.query(kNotify, [](const Row&) {}, payload));
    payload = shared.sender;
    return {};
  };
  for (const Change& change : changes) {
    payload += ' ';
    payload += std::to_string(change.tenant.value()) + '.' +
               std::to_string(change.account.value()) + '.' +
               std::to_string(change.mailbox.value());
    if (payload.size() > kPayloadOctetsMax) FUMI_CHECK(send());
  }
  return send();
}

// Two programs that were given the same node number by mistake still hear each other.
std::string random_sender() {
  std::random_device random;
  return '@' + std::to_string(random()) + '-' + std::to_string(random());
}

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (bad != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

Status visit_of_accounts(sql::Session& session, const Statement& statement,
                         SqlStore::BlobVisitor visit) {
  std::int64_t tenant = 0;
  std::int64_t account = 0;
  std::int64_t email = 0;
  for (int rows = kPage; rows == kPage;) {
    rows = 0;
    auto each = [&](const Row& row) -> Status {
      ++rows;
      tenant = row.int64(0);
      account = row.int64(1);
      email = row.int64(2);
      FUMI_TRY(const auto blobs, decode_parts(row.blob(3)));
      for (const BlobRef& blob : blobs)
        FUMI_CHECK(visit(row.id<TenantId>(0), blob));
      return {};
    };
    FUMI_CHECK(session.query(statement, each, tenant, account, email));
  }
  return {};
}

Status visit_queue(sql::Session& session, SqlStore::BlobVisitor visit) {
  std::int64_t tenant = 0;
  std::int64_t queue = 0;
  for (int rows = kPage; rows == kPage;) {
    rows = 0;
    auto each = [&](const Row& row) -> Status {
      ++rows;
      tenant = row.int64(0);
      queue = row.int64(1);
      const auto blob = BlobRef::decode(row.blob(2));
      if (!blob) return fail(Code::corrupt, "listing blobs", "bad blob reference");
      return visit(row.id<TenantId>(0), *blob);
    };
    FUMI_CHECK(session.query(kQueueBlobs, each, tenant, queue));
  }
  return {};
}

// What was promised for the time after the commit.
void fulfil(Shared& shared, const Effects& effects) {
  if (!effects.record_days.empty()) {
    const std::scoped_lock lock(shared.mutex);
    shared.record_days.insert(effects.record_days.begin(), effects.record_days.end());
  }
  if (!effects.changes.empty()) shared.parts.bus.publish(effects.changes);
}

}  // namespace

SqlStore::SqlStore(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}
SqlStore::~SqlStore() = default;

Result<std::unique_ptr<SqlStore>> SqlStore::open(SqlStoreParts parts, SqlStoreOptions options) {
  FUMI_TRY([[maybe_unused]] const int applied, sql::migrate(parts.database, migrations()));
  FUMI_CHECK(parts.database.read_blocking([](sql::Session& session) -> Status {
    FUMI_TRY(const bool bound, sql::role_is_bound(session));
    if (!bound) {
      log::warning("store", "the database role passes row-level security by",
                   {{"advice", "connect with a role without SUPERUSER and BYPASSRLS"}});
    }
    return {};
  }));
  return std::unique_ptr<SqlStore>(
      new SqlStore(std::unique_ptr<Shared>(new Shared{parts, options, random_sender(), {}, {}})));
}

Task<Status> SqlStore::run_erased(Store::Access access, TenantScope scope,
                                  std::move_only_function<Status(Tx&)> work, Barrier barrier) {
  if (!scope.tenant) co_return fail(Code::not_found, "entering a tenant", "no tenant");
  Effects effects;
  sql::Work closure = [&](sql::Session& session) -> Status {
    effects = Effects();
    FUMI_CHECK(sql::enter_tenant(session, scope.tenant.value()));
    SqlTx tx(*shared_, session, scope, effects);
    FUMI_CHECK(work(tx));
    return notify(*shared_, session, effects.changes);
  };
  if (access == Store::Access::glance) {
    Status status = co_await shared_->parts.database.glance(std::move(closure));
    co_return status;
  }
  if (access == Store::Access::read) {
    Status status = co_await shared_->parts.database.read(std::move(closure));
    co_return status;
  }
  if (!barrier) {
    Status status = co_await shared_->parts.database.write(std::move(closure));
    if (status) fulfil(*shared_, effects);
    co_return status;
  }
  Status status = co_await shared_->parts.database.write(std::move(closure), std::move(barrier));
  if (status) fulfil(*shared_, effects);
  co_return status;
}

Task<Status> SqlStore::run_erased(Platform::Access access,
                                  std::move_only_function<Status(PlatformTx&)> work) {
  Effects effects;
  sql::Work closure = [&](sql::Session& session) -> Status {
    effects = Effects();
    FUMI_CHECK(sql::enter_platform(session));
    SqlPlatformTx tx(*shared_, session, effects);
    FUMI_CHECK(work(tx));
    return notify(*shared_, session, effects.changes);
  };
  if (access == Platform::Access::glance) {
    Status status = co_await shared_->parts.database.glance(std::move(closure));
    co_return status;
  }
  if (access == Platform::Access::read) {
    Status status = co_await shared_->parts.database.read(std::move(closure));
    co_return status;
  }
  Status status = co_await shared_->parts.database.write(std::move(closure));
  if (status) fulfil(*shared_, effects);
  co_return status;
}

Status SqlStore::visit_blobs(BlobVisitor visit) {
  return shared_->parts.database.read_blocking([&](sql::Session& session) -> Status {
    FUMI_CHECK(sql::enter_platform(session));
    FUMI_CHECK(visit_of_accounts(session, kEmailBlobs, visit));
    FUMI_CHECK(visit_of_accounts(session, kUploadBlobs, visit));
    return visit_queue(session, visit);
  });
}

Result<int> SqlStore::drop_mail_records(Instant before) {
  const std::string first_kept = mail_records_table(day_of(before));
  int dropped = 0;
  FUMI_CHECK(shared_->parts.database.write_blocking([&](sql::Session& session) -> Status {
    dropped = 0;
    FUMI_TRY(const auto names, sql::list_tables(session, kMailRecordsPrefix));
    for (const std::string& name : names) {
      if (name.size() != first_kept.size() || name >= first_kept) continue;
      FUMI_CHECK(sql::drop_table(session, name));
      ++dropped;
    }
    return {};
  }));
  if (dropped > 0) {
    const std::scoped_lock lock(shared_->mutex);
    std::erase_if(shared_->record_days, [&](int day) { return day < day_of(before); });
  }
  return dropped;
}

namespace {

constexpr Statement kTenantIds{
    "SELECT tenant_id FROM tenants WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1000"};
constexpr Statement kDeletedWithMail{
    "SELECT a.account_id FROM accounts a WHERE a.tenant_id = $1 AND a.status = 2 AND"
    " (EXISTS (SELECT 1 FROM mailboxes m WHERE m.tenant_id = a.tenant_id"
    "   AND m.account_id = a.account_id"
    "   AND (m.role <> 1 OR m.total > 0 OR m.expunged_count > 0))"
    " OR EXISTS (SELECT 1 FROM thread_refs t WHERE t.tenant_id = a.tenant_id"
    "   AND t.account_id = a.account_id))"
    " ORDER BY a.account_id LIMIT 1000"};

Result<std::vector<TenantId>> all_tenants(sql::Database& database) {
  std::vector<TenantId> all;
  FUMI_CHECK(database.read_blocking([&](sql::Session& session) -> Status {
    all.clear();
    FUMI_CHECK(sql::enter_platform(session));
    for (std::size_t before = 0;;) {
      const TenantId after = all.empty() ? TenantId() : all.back();
      FUMI_CHECK(session.query(
          kTenantIds, [&](const Row& row) { all.push_back(row.id<TenantId>(0)); }, after));
      if (all.size() - before < kPage) return {};
      before = all.size();
    }
  }));
  return all;
}

// Steps in transactions of their own until one finds nothing to do.
Result<std::uint64_t> in_steps(Shared& shared, TenantId tenant, SqlStore::Stop stop,
                               FunctionRef<Result<std::uint64_t>(SqlTx&)> step) {
  std::uint64_t removed = 0;
  while (!stop()) {
    std::uint64_t rows = 0;
    FUMI_CHECK(shared.parts.database.write_blocking([&](sql::Session& session) -> Status {
      Effects effects;
      FUMI_CHECK(sql::enter_tenant(session, tenant.value()));
      SqlTx tx(shared, session, {tenant, {}}, effects);
      FUMI_TRY(rows, step(tx));
      return {};
    }));
    removed += rows;
    if (rows == 0) break;
  }
  return removed;
}

}  // namespace

Result<std::uint64_t> SqlStore::drop_chained_records(Instant before, std::uint32_t rows_max,
                                                     Stop stop) {
  std::uint64_t removed = 0;
  FUMI_TRY(const auto tenants, all_tenants(shared_->parts.database));
  for (const TenantId tenant : tenants) {
    for (const RecordStream stream : {RecordStream::login, RecordStream::operation}) {
      FUMI_TRY(const auto rows, in_steps(*shared_, tenant, stop, [&](SqlTx& tx) {
                 return tx.sql_records().drop_chained(stream, before, rows_max);
               }));
      removed += rows;
    }
  }
  return removed;
}

Result<std::uint64_t> SqlStore::purge_deleted_accounts(std::uint32_t rows_max, Stop stop) {
  std::uint64_t removed = 0;
  FUMI_TRY(const auto tenants, all_tenants(shared_->parts.database));
  for (const TenantId tenant : tenants) {
    std::vector<AccountId> deleted;
    FUMI_CHECK(shared_->parts.database.read_blocking([&](sql::Session& session) -> Status {
      deleted.clear();
      FUMI_CHECK(sql::enter_tenant(session, tenant.value()));
      return session.query(
          kDeletedWithMail, [&](const Row& row) { deleted.push_back(row.id<AccountId>(0)); },
          tenant);
    }));
    for (const AccountId account : deleted) {
      FUMI_TRY(const auto rows, in_steps(*shared_, tenant, stop, [&](SqlTx& tx) {
                 return tx.sql_mailboxes().purge(account, rows_max);
               }));
      removed += rows;
    }
  }
  return removed;
}

void SqlStore::on_notification(std::string_view payload) {
  std::vector<Change> changes;
  for (const std::string_view part : ascii::split(payload, ' ')) {
    if (part == shared_->sender) return;
    const auto fields = ascii::split(part, '.');
    if (fields.size() != 3) continue;
    const auto tenant = number(fields[0]);
    const auto account = number(fields[1]);
    const auto mailbox = number(fields[2]);
    if (!tenant || !account || !mailbox) continue;
    changes.push_back({TenantId(*tenant), AccountId(*account), MailboxId(*mailbox)});
  }
  if (!changes.empty()) shared_->parts.bus.publish(changes);
}

}  // namespace fumi::store
