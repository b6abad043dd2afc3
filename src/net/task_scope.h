// TaskScope: the owner of concurrent coroutines. Nothing runs without one (STYLE §7).
//
// How stop works. Each task gets an asio cancellation slot that is reached only on the task's own
// executor; request_stop() posts one terminal cancellation there. The wait that stands ends, and
// every later wait of this module (Stream, timers, events, DNS, connect) sees the task's
// cancellation state first and returns Code::cancelled too, so that a stop that hits a task between
// two waits is never lost. Asio's own "throw if cancelled" is off: stop is a result, no exception.
// Waits that must not be cut short (store commits, BlockingPool) ignore it and go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"

namespace fumi::net {

class TaskScope {
 public:
  TaskScope();
  ~TaskScope();  // asserts that no task is left
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  enum class Spawned { yes, stopping };

  // Starts the task on the executor. `name` is for logs: a literal. Any thread. After
  // request_stop() nothing is started; the task is destroyed unrun.
  Spawned spawn(const char* name, Executor executor, Task<void> task);

  // Any thread; idempotent. A second call repeats the cancellation for tasks that used
  // allow_farewell().
  void request_stop();
  [[nodiscard]] bool stopping() const;

  // Until all tasks have ended; does not stop them. Not to be called by a task of this scope.
  Task<void> join();
  // The same for threads that run no io_context; false: they had not ended in time.
  [[nodiscard]] bool join_blocking(std::int64_t milliseconds_max);

  [[nodiscard]] std::size_t size() const;
  // Exceptions that escaped a task: logged with its name, the process goes on.
  [[nodiscard]] std::uint64_t exceptions() const;
  [[nodiscard]] std::vector<std::string> names() const;  // of running tasks, for diagnosis

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the completion handlers of its tasks
};

// Whether this task was asked to stop: for loops that compute between waits.
Task<bool> stop_requested();

// After Code::cancelled: makes waits possible again for a last word ("421 closing", "* BYE"). Set a
// short deadline first. The next request_stop() of the scope cancels for good.
Task<void> allow_farewell();

}  // namespace fumi::net
