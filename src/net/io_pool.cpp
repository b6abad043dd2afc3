#include "net/io_pool.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>

#include "base/assert.h"
#include "base/log.h"
#include "net/detail/asio.h"

namespace fumi::net {

using namespace detail;  // NOLINT

struct IoPool::Impl {
  struct Lane {
    Lane() : context(1), work(context.get_executor()) {}
    asio::io_context context;  // hint 1: one thread runs it
    asio::executor_work_guard<Executor> work;
    std::thread thread;
  };
  std::vector<std::unique_ptr<Lane>> lanes;
  std::atomic<std::size_t> turn{0};
};

namespace {

void run_lane(asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      log::error("net", "an exception reached an io thread", {{"what", error.what()}});
    }
  }
}

}  // namespace

IoPool::IoPool(std::size_t threads) : impl_(std::make_unique<Impl>()) {
  FUMI_ASSERT(threads > 0);
  std::signal(SIGPIPE, SIG_IGN);
  for (std::size_t i = 0; i < threads; ++i)
    impl_->lanes.push_back(std::make_unique<Impl::Lane>());
}

IoPool::~IoPool() {
  stop();
  join();
}

void IoPool::start() {
  for (const auto& lane : impl_->lanes) {
    FUMI_ASSERT(!lane->thread.joinable());
    lane->thread = std::thread(run_lane, std::ref(lane->context));
  }
}

void IoPool::stop() {
  for (const auto& lane : impl_->lanes)
    lane->context.stop();
}

void IoPool::join() {
  for (const auto& lane : impl_->lanes) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

std::size_t IoPool::size() const { return impl_->lanes.size(); }

Executor IoPool::executor(std::size_t index) {
  FUMI_ASSERT(index < size());
  return impl_->lanes[index]->context.get_executor();
}

Executor IoPool::next() { return executor(impl_->turn.fetch_add(1) % size()); }

struct SignalSet::Impl {
  explicit Impl(Executor on) : executor(on), set(on) {}
  Executor executor;
  asio::basic_signal_set<Executor> set;
};

SignalSet::SignalSet(Executor executor, std::initializer_list<int> signals)
    : impl_(std::make_shared<Impl>(executor)) {
  for (const int number : signals)
    impl_->set.add(number);
}

SignalSet::~SignalSet() { cancel(); }

Task<Result<int>> SignalSet::wait() {
  const auto impl = impl_;
  const auto before = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(before)) co_return cancelled("waiting for a signal");
  const auto [error, number] = co_await impl->set.async_wait(kAwait);
  if (error) co_return cancelled("waiting for a signal");
  co_return number;
}

void SignalSet::cancel() {
  asio::post(impl_->executor, [impl = impl_] {
    boost::system::error_code ignored;
    impl->set.cancel(ignored);
  });
}

}  // namespace fumi::net
