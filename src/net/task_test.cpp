#include <doctest/doctest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "net/blocking_pool.h"
#include "net/detail/rig.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using testing::Rig;

Task<void> sleep_long(std::atomic<int>& cancelled) {
  Status slept = co_await sleep_for(std::chrono::hours(1));
  if (!slept && slept.error().code == Code::cancelled) ++cancelled;
}

Task<void> sleep_again_and_again(std::atomic<int>& cancelled) {
  co_await sleep_long(cancelled);
  co_await sleep_long(cancelled);  // a stop is seen by every later wait too
  const bool stop = co_await stop_requested();
  if (stop) ++cancelled;
}

TEST_CASE("stop ends waits with cancelled, and the scope becomes empty") {
  Rig rig;
  TaskScope scope;
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < 100; ++i) {
    Task<void> task = sleep_again_and_again(cancelled);
    CHECK(scope.spawn("sleeper", rig.pool.next(), std::move(task)) == TaskScope::Spawned::yes);
  }
  CHECK(scope.size() == 100);
  CHECK(scope.names().front() == "sleeper");
  scope.request_stop();
  scope.request_stop();
  CHECK(scope.join_blocking(10'000));
  CHECK(cancelled == 300);
  Task<void> late = sleep_long(cancelled);
  CHECK(scope.spawn("late", rig.pool.next(), std::move(late)) == TaskScope::Spawned::stopping);
  CHECK(scope.exceptions() == 0);
}

Task<void> nothing() { co_return; }

Task<void> spawn_and_stop(TaskScope& scope, Executor executor, std::atomic<int>& cancelled) {
  Task<void> task = sleep_long(cancelled);
  scope.spawn("child", executor, std::move(task));
  scope.request_stop();
  co_await scope.join();
}

TEST_CASE("a stop that overtakes the start is not lost") {
  Rig rig;
  for (int i = 0; i < 200; ++i) {
    TaskScope scope;
    std::atomic<int> cancelled = 0;
    Task<void> task = spawn_and_stop(scope, rig.pool.executor(i % 2), cancelled);
    rig.run(std::move(task));
    CHECK(cancelled == 1);
    CHECK(scope.size() == 0);
  }
}

TEST_CASE("join waits for what runs, from a coroutine and from a thread") {
  Rig rig;
  TaskScope scope;
  rig.run(scope.join());  // nothing runs
  for (int i = 0; i < 50; ++i) {
    Task<void> task = nothing();
    scope.spawn("nothing", rig.pool.next(), std::move(task));
  }
  rig.run(scope.join());
  CHECK(scope.size() == 0);
  CHECK(scope.join_blocking(0));
}

Task<void> explode() {
  co_await yield();
  throw std::runtime_error("on purpose");
}

TEST_CASE("an escaped exception is counted and the process goes on") {
  Rig rig;
  TaskScope scope;
  Task<void> task = explode();
  scope.spawn("exploding", rig.pool.next(), std::move(task));
  CHECK(scope.join_blocking(10'000));
  CHECK(scope.exceptions() == 1);
}

Task<void> say_goodbye(std::atomic<int>& slept_after) {
  Status first = co_await sleep_for(std::chrono::hours(1));
  CHECK_FALSE(first.has_value());
  co_await allow_farewell();
  Status second = co_await sleep_for(std::chrono::milliseconds(1));
  if (second) ++slept_after;
  Status third = co_await sleep_for(std::chrono::hours(1));  // until the second stop
  if (!third) ++slept_after;
}

TEST_CASE("after allow_farewell() waits work until the next stop") {
  Rig rig;
  TaskScope scope;
  std::atomic<int> steps = 0;
  Task<void> task = say_goodbye(steps);
  scope.spawn("goodbye", rig.pool.next(), std::move(task));
  scope.request_stop();
  CHECK(testing::eventually([&] { return steps == 1; }));
  scope.request_stop();
  CHECK(scope.join_blocking(10'000));
  CHECK(steps == 2);
}

Task<Status> wait_event(AsyncEvent& event) { co_return co_await event.wait(); }
Task<Status> wait_event_for(AsyncEvent& event, Duration most) {
  co_return co_await event.wait_for(most);
}
Task<void> count_events(AsyncEvent& event, std::atomic<int>& count) {
  for (;;) {
    Status woken = co_await event.wait();
    if (!woken) co_return;
    ++count;
  }
}

TEST_CASE("events wake from any thread, before and after the wait begins") {
  Rig rig;
  AsyncEvent event;
  event.set();
  CHECK(rig.run(wait_event(event)).has_value());
  CHECK_FALSE(event.is_set());  // consumed
  CHECK(rig.run(wait_event_for(event, std::chrono::milliseconds(1))).error().code == Code::timeout);
  TaskScope scope;
  std::atomic<int> count = 0;
  Task<void> task = count_events(event, count);
  scope.spawn("counter", rig.pool.next(), std::move(task));
  for (int i = 1; i <= 200; ++i) {
    event.set();
    REQUIRE(testing::eventually([&] { return count == i; }));
  }
  scope.request_stop();
  CHECK(scope.join_blocking(10'000));
}

Task<void> wait_and_count(AsyncEvent& event, std::atomic<int>& done) {
  Status woken = co_await event.wait();
  if (woken) ++done;
}

TEST_CASE("a latch stays set and wakes all") {
  Rig rig;
  AsyncEvent latch(AsyncEvent::Mode::latch);
  TaskScope scope;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 10; ++i) {
    Task<void> task = wait_and_count(latch, ended);
    scope.spawn("waiter", rig.pool.next(), std::move(task));
  }
  latch.set();
  CHECK(scope.join_blocking(10'000));
  CHECK(ended == 10);
  CHECK(latch.is_set());
  latch.reset();
  CHECK_FALSE(latch.take());
}

Task<Result<int>> on_pool(BlockingPool& pool, std::function<Result<int>()> work) {
  co_return co_await pool.run(std::move(work));
}

TEST_CASE("a background pool yields to the other threads, and only it") {
  Rig rig;
  const auto niceness = []() -> Result<int> {
    return ::getpriority(PRIO_PROCESS, id_t(::gettid()));
  };
  const int own = *niceness();
  BlockingPool pool(1, 1, BlockingPool::Urgency::background);
  CHECK(rig.run(on_pool(pool, niceness)) == std::max(own, 10));
  CHECK(*niceness() == own);
}

TEST_CASE("the blocking pool runs, rejects when full, reports throws, and drops at stop") {
  Rig rig;
  BlockingPool pool(1, 1);
  CHECK(rig.run(on_pool(pool, [] { return Result<int>(42); })) == 42);
  CHECK(rig.run(on_pool(pool, [] { return Result<int>(fail(Code::quota, "x")); })).error().code ==
        Code::quota);
  const auto thrown =
      rig.run(on_pool(pool, []() -> Result<int> { throw std::runtime_error("boom"); }));
  REQUIRE_FALSE(thrown.has_value());
  CHECK(thrown.error().code == Code::internal);
  CHECK(thrown.error().detail == "boom");

  std::promise<void> started;
  std::promise<void> gate;
  const auto blocked = [&]() -> Result<int> {
    started.set_value();
    gate.get_future().wait();
    return 1;
  };
  const auto start = [&](std::function<Result<int>()> work) {
    Task<Result<int>> task = on_pool(pool, std::move(work));
    return boost::asio::co_spawn(rig.pool.next(), std::move(task), boost::asio::use_future);
  };
  auto running = start(blocked);
  started.get_future().wait();
  auto queued = start([] { return Result<int>(2); });
  CHECK(testing::eventually([&] { return pool.queued() == 1; }));
  const auto rejected = rig.run(on_pool(pool, [] { return Result<int>(3); }));
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().code == Code::rate_limited);
  std::thread stopper([&] { pool.stop(); });
  CHECK(queued.get().error().code == Code::cancelled);
  gate.set_value();
  CHECK(running.get() == 1);
  stopper.join();
  CHECK(rig.run(on_pool(pool, [] { return Result<int>(4); })).error().code == Code::cancelled);
}

Task<Result<int>> next_signal(SignalSet& signals) { co_return co_await signals.wait(); }

TEST_CASE("signals arrive as values") {
  Rig rig;
  SignalSet signals(rig.pool.executor(0), {SIGHUP});
  Task<Result<int>> task = next_signal(signals);
  auto result =
      boost::asio::co_spawn(rig.pool.executor(0), std::move(task), boost::asio::use_future);
  std::raise(SIGHUP);
  CHECK(result.get() == SIGHUP);
  Task<Result<int>> second = next_signal(signals);
  auto never =
      boost::asio::co_spawn(rig.pool.executor(0), std::move(second), boost::asio::use_future);
  signals.cancel();
  CHECK(never.get().error().code == Code::cancelled);
}

}  // namespace
}  // namespace fumi::net
