#include "api/jmap/query_cache.h"

#include <iterator>

namespace fumi::jmap {

// What is kept under the key, now the most recently used.
QueryCache::Kept* QueryCache::touch(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return &*found->second;
}

void QueryCache::forget(std::list<Kept>::iterator kept) {
  octets_ -= kept->octets;
  by_key_.erase(kept->key);
  kept_.erase(kept);
}

void QueryCache::put(Kept kept) {
  if (const auto old = by_key_.find(kept.key); old != by_key_.end()) forget(old->second);
  kept.octets += kept.key.size() * 2 + 200;
  if (kept.octets > octets_max_ / 4) return;
  octets_ += kept.octets;
  kept_.push_front(std::move(kept));
  by_key_[kept_.front().key] = kept_.begin();
  while (octets_ > octets_max_)
    forget(std::prev(kept_.end()));
}

QueryCache::Ids QueryCache::find(const std::string& query, const std::string& state) {
  const std::scoped_lock lock(mutex_);
  const Kept* kept = touch(state + " " + query);
  return kept != nullptr ? kept->ids : nullptr;
}

void QueryCache::keep(const std::string& query, const std::string& state, Ids ids) {
  std::size_t octets = 0;
  for (const std::string& id : *ids)
    octets += sizeof(std::string) + id.size();
  const std::scoped_lock lock(mutex_);
  put({state + " " + query, std::move(ids), nullptr, octets});
}

QueryCache::Emails QueryCache::find_emails(const std::string& query) {
  const std::scoped_lock lock(mutex_);
  const Kept* kept = touch("Email " + query);
  return kept != nullptr ? kept->emails : nullptr;
}

void QueryCache::keep_emails(const std::string& query, Emails result) {
  const std::size_t octets = result->octets();
  const std::scoped_lock lock(mutex_);
  const Kept* kept = touch("Email " + query);
  if (kept != nullptr && kept->emails->state() >= result->state()) return;
  put({"Email " + query, nullptr, std::move(result), octets});
}

QueryCache::Counts QueryCache::find_counts(AccountId account, ModSeq state) {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(account);
  return found != counts_.end() && found->second.first == state ? found->second.second : nullptr;
}

void QueryCache::keep_counts(AccountId account, ModSeq state, Counts counts) {
  constexpr std::size_t kAccountsMax = 10'000;
  const std::scoped_lock lock(mutex_);
  if (counts_.size() >= kAccountsMax && !counts_.contains(account)) counts_.erase(counts_.begin());
  counts_[account] = {state, std::move(counts)};
}

}  // namespace fumi::jmap
