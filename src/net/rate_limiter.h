// RateLimiter: token buckets by key, in a table of bounded size. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/ip.h"
#include "base/time.h"

namespace fumi::net {

struct Rate {
  double per_second = 1.0;  // refill
  double burst = 1.0;       // size of the bucket
};

// A full table forgets, in the shard of the new key, a bucket that is full again, or else the one
// that was used least recently: an attacker with many keys gets fresh buckets for them, never
// memory.
class RateLimiter {
 public:
  explicit RateLimiter(std::size_t keys_max);
  ~RateLimiter();

  // Takes `cost` tokens and says true, or takes none. Time may stand still but is never trusted to
  // go back: an earlier `now` refills nothing.
  [[nodiscard]] bool try_take(std::string_view key, Rate rate, Instant now, double cost = 1.0);
  [[nodiscard]] bool try_take(const IpAddress& peer, Rate rate, Instant now, double cost = 1.0);
  // How long until `cost` would be there; zero if it is.
  [[nodiscard]] Duration wait_time(std::string_view key, Rate rate, Instant now,
                                   double cost = 1.0) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fumi::net
