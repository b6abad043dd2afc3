#include "service/spool/group_commit.h"

#include <algorithm>
#include <chrono>

namespace fumi::service {
namespace {

constexpr std::size_t kGroupMax = 200;
constexpr Duration kPatience = std::chrono::hours(1);

// The store itself is away or full: to try each work alone would only take longer.
bool fails_for_all(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::storage_full ||
         error.code == Code::rate_limited || error.code == Code::timeout;
}

}  // namespace

Task<Status> GroupCommit::run(Work work) {
  auto own = std::make_shared<Entry>();
  own->work = std::move(work);
  waiting_.push_back(own);
  if (leading_) co_return co_await follow(own);
  leading_ = true;
  co_await lead();
  co_return own->outcome;
}

Task<Status> GroupCommit::follow(std::shared_ptr<Entry> own) {
  own->wakeup = runtime_.make_wakeup();
  while (!own->done && !own->leads) {
    const Status woken = co_await own->wakeup->wait_for(kPatience);
    if (woken || woken.error().code == Code::timeout || own->done || own->leads) continue;
    // Stopping. What nobody has taken is still written, by itself.
    if (std::erase(waiting_, own) == 0) co_return std::unexpected(woken.error());
    Work alone = own->work;
    co_return co_await platform_.write(std::move(alone));
  }
  if (own->leads) co_await lead();
  co_return own->outcome;
}

// The caller's entry stands at the front of waiting_.
Task<void> GroupCommit::lead() {
  if (gather_ > Duration(0)) {
    // A stop ends the wait, and what is there is written.
    [[maybe_unused]] const Status slept = co_await runtime_.sleep_for(gather_);
  }
  Group group;
  const std::size_t count = std::min(waiting_.size(), kGroupMax);
  group.assign(waiting_.begin(), waiting_.begin() + std::ptrdiff_t(count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + std::ptrdiff_t(count));
  co_await commit(group);
  for (const std::shared_ptr<Entry>& entry : group) {
    entry->done = true;
    if (entry->wakeup) entry->wakeup->notify();
  }
  leading_ = !waiting_.empty();
  if (!leading_) co_return;
  waiting_.front()->leads = true;
  waiting_.front()->wakeup->notify();
}

Task<void> GroupCommit::commit(Group& group) {
  auto together = [&group](PlatformTx& tx) -> Status {
    for (const std::shared_ptr<Entry>& entry : group)
      FUMI_CHECK(entry->work(tx));
    return {};
  };
  const Status all = co_await platform_.write(std::move(together));
  if (all || group.size() == 1 || fails_for_all(all.error())) {
    for (const std::shared_ptr<Entry>& entry : group)
      entry->outcome = all;
    co_return;
  }
  for (const std::shared_ptr<Entry>& entry : group) {
    Work alone = entry->work;
    entry->outcome = co_await platform_.write(std::move(alone));
  }
}

}  // namespace fumi::service
