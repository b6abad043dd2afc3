// CallStore: the store as one call of the API works on it. What a handler writes through it can be
// rehearsed (carried out, looked at, rolled back), tied to a condition, and marked as done under
// the caller's key; all of it in the handler's own transaction, so that no other change comes
// between.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/ports/store.h"

namespace fumi::api::admin {

// What a change would put on record.
struct Rehearsed {
  std::string operation;  // "account.create"
  std::string object;
  std::string detail;  // JSON
};

class CallStore final : public Store, public Platform {
 public:
  // True: the condition holds. Asked first in the transaction that writes.
  using Condition = std::function<Result<bool>(Tx& tx)>;
  using TenantCondition = std::function<Result<bool>(PlatformTx& tx)>;
  struct Claim {
    std::string key_hash;
    KeptAnswer answer;
  };

  CallStore(Store& store, Platform& platform) : store_(store), platform_(platform) {}

  // `scope`: whose records tell what would be done.
  void rehearse(TenantScope scope) {
    scope_ = scope;
    rehearsing_ = true;
  }
  void require(Condition condition) { condition_ = std::move(condition); }
  void require(TenantCondition condition) { tenant_condition_ = std::move(condition); }
  void claim(Claim claim) { claim_ = std::move(claim); }

  // nullopt: nothing was to be written, or it would not have gone well.
  [[nodiscard]] const std::optional<std::vector<Rehearsed>>& rehearsed() const { return changes_; }
  [[nodiscard]] bool is_rehearsing() const { return rehearsing_; }
  [[nodiscard]] bool condition_failed() const { return condition_failed_; }
  // Somebody else has carried out a request with the same key meanwhile.
  [[nodiscard]] bool claim_failed() const { return claim_failed_; }

 private:
  Task<Status> run_erased(Store::Access access, TenantScope scope,
                          std::move_only_function<Status(Tx&)> work, Barrier barrier) override;
  Task<Status> run_erased(Platform::Access access,
                          std::move_only_function<Status(PlatformTx&)> work) override;
  Status carry_out(Tx& tx, std::move_only_function<Status(Tx&)>& work);
  Status check(const Result<bool>& holds);

  Store& store_;
  Platform& platform_;
  Condition condition_;
  TenantCondition tenant_condition_;
  std::optional<Claim> claim_;
  std::optional<std::vector<Rehearsed>> changes_;
  TenantScope scope_;
  bool rehearsing_ = false;
  bool condition_failed_ = false;
  bool claim_failed_ = false;
};

}  // namespace fumi::api::admin
