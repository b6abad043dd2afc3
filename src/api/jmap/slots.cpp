#include "api/jmap/slots.h"

namespace fumi::jmap {

std::unique_ptr<Slots::Slot> Slots::take(AccountId account) {
  {
    const std::scoped_lock lock(mutex_);
    std::uint32_t& count = taken_[account];
    if (count >= most_) return nullptr;
    ++count;
  }
  return std::make_unique<Slot>(*this, account);
}

void Slots::give_back(AccountId account) {
  const std::scoped_lock lock(mutex_);
  const auto found = taken_.find(account);
  if (--found->second == 0) taken_.erase(found);
}

}  // namespace fumi::jmap
