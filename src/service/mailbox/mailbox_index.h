// MailboxIndex: the newest snapshot of one mailbox in this process, shared by all sessions that
// have it open; and MailboxIndexes, which keeps those that somebody holds, and as many of those
// that nobody does as fit into `mailbox.index_memory`.
//
// An index is brought up to date by what changed since its snapshot (Mailboxes::refresh), never
// read anew; which of the sessions does it makes no difference to the others. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/function_ref.h"
#include "base/result.h"
#include "config/values.h"
#include "domain/change_bus.h"
#include "service/mailbox/mailbox_snapshot.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct MailboxIndexOptions {
  config::ByteCount memory = config::mib(128);  // of all indexes; those in use may exceed it
};

void describe(config::Schema<MailboxIndexOptions>& s);

struct MailboxKey {
  TenantId tenant;
  AccountId account;
  MailboxId mailbox;
  friend bool operator==(const MailboxKey&, const MailboxKey&) = default;
};

class MailboxIndex {
 public:
  MailboxIndex(ChangeBus& bus, MailboxKey key, std::shared_ptr<std::atomic<std::size_t>> total);
  ~MailboxIndex();
  MailboxIndex(const MailboxIndex&) = delete;
  MailboxIndex& operator=(const MailboxIndex&) = delete;

  [[nodiscard]] const MailboxKey& key() const { return key_; }
  // Null until it has been loaded.
  [[nodiscard]] std::shared_ptr<const MailboxSnapshot> current() const;

  // How often the change bus has rung for this mailbox. What was read from the store after
  // `rings()` gave r holds all that the first r rings told of.
  [[nodiscard]] std::uint64_t rings() const { return rings_->load(std::memory_order_acquire); }
  // Whether the snapshot holds all that the bus has told of.
  [[nodiscard]] bool is_fresh() const;
  void read_after(std::uint64_t rings);  // the snapshot is as new as that

  // What this process has just committed and told the bus of: saves reading it. `before` is the
  // mailbox as the change found it, `rings` what rings() gave in the change's transaction. Nothing
  // happens if the snapshot is not that state.
  [[nodiscard]] Status follow(const Mailbox& before, const StoredFlags& stored,
                              std::uint64_t rings);
  // What arrived or is gone: `now` is the mailbox as the change left it.
  [[nodiscard]] Status follow(const Mailbox& before, const Mailbox& now,
                              const MailboxChanges& changes, std::uint64_t rings);
  // Whichever is newer stays. `next` fails as MailboxSnapshot::next() does.
  [[nodiscard]] Status advance(const Mailbox& now, const MailboxChanges& changes);
  enum class Replace { if_newer, always };  // always: the store has gone back in time
  void replace(std::shared_ptr<const MailboxSnapshot> loaded, Replace how);

 private:
  void set(std::shared_ptr<const MailboxSnapshot> snapshot);  // under the lock
  using Next = Result<std::shared_ptr<const MailboxSnapshot>>;
  [[nodiscard]] Status follow_with(const Mailbox& before, std::uint64_t rings,
                                   FunctionRef<Next(const MailboxSnapshot&)> next);

  MailboxKey key_;
  std::shared_ptr<std::atomic<std::size_t>> total_;    // octets; shared with the registry
  std::shared_ptr<std::atomic<std::uint64_t>> rings_;  // shared with the bus's listener
  mutable std::mutex mutex_;                           // of what follows
  std::shared_ptr<const MailboxSnapshot> current_;     // shared with sessions
  std::size_t octets_ = 0;
  std::uint64_t read_after_ = 0;
  ChangeBus::Subscription subscription_;  // last: ends first
};

class MailboxIndexes {
 public:
  MailboxIndexes(ChangeBus& bus, MailboxIndexOptions options)
      : bus_(bus), options_(options), total_(std::make_shared<std::atomic<std::size_t>>(0)) {}

  // The mailbox's index, made if there is none. It stays while somebody holds the pointer. Only for
  // keys that the store has confirmed: an index itself knows no rights.
  [[nodiscard]] std::shared_ptr<MailboxIndex> hold(const MailboxKey& key);
  // The one that is there already, or null.
  [[nodiscard]] std::shared_ptr<MailboxIndex> find(const MailboxKey& key) const;
  [[nodiscard]] std::size_t octets() const { return total_->load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t count() const;

 private:
  struct Hash {
    std::size_t operator()(const MailboxKey& key) const {
      return std::hash<std::uint64_t>()(key.mailbox.value() * 31 + key.account.value());
    }
  };
  using Order = std::list<std::shared_ptr<MailboxIndex>>;  // last held first; shared with holders
  void trim();                                             // under the lock

  ChangeBus& bus_;
  MailboxIndexOptions options_;
  std::shared_ptr<std::atomic<std::size_t>> total_;  // shared with the indexes
  mutable std::mutex mutex_;
  Order order_;
  std::unordered_map<MailboxKey, Order::iterator, Hash> by_key_;
};

}  // namespace fumi::service
