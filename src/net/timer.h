// Waiting for time and for each other.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace fumi::net {

using SteadyPoint = std::chrono::steady_clock::time_point;

Task<Status> sleep_for(Duration duration);   // ok, or cancelled
Task<Status> sleep_until(SteadyPoint when);  // ok, or cancelled

// Lets other coroutines of this thread run: for loops over user data (STYLE §7).
Task<void> yield();

// Something an AsyncEvent can wake: implemented by streams and waits. wake() comes on its executor.
class Wakeable {
 public:
  virtual ~Wakeable() = default;
  virtual void wake() = 0;
};

// A flag that coroutines wait for: set() from any thread, also before anybody waits. The event must
// outlive its waits; those who set it from elsewhere hold it by shared_ptr.
class AsyncEvent {
 public:
  enum class Mode {
    consume,  // a wait that returns ok clears the flag: "look again", one consumer
    latch,    // stays set until reset(): wakes everybody, now and later
  };
  explicit AsyncEvent(Mode mode = Mode::consume);
  ~AsyncEvent();
  AsyncEvent(const AsyncEvent&) = delete;
  AsyncEvent& operator=(const AsyncEvent&) = delete;

  void set();
  void reset();
  [[nodiscard]] bool is_set() const;
  [[nodiscard]] bool take();  // whether it was set; clears it in consume mode

  Task<Status> wait();                   // ok, or cancelled
  Task<Status> wait_for(Duration most);  // ok, timeout, or cancelled
  Task<Status> wait_until(SteadyPoint when);
  // Until it is set, whatever stop is asked: only where the setter is sure to come soon.
  Task<void> wait_shielded();

  // For implementers of combined waits: while the registration lives, set() posts wake() to the
  // executor. Look at is_set() after registering, and again after each wake.
  class Registration {
   public:
    Registration(AsyncEvent& event, Executor executor, std::weak_ptr<Wakeable> target);
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    AsyncEvent& event_;
    std::uint64_t id_;
  };

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fumi::net
