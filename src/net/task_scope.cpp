#include "net/task_scope.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/assert.h"
#include "base/log.h"
#include "net/detail/asio.h"
#include "net/timer.h"

namespace fumi::net {

using namespace detail;  // NOLINT

namespace {

struct Node {  // touched on its executor only, but for name and executor
  Node(const char* name_of, Executor executor_of) : name(name_of), executor(executor_of) {}
  const char* name;
  Executor executor;
  asio::cancellation_signal signal;
  bool stop_asked = false;
};

Task<void> root(Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  // Always a fresh turn of the loop: spawn() never runs the task inside its caller.
  co_await yield();
  co_await std::move(task);
}

void emit_stop(const std::shared_ptr<Node>& node) {
  asio::post(node->executor, [node] {
    node->stop_asked = true;
    node->signal.emit(asio::cancellation_type::terminal);
  });
}

}  // namespace

struct TaskScope::Impl {
  void ended(std::uint64_t id, const std::exception_ptr& exception);

  mutable std::mutex mutex;
  std::condition_variable empty;
  std::map<std::uint64_t, std::shared_ptr<Node>> nodes;
  std::uint64_t last_id = 0;
  std::uint64_t exceptions = 0;
  bool stopping = false;
  AsyncEvent idle{AsyncEvent::Mode::latch};
};

void TaskScope::Impl::ended(std::uint64_t id, const std::exception_ptr& exception) {
  std::string what;
  if (exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
      what = "not a std::exception";
    }
  }
  std::shared_ptr<Node> node;
  {
    const std::lock_guard lock(mutex);
    const auto found = nodes.find(id);
    node = found->second;
    nodes.erase(found);
    if (exception) ++exceptions;
  }
  if (exception) {
    log::error("net", "an exception ended a task", {{"task", node->name}, {"what", what}});
  }
  // The frame that calls this still stands on the signal's slot: let it unwind first.
  const Executor executor = node->executor;
  asio::post(executor, [node = std::move(node)] {});
  const std::lock_guard lock(mutex);
  if (nodes.empty()) {
    idle.set();
    empty.notify_all();
  }
}

TaskScope::TaskScope() : impl_(std::make_shared<Impl>()) { impl_->idle.set(); }

TaskScope::~TaskScope() {
  const std::lock_guard lock(impl_->mutex);
  FUMI_ASSERT(impl_->nodes.empty());
}

TaskScope::Spawned TaskScope::spawn(const char* name, Executor executor, Task<void> task) {
  const auto node = std::make_shared<Node>(name, executor);
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) return Spawned::stopping;
    id = ++impl_->last_id;
    impl_->nodes.emplace(id, node);
    impl_->idle.reset();
  }
  Task<void> rooted = root(std::move(task));
  auto done = [impl = impl_, id](const std::exception_ptr& exception) {
    impl->ended(id, exception);
  };
  // From here on the node belongs to the executor's thread. A stop may overtake the start there
  // (asio keeps posts of its own thread apart for a while), hence the flag.
  asio::post(executor,
             [executor, node, rooted = std::move(rooted), done = std::move(done)]() mutable {
               asio::co_spawn(executor, std::move(rooted),
                              asio::bind_cancellation_slot(node->signal.slot(), std::move(done)));
               if (node->stop_asked) node->signal.emit(asio::cancellation_type::terminal);
             });
  return Spawned::yes;
}

void TaskScope::request_stop() {
  const std::lock_guard lock(impl_->mutex);
  impl_->stopping = true;
  for (const auto& [id, node] : impl_->nodes)
    emit_stop(node);
}

bool TaskScope::stopping() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stopping;
}

Task<void> TaskScope::join() {
  const auto impl = impl_;
  co_await impl->idle.wait_shielded();
}

bool TaskScope::join_blocking(std::int64_t milliseconds_max) {
  std::unique_lock lock(impl_->mutex);
  return impl_->empty.wait_for(lock, std::chrono::milliseconds(milliseconds_max),
                               [this] { return impl_->nodes.empty(); });
}

std::size_t TaskScope::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->nodes.size();
}

std::uint64_t TaskScope::exceptions() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->exceptions;
}

std::vector<std::string> TaskScope::names() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> out;
  for (const auto& [id, node] : impl_->nodes)
    out.emplace_back(node->name);
  return out;
}

Task<bool> stop_requested() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return is_cancelled(state);
}

Task<void> allow_farewell() { co_await asio::this_coro::reset_cancellation_state(); }

}  // namespace fumi::net
