// Instants, durations and the clock that tests and simulation replace.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fumi {

using Duration = std::chrono::microseconds;
// UTC, microseconds since 1970-01-01. Stored as a BIGINT.
using Instant = std::chrono::sys_time<Duration>;

[[nodiscard]] constexpr std::int64_t to_micros(Instant at) { return at.time_since_epoch().count(); }
[[nodiscard]] constexpr Instant from_micros(std::int64_t micros) {
  return Instant(Duration(micros));
}

// "2026-11-23T01:02:03.456Z": RFC 3339 with milliseconds.
[[nodiscard]] std::string to_rfc3339(Instant at);

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;  // any thread
};

// The machine's clock. One object without state; safe from any thread.
[[nodiscard]] const Clock& system_clock();

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start) {}
  [[nodiscard]] Instant now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Instant now_;
};

}  // namespace fumi
