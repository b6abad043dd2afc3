// FakeRuntime: the Runtime port on the test's own thread, under a clock that only the test moves.
//
//   FakeRuntime runtime(clock);
//   auto verdict = runtime.call(intake.accept(arrival, envelope, draft));
//   runtime.settle();                               // until all that was spawned waits
//   runtime.advance(std::chrono::minutes(5));       // fires what comes due on the way
#pragma once

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "base/assert.h"
#include "domain/ports/runtime.h"
#include "net/task_scope.h"
#include "net/timer.h"

namespace fumi::service::testing {

class FakeRuntime final : public Runtime {
 public:
  explicit FakeRuntime(FakeClock& clock) : clock_(clock) {}
  ~FakeRuntime() override { stop(); }

  void spawn(const char* name, Task<void> task) override;
  void post(std::function<void()> work) override;
  [[nodiscard]] std::unique_ptr<Wakeup> make_wakeup() override;
  Task<Status> sleep_for(Duration time) override;
  Task<Status> offload(std::function<void()> work) override;  // at once, on this thread
  Task<Status> offload_background(std::function<void()> work) override {
    return offload(std::move(work));
  }

  // Runs the task to its end; what else was spawned goes on meanwhile. A task that waits for
  // virtual time never ends here: spawn it instead.
  template <class T>
  T call(Task<T> task) {
    std::optional<T> result;
    spawn("call", keep(std::move(task), result));
    run_until([&result] { return result.has_value(); });
    return std::move(*result);
  }
  void call(Task<void> task);
  // Runs until every task waits in this runtime: for a wakeup, for time, or at a Gate.
  void settle();
  void advance(Duration by);
  // What the program does at its end: every wait returns cancelled, all tasks are joined.
  void stop();

  // A virtual deadline or a signal, whichever comes first. Any thread may signal.
  class Pause;
  Task<Status> pause(Pause& at, std::optional<Duration> most);

  [[nodiscard]] Executor executor() { return io_.get_executor(); }
  // To be kept by whoever owns a store's threads, until they have ended: one that has posted the
  // last result still holds the executor for a moment.
  [[nodiscard]] std::shared_ptr<boost::asio::io_context> loop() const { return loop_; }
  [[nodiscard]] std::size_t tasks() const { return scope_.size(); }
  // From now on offload() fails with this; nullopt heals.
  void fail_offload_with(std::optional<Error> error) { offload_failure_ = std::move(error); }

 private:
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& result) {
    T value = co_await std::move(task);
    result.emplace(std::move(value));
  }
  template <class Done>
  void run_until(Done done) {
    while (!done()) {
      const std::size_t ran = io_.run_one_for(std::chrono::seconds(60));
      FUMI_ASSERT(ran > 0);  // nothing happens any more: a test that would hang
    }
  }
  Task<void> counted(Task<void> task);
  [[nodiscard]] bool is_busy();
  bool fire_next(Instant until);

  FakeClock& clock_;
  std::shared_ptr<boost::asio::io_context> loop_ = std::make_shared<boost::asio::io_context>(1);
  boost::asio::io_context& io_ = *loop_;
  boost::asio::executor_work_guard<Executor> work_ = boost::asio::make_work_guard(io_);
  net::TaskScope scope_;
  std::mutex mutex_;
  std::int64_t busy_ = 0;     // tasks and posts that are not in a pause
  std::list<Pause*> pauses_;  // those that wait
  std::optional<Error> offload_failure_;
  bool stopped_ = false;
};

class FakeRuntime::Pause {
 public:
  explicit Pause(FakeRuntime& runtime) : runtime_(runtime) {}
  void signal();  // any thread; before the pause it ends it at once

 private:
  friend class FakeRuntime;
  enum class End : std::uint8_t { none, signal, time };
  void end_locked(End how);

  FakeRuntime& runtime_;
  net::AsyncEvent event_;
  Instant due_ = Instant::max();
  End end_ = End::none;
  bool armed_ = false;
  bool signalled_ = false;
};

}  // namespace fumi::service::testing
