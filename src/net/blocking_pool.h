// BlockingPool: a few threads for work that blocks or burns CPU (argon2, ZIP, signing in batches).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace fumi::net {

class BlockingPool {
 public:
  // background: its threads yield to the others (nice 10: about a tenth of a contended core).
  enum class Urgency { awaited, background };
  // `queue_max` closures wait beside those that run; one more is rejected with rate_limited.
  BlockingPool(std::size_t threads, std::size_t queue_max, Urgency urgency = Urgency::awaited);
  ~BlockingPool();  // as stop()
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Runs the closure on a thread of the pool; resumes on the caller's executor. A started closure
  // is always waited for, whatever stop is asked, so that it may use what the caller keeps alive.
  // What it throws becomes Code::internal.
  template <class T>
  Task<Result<T>> run(std::function<Result<T>()> work) {
    std::optional<Result<T>> outcome;
    const Closure closure(work, outcome);
    std::function<void()> erased(closure);
    Status ran = co_await run_erased(std::move(erased));
    if (!ran) co_return fail(std::move(ran));
    co_return std::move(*outcome);
  }

  // Rejects what comes, drops what waits (their callers get cancelled), joins what runs.
  void stop();
  [[nodiscard]] std::size_t queued() const;

 private:
  template <class T>
  struct Closure {
    Closure(std::function<Result<T>()>& work_of, std::optional<Result<T>>& outcome_of)
        : work(&work_of), outcome(&outcome_of) {}
    void operator()() const { *outcome = (*work)(); }
    std::function<Result<T>()>* work;
    std::optional<Result<T>>* outcome;
  };
  Task<Status> run_erased(std::function<void()> work);

  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with its threads' jobs
};

}  // namespace fumi::net
