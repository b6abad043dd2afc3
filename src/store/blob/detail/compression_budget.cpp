#include "store/blob/detail/compression_budget.h"

#include <time.h>

#include <algorithm>

namespace fumi::store::detail {

bool CompressionBudget::allows(Instant now) {
  if (cores_ < 0) return true;
  if (cores_ == 0) return false;
  const double full = cores_ * double(Duration(std::chrono::seconds(1)).count());
  const std::lock_guard lock(mutex_);
  if (!started_) left_ = full;
  // A clock that was set back refills nothing, and counts from there.
  if (started_ && now > filled_at_)
    left_ = std::min(full, left_ + cores_ * double((now - filled_at_).count()));
  started_ = true;
  filled_at_ = now;
  return left_ > 0;
}

void CompressionBudget::spent(Duration cpu_time) {
  const std::lock_guard lock(mutex_);
  left_ -= double(cpu_time.count());
}

Duration thread_cpu_time() {
  timespec at{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at) != 0) return {};
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(at.tv_sec) +
                                              std::chrono::nanoseconds(at.tv_nsec));
}

}  // namespace fumi::store::detail
