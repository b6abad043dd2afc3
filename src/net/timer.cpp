#include "net/timer.h"

#include <boost/asio/post.hpp>
#include <mutex>
#include <vector>

#include "net/detail/asio.h"

namespace fumi::net {

using namespace detail;  // NOLINT: the module's own

namespace {

class TimerWait final : public Wakeable {
 public:
  explicit TimerWait(Executor executor) : timer(executor) {}
  void wake() override { timer.cancel(); }
  SteadyTimer timer;
};

}  // namespace

Task<Status> sleep_for(Duration duration) {
  return sleep_until(std::chrono::steady_clock::now() + duration);
}

Task<Status> sleep_until(SteadyPoint when) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto before = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(before)) co_return cancelled("sleeping");
  SteadyTimer timer(executor, when);
  const auto [error] = co_await timer.async_wait(kAwait);
  if (error) co_return cancelled("sleeping");
  co_return Status();
}

Task<void> yield() {
  const Executor executor = co_await asio::this_coro::executor;
  constexpr asio::use_awaitable_t<Executor> awaitable;
  co_await asio::post(executor, awaitable);
}

struct AsyncEvent::Impl {
  struct Waiting {
    std::uint64_t id = 0;
    Executor executor;
    std::weak_ptr<Wakeable> target;
  };
  mutable std::mutex mutex;
  Mode mode = Mode::consume;
  bool set = false;
  std::uint64_t last_id = 0;
  std::vector<Waiting> waiting;
};

AsyncEvent::AsyncEvent(Mode mode) : impl_(std::make_unique<Impl>()) { impl_->mode = mode; }
AsyncEvent::~AsyncEvent() = default;

void AsyncEvent::set() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->set) return;  // those who wait have been told, those who come look first
  impl_->set = true;
  for (const auto& waiting : impl_->waiting) {
    asio::post(waiting.executor, [target = waiting.target] {
      if (const auto alive = target.lock()) alive->wake();
    });
  }
}

void AsyncEvent::reset() {
  const std::lock_guard lock(impl_->mutex);
  impl_->set = false;
}

bool AsyncEvent::is_set() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->set;
}

bool AsyncEvent::take() {
  const std::lock_guard lock(impl_->mutex);
  const bool was = impl_->set;
  if (impl_->mode == Mode::consume) impl_->set = false;
  return was;
}

AsyncEvent::Registration::Registration(AsyncEvent& event, Executor executor,
                                       std::weak_ptr<Wakeable> target)
    : event_(event) {
  const std::lock_guard lock(event_.impl_->mutex);
  id_ = ++event_.impl_->last_id;
  event_.impl_->waiting.push_back({id_, executor, std::move(target)});
}

AsyncEvent::Registration::~Registration() {
  const std::lock_guard lock(event_.impl_->mutex);
  std::erase_if(event_.impl_->waiting, [this](const auto& waiting) { return waiting.id == id_; });
}

Task<Status> AsyncEvent::wait() { return wait_until(SteadyPoint::max()); }

Task<Status> AsyncEvent::wait_for(Duration most) {
  return wait_until(std::chrono::steady_clock::now() + most);
}

Task<Status> AsyncEvent::wait_until(SteadyPoint when) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<TimerWait>(executor);
  const Registration registration(*this, executor, wait);
  for (;;) {
    if (take()) co_return Status();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return cancelled("waiting for an event");
    if (std::chrono::steady_clock::now() >= when) {
      co_return fail(Code::timeout, "waiting for an event");
    }
    wait->timer.expires_at(when);
    const auto [error] = co_await wait->timer.async_wait(kAwait);
    static_cast<void>(error);  // woken, expired or stopped: the loop looks which
  }
}

Task<void> AsyncEvent::wait_shielded() {
  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<TimerWait>(executor);
  const Registration registration(*this, executor, wait);
  while (!take()) {
    wait->timer.expires_at(SteadyPoint::max());
    const auto [error] = co_await wait->timer.async_wait(kAwait);
    static_cast<void>(error);
  }
}

}  // namespace fumi::net
