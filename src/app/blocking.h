// wait_for: runs one coroutine to its end on the calling thread. For commands, never in the server.
#pragma once

#include <optional>
#include <utility>

#include "base/task.h"

namespace fumi::app {

void run_to_end(Task<void> task);

template <class T>
Task<void> keep_result(Task<T> task, std::optional<T>& into) {
  T value = co_await std::move(task);
  into.emplace(std::move(value));
}

template <class T>
[[nodiscard]] T wait_for(Task<T> task) {
  std::optional<T> outcome;
  run_to_end(keep_result(std::move(task), outcome));
  return std::move(*outcome);
}

}  // namespace fumi::app
