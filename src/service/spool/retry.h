// When to try again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fumi::service {

// Waits after the first, second, … failed attempt; the last one repeats. Each is spread by ±10 % so
// that what failed together does not come back together. RFC 5321 §4.5.4.1 asks for 30 minutes
// between attempts in general, and for two tries in the first hour.
struct RetrySchedule {
  std::vector<Duration> waits{std::chrono::minutes(1),  std::chrono::minutes(5),
                              std::chrono::minutes(15), std::chrono::minutes(30),
                              std::chrono::hours(1),    std::chrono::hours(2),
                              std::chrono::hours(4)};

  // Durations as the configuration writes them: "1m", "4h". invalid: none, or one that is none.
  [[nodiscard]] static Result<RetrySchedule> parse(const std::vector<std::string>& waits);

  // `attempts` have failed; `seed` decides the spread.
  [[nodiscard]] Duration wait_after(std::uint32_t attempts, std::uint64_t seed) const;
};

}  // namespace fumi::service
