#include "api/jmap/query_cache.h"

namespace fumi::jmap {

QueryCache::Ids QueryCache::find(const std::string& query, const std::string& state) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(state + " " + query);
  if (found == by_key_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->ids;
}

void QueryCache::keep(const std::string& query, const std::string& state, Ids ids) {
  const std::scoped_lock lock(mutex_);
  std::string key = state + " " + query;
  if (by_key_.contains(key)) return;
  std::size_t octets = key.size() * 2 + 200;
  for (const std::string& id : *ids)
    octets += sizeof(std::string) + id.size();
  if (octets > octets_max_ / 4) return;
  octets_ += octets;
  kept_.push_front({key, std::move(ids), octets});
  by_key_[std::move(key)] = kept_.begin();
  while (octets_ > octets_max_) {
    octets_ -= kept_.back().octets;
    by_key_.erase(kept_.back().key);
    kept_.pop_back();
  }
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
