// SqlStore: the ports of the domain over one SQL text, on SQLite and on PostgreSQL.
//
//   FUMI_TRY(auto store, SqlStore::open({*database, key_ring, ids, clock, bus}, {}));
//   Store& tenants = *store;      // what sessions and services hold
//   Platform& platform = *store;  // what routes, schedules and administers
//
// Changes that a transaction made go to the ChangeBus once it is durable, on the thread of the
// coroutine that awaited it; on PostgreSQL they also go out by NOTIFY fumi_changes (README.md).
//
// Errors beyond the ports' own: those of sql::Database (rate_limited, unavailable, storage_full,
// timeout), not_found where a tenant's key was destroyed, corrupt where a sealed column doesn't
// open. Any thread; the parts must outlive the store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "domain/change_bus.h"
#include "domain/ports/store.h"
#include "store/sql/database.h"

namespace fumi::crypto {
class KeyRing;
}

namespace fumi::store {

struct SqlStoreParts {
  sql::Database& database;
  crypto::KeyRing& keys;
  IdGenerator& ids;
  const Clock& clock;
  ChangeBus& bus;
};

struct SqlStoreOptions {
  std::uint8_t node = 0;  // of this process, as in its IdGenerator: owns its leases
  std::uint32_t expunged_max =
      100'000;                          // remembered a mailbox; beyond, the older half is forgotten
  std::uint32_t gone_max = 100'000;     // destroyed emails and mailboxes remembered an account
  std::uint32_t mailboxes_max = 5'000;  // an account
  std::uint32_t seal_batch_max = 10'000;  // mail records a call of seal_records and a batch
};

struct Shared;
class SqlCheck;

class SqlStore final : public Store, public Platform {
 public:
  // Brings the schema up to date. Blocks: call it at start. conflict: a newer program's database.
  [[nodiscard]] static Result<std::unique_ptr<SqlStore>> open(SqlStoreParts parts,
                                                              SqlStoreOptions options);
  ~SqlStore() override;

  using BlobVisitor = FunctionRef<Status(TenantId tenant, const BlobRef& blob)>;
  // Every blob that a row names, in one snapshot; a blob may come several times. An error of the
  // visitor ends it. Blocks: for the compaction's and the check's thread, never an io thread.
  [[nodiscard]] Status visit_blobs(BlobVisitor visit);

  // Drops whole days of mail records before the day of `before`; gives how many tables went.
  // Blocks.
  [[nodiscard]] Result<int> drop_mail_records(Instant before);

  // The following work in small transactions of at most `rows_max` rows, until nothing is left or
  // `stop` says so. They give the number of rows removed. Block.
  using Stop = FunctionRef<bool()>;
  // Login and operation records older than `before`. The youngest of them stays, so that the chain
  // of the others can be verified.
  [[nodiscard]] Result<std::uint64_t> drop_chained_records(Instant before, std::uint32_t rows_max,
                                                           Stop stop);
  // The mail of deleted accounts; its blobs are garbage afterwards.
  [[nodiscard]] Result<std::uint64_t> purge_deleted_accounts(std::uint32_t rows_max, Stop stop);

  // The channel on which nodes tell each other of changes.
  static constexpr std::string_view kChannel = "fumi_changes";
  // Feeds a notification ("@node tenant.account.mailbox …") to the ChangeBus, unless this very
  // store has sent it: its bus knows already. Parts that don't parse are ignored: the payload comes
  // from the database, but from any of its users.
  void on_notification(std::string_view payload);

 private:
  friend class SqlCheck;
  explicit SqlStore(std::unique_ptr<Shared> shared);

  Task<Status> run_erased(Store::Access access, TenantScope scope,
                          std::move_only_function<Status(Tx&)> work, Barrier barrier) override;
  Task<Status> run_erased(Platform::Access access,
                          std::move_only_function<Status(PlatformTx&)> work) override;

  std::unique_ptr<Shared> shared_;
};

}  // namespace fumi::store
