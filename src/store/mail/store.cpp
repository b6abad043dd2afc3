#include "store/mail/store.h"

#include <algorithm>
#include <random>

#include "base/ascii.h"
#include "store/mail/detail/schema.h"
#include "store/mail/detail/tx.h"

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

Status visit_emails(sql::Session& session, SqlStore::BlobVisitor visit) {
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
      const auto blob = BlobRef::decode(row.blob(3));
      if (!blob) return fail(Code::corrupt, "listing blobs", "bad blob reference");
      return visit(row.id<TenantId>(0), *blob);
    };
    FUMI_CHECK(session.query(kEmailBlobs, each, tenant, account, email));
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
  return std::unique_ptr<SqlStore>(
      new SqlStore(std::unique_ptr<Shared>(new Shared{parts, options, random_sender(), {}, {}})));
}

Task<Status> SqlStore::run_erased(Store::Access access, TenantScope scope,
                                  std::move_only_function<Status(Tx&)> work, Barrier barrier) {
  if (!scope.tenant) co_return fail(Code::not_found, "entering a tenant", "no tenant");
  Effects effects;
  sql::Work closure = [&](sql::Session& session) -> Status {
    effects = Effects();
    SqlTx tx(*shared_, session, scope, effects);
    FUMI_CHECK(work(tx));
    return notify(*shared_, session, effects.changes);
  };
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
    SqlPlatformTx tx(*shared_, session, effects);
    FUMI_CHECK(work(tx));
    return notify(*shared_, session, effects.changes);
  };
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
    FUMI_CHECK(visit_emails(session, visit));
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
