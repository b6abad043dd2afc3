// EntryCache: the entries of mailboxes that were searched lately, kept current by what changed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "domain/ports/store.h"

namespace fumi::service::detail {

// Any thread.
class EntryCache {
 public:
  using Entries =
      std::shared_ptr<const std::vector<Entry>>;  // ascending by UID; shared by searches

  explicit EntryCache(std::size_t entries_max) : entries_max_(entries_max) {}

  // As they are in this transaction. not_found: no such mailbox in this account.
  [[nodiscard]] Result<Entries> get(Tx& tx, AccountId account, MailboxId mailbox);

 private:
  using Key = std::tuple<TenantId, AccountId, MailboxId>;
  struct Kept {
    Entries entries;
    ModSeq modseq;
    std::uint64_t used = 0;
  };
  void keep(const Key& key, Entries entries, ModSeq modseq);
  void forget(const Key& key);

  std::size_t entries_max_;
  std::mutex mutex_;
  std::map<Key, Kept> kept_;
  std::size_t entries_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace fumi::service::detail
