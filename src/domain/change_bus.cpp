#include "domain/change_bus.h"

namespace fumi {

ChangeBus::Subscription ChangeBus::subscribe(AccountId account, Listener listener, Order order) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t id = next_id_++;
  std::vector<Entry>& known = listeners_[account];
  known.insert(order == Order::first ? known.begin() : known.end(), {id, std::move(listener)});
  return {*this, account, id};
}

ChangeBus::Subscription::~Subscription() {
  if (bus_ == nullptr) return;
  const std::scoped_lock lock(bus_->mutex_);
  const auto found = bus_->listeners_.find(account_);
  if (found == bus_->listeners_.end()) return;
  std::erase_if(found->second, [this](const Entry& entry) { return entry.id == id_; });
  if (found->second.empty()) bus_->listeners_.erase(found);
}

// Listeners run under the lock, so that none is called after its subscription has died.
void ChangeBus::publish(std::span<const Change> changes) {
  const std::scoped_lock lock(mutex_);
  for (const Change& change : changes) {
    const auto found = listeners_.find(change.account);
    if (found == listeners_.end()) continue;
    for (const Entry& entry : found->second)
      entry.listener(change);
  }
}

void ChangeBus::publish_gap() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [account, entries] : listeners_) {
    for (const Entry& entry : entries)
      entry.listener({TenantId(), account, MailboxId()});
  }
}

}  // namespace fumi
