#include "service/mailbox/mailbox_index.h"

#include "config/schema.h"

namespace fumi::service {

void describe(config::Schema<MailboxIndexOptions>& s) {
  s.option(&MailboxIndexOptions::memory, "mailbox.index_memory", config::mib(128))
      .range(config::mib(1), config::gib(1024))
      .doc(
          "Memory for the message lists (32 octets a message) of mailboxes that are open or were "
          "lately. Lists of open mailboxes are kept also where they need more.");
}

MailboxIndex::MailboxIndex(ChangeBus& bus, MailboxKey key,
                           std::shared_ptr<std::atomic<std::size_t>> total)
    : key_(key),
      total_(std::move(total)),
      rings_(std::make_shared<std::atomic<std::uint64_t>>(1)),
      octets_(sizeof(*this)) {
  total_->fetch_add(octets_, std::memory_order_relaxed);
  // Before the sessions' own listeners: a session that is woken looks at rings().
  subscription_ = bus.subscribe(
      key.account,
      [rings = rings_, mailbox = key.mailbox](const Change& change) {
        if (change.is_gap() || change.mailbox == mailbox)
          rings->fetch_add(1, std::memory_order_release);
      },
      ChangeBus::Order::first);
}

MailboxIndex::~MailboxIndex() { total_->fetch_sub(octets_, std::memory_order_relaxed); }

std::shared_ptr<const MailboxSnapshot> MailboxIndex::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

bool MailboxIndex::is_fresh() const {
  const std::scoped_lock lock(mutex_);
  return current_ != nullptr && read_after_ == rings();
}

void MailboxIndex::read_after(std::uint64_t rings) {
  const std::scoped_lock lock(mutex_);
  read_after_ = std::max(read_after_, rings);
}

void MailboxIndex::set(std::shared_ptr<const MailboxSnapshot> snapshot) {
  const std::size_t octets = sizeof(*this) + snapshot->heap_octets();
  total_->fetch_add(octets - octets_, std::memory_order_relaxed);  // modulo 2^64
  octets_ = octets;
  current_ = std::move(snapshot);
}

Status MailboxIndex::advance(const Mailbox& now, const MailboxChanges& changes) {
  std::shared_ptr<const MailboxSnapshot> old;  // dies after the lock: it may be large
  const std::scoped_lock lock(mutex_);
  if (current_ == nullptr || current_->modseq() >= now.modseq) return {};
  FUMI_TRY(auto next, MailboxSnapshot::next(*current_, now, changes));
  old = current_;
  set(std::move(next));
  return {};
}

Status MailboxIndex::follow_with(const Mailbox& before, std::uint64_t rings,
                                 FunctionRef<Next(const MailboxSnapshot&)> next) {
  std::shared_ptr<const MailboxSnapshot> old;
  const std::scoped_lock lock(mutex_);
  if (current_ == nullptr || current_->modseq() != before.modseq) return {};
  FUMI_TRY(auto made, next(*current_));
  old = current_;
  set(std::move(made));
  // What rang before, the change has found there; the one ring since was its own.
  if (this->rings() == rings + 1) read_after_ = std::max(read_after_, rings + 1);
  return {};
}

Status MailboxIndex::follow(const Mailbox& before, const StoredFlags& stored, std::uint64_t rings) {
  auto next = [&](const MailboxSnapshot& base) { return MailboxSnapshot::next(base, stored); };
  return follow_with(before, rings, next);
}

Status MailboxIndex::follow(const Mailbox& before, const Mailbox& now,
                            const MailboxChanges& changes, std::uint64_t rings) {
  auto next = [&](const MailboxSnapshot& base) {
    return MailboxSnapshot::next(base, now, changes);
  };
  return follow_with(before, rings, next);
}

void MailboxIndex::replace(std::shared_ptr<const MailboxSnapshot> loaded, Replace how) {
  std::shared_ptr<const MailboxSnapshot> old;
  const std::scoped_lock lock(mutex_);
  if (how == Replace::if_newer && current_ != nullptr && current_->modseq() >= loaded->modseq()) {
    return;
  }
  old = current_;
  set(std::move(loaded));
}

std::shared_ptr<MailboxIndex> MailboxIndexes::hold(const MailboxKey& key) {
  const std::scoped_lock lock(mutex_);
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    order_.splice(order_.begin(), order_, known->second);
    return order_.front();
  }
  trim();
  order_.push_front(std::make_shared<MailboxIndex>(bus_, key, total_));
  by_key_.emplace(key, order_.begin());
  return order_.front();
}

std::shared_ptr<MailboxIndex> MailboxIndexes::find(const MailboxKey& key) const {
  const std::scoped_lock lock(mutex_);
  const auto known = by_key_.find(key);
  return known == by_key_.end() ? nullptr : *known->second;
}

// An index whose only holder is the list can't be taken by anybody else under the lock.
void MailboxIndexes::trim() {
  for (auto at = order_.end(); at != order_.begin() && octets() > options_.memory.octets;) {
    --at;
    if (at->use_count() > 1) continue;
    by_key_.erase((*at)->key());
    at = order_.erase(at);
  }
}

std::size_t MailboxIndexes::count() const {
  const std::scoped_lock lock(mutex_);
  return order_.size();
}

}  // namespace fumi::service
