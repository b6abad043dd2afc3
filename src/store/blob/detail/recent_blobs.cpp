#include "store/blob/detail/recent_blobs.h"

namespace fumi::store::detail {

std::optional<RecentBlobs::Entry> RecentBlobs::find(std::uint64_t tenant,
                                                    const crypto::Digest256& hash, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(Key{tenant, hash});
  if (found == by_key_.end()) return std::nullopt;
  if (now - found->second->entry.written_at >= age_max_) {
    newest_first_.erase(found->second);
    by_key_.erase(found);
    return std::nullopt;
  }
  return found->second->entry;
}

void RecentBlobs::add(std::uint64_t tenant, const crypto::Digest256& hash, Entry entry) {
  if (entries_max_ == 0) return;
  const std::lock_guard lock(mutex_);
  const Key key{tenant, hash};
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    newest_first_.erase(found->second);
    by_key_.erase(found);
  } else if (newest_first_.size() >= entries_max_) {
    by_key_.erase(newest_first_.back().key);
    newest_first_.pop_back();
  }
  newest_first_.push_front({key, entry});
  by_key_.emplace(key, newest_first_.begin());
}

}  // namespace fumi::store::detail
