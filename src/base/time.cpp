#include "base/time.h"

#include <cstdio>

namespace fumi {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_rfc3339(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at - day).count();
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(millis / 3'600'000),
                int(millis / 60'000 % 60), int(millis / 1000 % 60), int(millis % 1000));
  return buffer;
}

}  // namespace fumi
