// How much CPU time compression may take. Compressing a large body costs several times what
// hashing, sealing and writing it cost together; in a burst that time is what a peer waits for, so
// bodies beyond the budget are stored as they are.
#pragma once

#include <mutex>

#include "base/time.h"

namespace fumi::store::detail {

// A token bucket of CPU time that holds one second's worth. Thread-safe.
class CompressionBudget {
 public:
  // `cores`: CPU time per time, e.g. 0.2 is a fifth of one core. 0: never; negative: without limit.
  explicit CompressionBudget(double cores) : cores_(cores) {}

  // Whether to compress now. What it cost is told afterwards, so the budget may be overdrawn by
  // the bodies that are being compressed.
  [[nodiscard]] bool allows(Instant now);
  void spent(Duration cpu_time);

 private:
  const double cores_;
  std::mutex mutex_;
  bool started_ = false;
  Instant filled_at_{};
  double left_ = 0;  // microseconds; below zero when overdrawn
};

// CPU time that the calling thread has used so far.
[[nodiscard]] Duration thread_cpu_time();

}  // namespace fumi::store::detail
