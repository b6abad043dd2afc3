#include "store/blob/detail/await.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace fumi::store::detail {

void release(std::vector<Waiter>&& waiters, const Status& status) {
  struct Group {
    BusyExecutor executor;
    std::vector<Completion> completions;
  };
  std::vector<Group> groups;  // as many as there are io threads: a handful
  for (Waiter& waiter : waiters) {
    auto group =
        std::ranges::find_if(groups, [&](const Group& g) { return g.executor == waiter.executor; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{std::move(waiter.executor), {}});
    }
    group->completions.push_back(std::move(waiter.done));
  }
  for (Group& group : groups) {
    boost::asio::post(group.executor,
                      [completions = std::move(group.completions), status]() mutable {
                        for (Completion& done : completions)
                          done(status);
                      });
  }
}

Task<Status> wait_for(Executor executor, std::move_only_function<void(Waiter)> start) {
  constexpr boost::asio::use_awaitable_t<Executor> token;
  auto initiate = [executor, &start](auto handler) {
    // The handler is handed over whole; it must only run, and be destroyed, on its executor.
    start(Waiter{.sequence = 0,
                 .executor = boost::asio::require(executor,
                                                  boost::asio::execution::outstanding_work.tracked),
                 .done = [handler = std::move(handler)](Status status) mutable {
                   std::move(handler)(std::move(status));
                 }});
  };
  Status status = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>,
                                                       void(Status)>(std::move(initiate), token);
  co_return status;
}

Task<Status> run_on(Workers& workers, std::move_only_function<Status()> job) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  auto start = [&workers, &job](Waiter waiter) {
    // One slot for both outcomes, so that the waiter survives a refused submission.
    auto held = std::make_shared<Waiter>(std::move(waiter));
    auto work = [held, job = std::move(job)]() mutable {
      const Status status = job();
      std::vector<Waiter> released;
      released.push_back(std::move(*held));
      release(std::move(released), status);
    };
    if (workers.submit(std::move(work))) return;
    std::vector<Waiter> released;
    released.push_back(std::move(*held));
    release(std::move(released),
            fail(Code::unavailable, "working on a blob", "too much is waiting already"));
  };
  std::move_only_function<void(Waiter)> starting = std::move(start);
  Status status = co_await wait_for(executor, std::move(starting));
  co_return status;
}

}  // namespace fumi::store::detail
