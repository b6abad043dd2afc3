// Span: how long a step took, into a histogram. The clock is an argument, so that tests and
// simulation decide what time it is.
#pragma once

#include "base/time.h"
#include "obs/metrics.h"

namespace fumi::obs {

// Observes the seconds between construction and end() or destruction, once.
class Span {
 public:
  Span(Histogram into, const Clock& clock) : into_(into), clock_(clock), start_(clock.now()) {}
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() { end(); }

  [[nodiscard]] Duration elapsed() const { return clock_.now() - start_; }
  void end() {
    if (ended_) return;
    ended_ = true;
    into_.observe(std::chrono::duration<double>(elapsed()).count());
  }
  void abandon() { ended_ = true; }  // the step did not happen: observe nothing

 private:
  Histogram into_;
  const Clock& clock_;
  Instant start_;
  bool ended_ = false;
};

}  // namespace fumi::obs
