#include "service/testing/fake_runtime.h"

#include <boost/asio/post.hpp>

namespace fumi::service::testing {

void FakeRuntime::Pause::end_locked(End how) {
  armed_ = false;
  end_ = how;
  runtime_.pauses_.remove(this);
  ++runtime_.busy_;
  event_.set();
}

void FakeRuntime::Pause::signal() {
  const std::scoped_lock lock(runtime_.mutex_);
  if (armed_) {
    end_locked(End::signal);
  } else {
    signalled_ = true;
  }
}

Task<Status> FakeRuntime::pause(Pause& at, std::optional<Duration> most) {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(at.signalled_, false)) co_return Status();
    at.due_ = most ? clock_.now() + *most : Instant::max();
    at.end_ = Pause::End::none;
    at.armed_ = true;
    pauses_.push_back(&at);
    --busy_;
  }
  const Status waited = co_await at.event_.wait();
  const std::scoped_lock lock(mutex_);
  if (at.armed_) {
    at.armed_ = false;
    pauses_.remove(&at);
    ++busy_;
  }
  if (!waited) co_return waited;
  if (at.end_ == Pause::End::time) co_return fail(Code::timeout, "waiting");
  co_return Status();
}

namespace {

class FakeWakeup final : public Wakeup {
 public:
  explicit FakeWakeup(FakeRuntime& runtime) : runtime_(runtime), pause_(runtime) {}
  void notify() override { pause_.signal(); }
  Task<Status> wait_for(Duration most) override { return runtime_.pause(pause_, most); }

 private:
  FakeRuntime& runtime_;
  FakeRuntime::Pause pause_;
};

}  // namespace

std::unique_ptr<Wakeup> FakeRuntime::make_wakeup() { return std::make_unique<FakeWakeup>(*this); }

Task<Status> FakeRuntime::sleep_for(Duration time) {
  Pause pause(*this);
  Status slept = co_await this->pause(pause, time);
  if (!slept && slept.error().code == Code::timeout) co_return Status();
  co_return slept;
}

Task<Status> FakeRuntime::offload(std::function<void()> work) {
  if (offload_failure_) co_return std::unexpected(*offload_failure_);
  work();
  co_return Status();
}

Task<void> FakeRuntime::counted(Task<void> task) {
  co_await std::move(task);
  const std::scoped_lock lock(mutex_);
  --busy_;
}

void FakeRuntime::spawn(const char* name, Task<void> task) {
  {
    const std::scoped_lock lock(mutex_);
    ++busy_;
  }
  if (scope_.spawn(name, io_.get_executor(), counted(std::move(task))) ==
      net::TaskScope::Spawned::stopping) {
    const std::scoped_lock lock(mutex_);
    --busy_;
  }
}

void FakeRuntime::post(std::function<void()> work) {
  {
    const std::scoped_lock lock(mutex_);
    ++busy_;
  }
  boost::asio::post(io_, [this, work = std::move(work)] {
    work();
    const std::scoped_lock lock(mutex_);
    --busy_;
  });
}

void FakeRuntime::call(Task<void> task) {
  bool done = false;
  auto keep_going = [](Task<void> inner, bool& ended) -> Task<void> {
    co_await std::move(inner);
    ended = true;
  };
  spawn("call", keep_going(std::move(task), done));
  run_until([&done] { return done; });
}

bool FakeRuntime::is_busy() {
  const std::scoped_lock lock(mutex_);
  return busy_ > 0;
}

void FakeRuntime::settle() {
  run_until([this] { return !is_busy(); });
  while (io_.poll() > 0)
    run_until([this] { return !is_busy(); });
}

// Ends the pause that comes due first, no later than `until`.
bool FakeRuntime::fire_next(Instant until) {
  const std::scoped_lock lock(mutex_);
  Pause* first = nullptr;
  for (Pause* pause : pauses_) {
    if (pause->due_ <= until && (first == nullptr || pause->due_ < first->due_)) first = pause;
  }
  if (first == nullptr) return false;
  if (first->due_ > clock_.now()) clock_.advance(first->due_ - clock_.now());
  first->end_locked(Pause::End::time);
  return true;
}

void FakeRuntime::advance(Duration by) {
  const Instant until = clock_.now() + by;
  settle();
  while (fire_next(until))
    settle();
  if (until > clock_.now()) clock_.advance(until - clock_.now());
}

void FakeRuntime::stop() {
  if (std::exchange(stopped_, true)) return;
  scope_.request_stop();
  run_until([this] { return scope_.size() == 0; });
  io_.poll();
}

}  // namespace fumi::service::testing
