#include "store/blob/detail/compression_budget.h"

#include <doctest/doctest.h>

using namespace fumi;
using namespace fumi::store::detail;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("compression budget: a fifth of a core, a second's worth at most, may be overdrawn") {
  CompressionBudget budget(0.2);
  Instant now = from_micros(1'000'000);
  CHECK(budget.allows(now));
  budget.spent(milliseconds(199));
  CHECK(budget.allows(now));
  budget.spent(milliseconds(51));
  CHECK_FALSE(budget.allows(now));
  now += milliseconds(249);  // 49.8 ms earned of 50 that are owed
  CHECK_FALSE(budget.allows(now));
  now += milliseconds(2);
  CHECK(budget.allows(now));
  now += seconds(3600);  // an hour of rest earns no more than a second
  CHECK(budget.allows(now));
  budget.spent(milliseconds(200));
  CHECK_FALSE(budget.allows(now));
}

TEST_CASE("compression budget: never, always, and a clock that is set back") {
  const Instant now = from_micros(1'000'000);
  CompressionBudget never(0);
  CHECK_FALSE(never.allows(now));
  CompressionBudget always(-1);
  always.spent(seconds(100));
  CHECK(always.allows(now));
  CompressionBudget some(1);
  CHECK(some.allows(now));
  some.spent(seconds(1));
  CHECK_FALSE(some.allows(now - seconds(500)));
  CHECK_FALSE(some.allows(now - seconds(500)));
  CHECK(some.allows(now - seconds(499)));
}

TEST_CASE("a thread's CPU time passes while it works") {
  const Duration start = thread_cpu_time();
  volatile std::uint64_t sum = 0;
  while (thread_cpu_time() - start < milliseconds(1))
    sum = sum + 1;
  CHECK(thread_cpu_time() > start);
}
