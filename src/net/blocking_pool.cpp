#include "net/blocking_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "net/timer.h"

namespace fumi::net {
namespace {

constexpr int kBackgroundNiceness = 10;

// Of the calling thread alone: Linux keeps a niceness a thread. What refuses it costs nothing but
// the politeness.
void yield_to_others() {
  static_cast<void>(::setpriority(PRIO_PROCESS, id_t(::gettid()), kBackgroundNiceness));
}

struct Job {
  std::function<void()> work;
  Status outcome;
  AsyncEvent done{AsyncEvent::Mode::latch};
};

void perform(Job& job) {
  try {
    job.work();
  } catch (const std::exception& error) {
    job.outcome = fail(Code::internal, "running on the blocking pool", error.what());
  } catch (...) {
    job.outcome = fail(Code::internal, "running on the blocking pool", "unknown exception");
  }
}

}  // namespace

struct BlockingPool::Impl {
  void run();

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> queue;
  std::vector<std::thread> threads;
  std::size_t queue_max = 0;
  std::size_t idle = 0;
  bool stopping = false;
};

void BlockingPool::Impl::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    ++idle;
    changed.wait(lock, [this] { return stopping || !queue.empty(); });
    --idle;
    if (stopping) return;
    const auto job = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    perform(*job);
    job->done.set();
    lock.lock();
  }
}

BlockingPool::BlockingPool(std::size_t threads, std::size_t queue_max, Urgency urgency)
    : impl_(std::make_shared<Impl>()) {
  impl_->queue_max = queue_max;
  for (std::size_t i = 0; i < threads; ++i)
    impl_->threads.emplace_back([this, urgency] {
      if (urgency == Urgency::background) yield_to_others();
      impl_->run();
    });
}

BlockingPool::~BlockingPool() { stop(); }

void BlockingPool::stop() {
  std::deque<std::shared_ptr<Job>> dropped;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    dropped.swap(impl_->queue);
  }
  impl_->changed.notify_all();
  for (const auto& job : dropped) {
    job->outcome = fail(Code::cancelled, "waiting for the blocking pool", "it stops");
    job->done.set();
  }
  for (auto& thread : impl_->threads) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

Task<Status> BlockingPool::run_erased(std::function<void()> work) {
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) co_return fail(Code::cancelled, "entering the blocking pool", "it stops");
    // Threads that wait take a job each before the queue counts.
    if (impl_->queue.size() >= impl_->queue_max + impl_->idle) {
      co_return fail(Code::rate_limited, "entering the blocking pool", "its queue is full");
    }
    impl_->queue.push_back(job);
  }
  impl_->changed.notify_one();
  co_await job->done.wait_shielded();
  co_return job->outcome;
}

}  // namespace fumi::net
