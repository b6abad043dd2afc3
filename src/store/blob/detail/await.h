// Where the store's threads meet coroutines: results go back to the executor that waits for them.
#pragma once

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/require.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/blob/detail/workers.h"

namespace fumi::store::detail {

using Completion = std::move_only_function<void(Status)>;

// An executor whose io_context doesn't run out of work while this exists.
using BusyExecutor = std::decay_t<decltype(boost::asio::require(
    std::declval<Executor>(), boost::asio::execution::outstanding_work.tracked))>;

// One coroutine that waits.
struct Waiter {
  std::uint64_t sequence = 0;
  BusyExecutor executor;
  Completion done;
};

// Posts to each executor once, however many of its coroutines are released.
void release(std::vector<Waiter>&& waiters, const Status& status);

// Suspends until `start` has passed the completion on and somebody has called it; resumes on
// `executor`, which must be the calling coroutine's own. Not cancellable: what it waits for is a
// commit point.
[[nodiscard]] Task<Status> wait_for(Executor executor, std::move_only_function<void(Waiter)> start);

// Runs `job` on the workers and resumes the caller with what it returned. Code::unavailable when
// their queue is full.
[[nodiscard]] Task<Status> run_on(Workers& workers, std::move_only_function<Status()> job);

}  // namespace fumi::store::detail
