#include "service/spool/retry.h"

#include <doctest/doctest.h>

namespace fumi::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("waits grow, the last one repeats, and each is spread by ten percent") {
  const RetrySchedule schedule;
  struct Case {
    std::uint32_t attempts;
    Duration base;
  };
  for (const Case& c : {Case{0, minutes(1)}, Case{1, minutes(1)}, Case{2, minutes(5)},
                        Case{7, hours(4)}, Case{8, hours(4)}, Case{1000, hours(4)}}) {
    Duration least = Duration::max();
    Duration most = Duration::min();
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      const Duration wait = schedule.wait_after(c.attempts, seed);
      CHECK(wait >= c.base * 9 / 10);
      CHECK(wait <= c.base * 11 / 10);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    CHECK(least < c.base * 92 / 100);  // it is a spread indeed
    CHECK(most > c.base * 108 / 100);
  }
}

TEST_CASE("a schedule is read from durations, and must name one at least") {
  const auto read = RetrySchedule::parse({"90s", "2h"});
  REQUIRE(read.has_value());
  CHECK(read->waits == std::vector<Duration>{std::chrono::seconds(90), hours(2)});
  CHECK_FALSE(RetrySchedule::parse({}).has_value());
  CHECK_FALSE(RetrySchedule::parse({"1m", "soon"}).has_value());
}

}  // namespace
}  // namespace fumi::service
