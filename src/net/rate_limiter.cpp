#include "net/rate_limiter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace fumi::net {
namespace {

constexpr std::size_t kShards = 16;
constexpr int kVictimsLookedAt = 8;  // a bounded search for a bucket that nobody would miss

struct Bucket {
  std::string key;
  double tokens = 0;
  double burst = 0;
  double per_second = 0;
  Instant updated;
};

double refilled(const Bucket& bucket, Rate rate, Instant now) {
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - bucket.updated).count());
  return std::min(rate.burst, bucket.tokens + seconds * rate.per_second);
}

}  // namespace

struct RateLimiter::Impl {
  struct Shard {
    std::mutex mutex;
    std::list<Bucket> order;  // least recently used first
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> index;
  };
  Shard& shard(std::string_view key) {
    // The high bits: the table inside the shard uses the low ones.
    return shards[(std::hash<std::string_view>{}(key) >> 56U) % kShards];
  }
  Bucket& bucket(Shard& shard, std::string_view key, Rate rate, Instant now) const;
  void make_room(Shard& shard, Instant now) const;

  std::array<Shard, kShards> shards;
  std::size_t per_shard_max = 1;
};

void RateLimiter::Impl::make_room(Shard& shard, Instant now) const {
  auto victim = shard.order.begin();
  auto candidate = victim;
  for (int i = 0; i < kVictimsLookedAt && candidate != shard.order.end(); ++i, ++candidate) {
    const Rate rate{candidate->per_second, candidate->burst};
    if (refilled(*candidate, rate, now) < candidate->burst) continue;
    victim = candidate;
    break;
  }
  shard.index.erase(victim->key);
  shard.order.erase(victim);
}

Bucket& RateLimiter::Impl::bucket(Shard& shard, std::string_view key, Rate rate,
                                  Instant now) const {
  const auto found = shard.index.find(key);
  if (found != shard.index.end()) {
    shard.order.splice(shard.order.end(), shard.order, found->second);
    return *found->second;
  }
  if (shard.order.size() >= per_shard_max) make_room(shard, now);
  shard.order.push_back({std::string(key), rate.burst, rate.burst, rate.per_second, now});
  const auto made = std::prev(shard.order.end());
  shard.index.emplace(made->key, made);
  return *made;
}

RateLimiter::RateLimiter(std::size_t keys_max) : impl_(std::make_unique<Impl>()) {
  impl_->per_shard_max = std::max<std::size_t>(1, keys_max / kShards);
}

RateLimiter::~RateLimiter() = default;

bool RateLimiter::try_take(std::string_view key, Rate rate, Instant now, double cost) {
  auto& shard = impl_->shard(key);
  const std::lock_guard lock(shard.mutex);
  Bucket& bucket = impl_->bucket(shard, key, rate, now);
  bucket.tokens = refilled(bucket, rate, now);
  bucket.updated = std::max(bucket.updated, now);
  bucket.burst = rate.burst;
  bucket.per_second = rate.per_second;
  if (bucket.tokens < cost) return false;
  bucket.tokens -= cost;
  return true;
}

bool RateLimiter::try_take(const IpAddress& peer, Rate rate, Instant now, double cost) {
  return try_take(peer.limit_key().text(), rate, now, cost);
}

Duration RateLimiter::wait_time(std::string_view key, Rate rate, Instant now, double cost) const {
  auto& shard = impl_->shard(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(key);
  const double tokens =
      found == shard.index.end() ? rate.burst : refilled(*found->second, rate, now);
  if (tokens >= cost) return Duration::zero();
  if (cost > rate.burst || rate.per_second <= 0) return Duration::max();
  const double seconds = (cost - tokens) / rate.per_second;
  return std::chrono::ceil<Duration>(std::chrono::duration<double>(seconds));
}

std::size_t RateLimiter::size() const {
  std::size_t total = 0;
  for (auto& shard : impl_->shards) {
    const std::lock_guard lock(shard.mutex);
    total += shard.order.size();
  }
  return total;
}

}  // namespace fumi::net
