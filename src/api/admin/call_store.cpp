#include "api/admin/call_store.h"

namespace fumi::api::admin {
namespace {

// Ends a transaction that was a rehearsal; never leaves this file.
std::unexpected<Error> roll_back() { return fail(Code::cancelled, "rehearsing", "rolled back"); }

Result<std::vector<Record>> operations(Tx& tx, const RecordQuery& query) {
  return tx.records().find(query);
}

// The newest operation before the work; what comes behind it is the work's.
Result<std::optional<RecordId>> last_operation(Tx& tx) {
  RecordQuery query;
  query.kinds = {RecordKind::operation};
  query.order = RecordQuery::Order::newest_first;
  query.limit = 1;
  FUMI_TRY(const auto found, operations(tx, query));
  if (found.empty()) return std::nullopt;
  return found.front().id;
}

Result<std::vector<Rehearsed>> operations_since(Tx& tx, std::optional<RecordId> last) {
  RecordQuery query;
  query.kinds = {RecordKind::operation};
  query.after = last;
  FUMI_TRY(const auto found, operations(tx, query));
  std::vector<Rehearsed> out;
  for (const Record& record : found)
    out.push_back({record.from, record.to, record.detail});
  return out;
}

}  // namespace

Status CallStore::check(const Result<bool>& holds) {
  if (!holds) return std::unexpected(holds.error());
  condition_failed_ = !*holds;
  if (condition_failed_)
    return fail(Code::conflict, "checking If-Match", "it has changed since you read it");
  return {};
}

Status CallStore::carry_out(Tx& tx, std::move_only_function<Status(Tx&)>& work) {
  claim_failed_ = false;
  changes_.reset();  // the closure may run again
  if (condition_) FUMI_CHECK(check(condition_(tx)));
  if (claim_) {
    Status claimed = tx.grants().claim_answer(tx.scope().actor, claim_->key_hash, claim_->answer);
    claim_failed_ = !claimed && claimed.error().code == Code::conflict;
    if (!claimed) return claimed;
  }
  if (!rehearsing_) return work(tx);
  FUMI_TRY(const auto last, last_operation(tx));
  FUMI_CHECK(work(tx));
  FUMI_TRY(changes_, operations_since(tx, last));
  return roll_back();
}

Task<Status> CallStore::run_erased(Store::Access access, TenantScope scope,
                                   std::move_only_function<Status(Tx&)> work, Barrier barrier) {
  if (access == Store::Access::read) {
    auto read = [&work](Tx& tx) { return work(tx); };
    co_return co_await store_.read(scope, std::move(read));
  }
  auto guarded = [this, &work](Tx& tx) { return carry_out(tx, work); };
  Status done;
  if (barrier) {
    done = co_await store_.write_after(std::move(barrier), scope, std::move(guarded));
  } else {
    done = co_await store_.write(scope, std::move(guarded));
  }
  if (!done && changes_) co_return Status();
  co_return done;
}

Task<Status> CallStore::run_erased(Platform::Access access,
                                   std::move_only_function<Status(PlatformTx&)> work) {
  if (access == Platform::Access::read) {
    auto read = [&work](PlatformTx& tx) { return work(tx); };
    co_return co_await platform_.read(std::move(read));
  }
  auto guarded = [this, &work](PlatformTx& tx) -> Status {
    changes_.reset();
    if (tenant_condition_) FUMI_CHECK(check(tenant_condition_(tx)));
    if (!rehearsing_) return work(tx);
    Tx& scoped = tx.in(scope_);
    FUMI_TRY(const auto last, last_operation(scoped));
    FUMI_CHECK(work(tx));
    FUMI_TRY(changes_, operations_since(scoped, last));
    return roll_back();
  };
  Status done = co_await platform_.write(std::move(guarded));
  if (!done && changes_) co_return Status();
  co_return done;
}

}  // namespace fumi::api::admin
