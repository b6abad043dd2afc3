// Runtime: how services start background work, wait, and leave an io thread, without seeing Asio.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace fumi {

// A flag that one coroutine waits for and anybody may raise. Raised before the wait, it ends it at
// once.
class Wakeup {
 public:
  virtual ~Wakeup() = default;
  virtual void notify() = 0;                         // any thread
  virtual Task<Status> wait_for(Duration most) = 0;  // ok, timeout, or cancelled
};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // Starts the task on the runtime's executor. `name` is a literal, for logs. The runtime's owner
  // asks all tasks to stop (their waits return cancelled) and joins them. After that nothing
  // starts.
  virtual void spawn(const char* name, Task<void> task) = 0;
  // Runs `work` on the runtime's executor soon; any thread.
  virtual void post(std::function<void()> work) = 0;
  [[nodiscard]] virtual std::unique_ptr<Wakeup> make_wakeup() = 0;
  virtual Task<Status> sleep_for(Duration time) = 0;  // ok, or cancelled

  // Runs CPU-heavy `work` on the bounded pool and resumes the caller on its own executor.
  // rate_limited: the pool's queue is full.
  virtual Task<Status> offload(std::function<void()> work) = 0;
  // The same for work that nobody waits for (indexing): it has threads of its own, which get what
  // the others leave when the machine is busy. Never for work that holds a lock or a claim that
  // somebody waits for.
  virtual Task<Status> offload_background(std::function<void()> work) = 0;
};

}  // namespace fumi
