#include "server/pop3/maildrop_locks.h"

#include <algorithm>

namespace fumi::server {

MaildropLocks::Hold::~Hold() {
  if (locks_ != nullptr) locks_->release(account_);
}

std::expected<MaildropLocks::Hold, MaildropLocks::Denied> MaildropLocks::hold(AccountId account,
                                                                              Instant now,
                                                                              Duration delay) {
  const std::lock_guard lock(mutex_);
  if (places_.size() >= swept_at_) forget_old(now);
  const auto [found, added] = places_.try_emplace(account);
  Place& place = found->second;
  if (place.held) return std::unexpected(Denied::in_use);
  // A clock that was set back makes nobody wait for longer than the delay.
  const bool waits = now < place.free_from && place.free_from - now <= delay;
  if (!added && waits) return std::unexpected(Denied::too_soon);
  place.held = true;
  place.free_from = now + delay;
  return Hold(*this, account);
}

void MaildropLocks::release(AccountId account) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(account);
  if (found == places_.end()) return;
  found->second.held = false;
}

// Twice the size that stays, so that sweeping costs a constant for each login.
void MaildropLocks::forget_old(Instant now) {
  std::erase_if(places_,
                [now](const auto& one) { return !one.second.held && one.second.free_from <= now; });
  swept_at_ = std::max<std::size_t>(1'000, places_.size() * 2);
}

std::size_t MaildropLocks::size() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

}  // namespace fumi::server
