#include "store/sql/job.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace fumi::sql {
namespace {

void run_all(std::vector<Finished>& finished) {
  for (Finished& one : finished)
    one.reply.handler(std::move(one.status));
}

void reject(std::vector<Job> jobs, const char* detail) {
  std::vector<Finished> finished;
  finished.reserve(jobs.size());
  for (Job& job : jobs) {
    finished.push_back(
        {std::move(job.reply), fail(Code::unavailable, "waiting for the database", detail)});
  }
  deliver(std::move(finished));
}

}  // namespace

void deliver(std::vector<Finished> finished) {
  std::vector<std::pair<WaitingExecutor, std::vector<Finished>>> batches;
  for (Finished& one : finished) {
    if (!one.reply.executor) {
      one.reply.handler(std::move(one.status));
      continue;
    }
    auto batch =
        std::ranges::find(batches, *one.reply.executor, [](auto& entry) { return entry.first; });
    if (batch == batches.end()) {
      batches.emplace_back(*one.reply.executor, std::vector<Finished>());
      batch = std::prev(batches.end());
    }
    batch->second.push_back(std::move(one));
  }
  for (auto& [where, results] : batches) {
    boost::asio::post(where, [batch = std::move(results)]() mutable { run_all(batch); });
  }
}

void Counters::count_group(std::size_t closures) {
  groups.fetch_add(1, std::memory_order_relaxed);
  writes.fetch_add(closures, std::memory_order_relaxed);
  std::uint64_t largest = group_size_max.load(std::memory_order_relaxed);
  while (closures > largest && !group_size_max.compare_exchange_weak(largest, closures)) {
  }
}

Metrics Counters::snapshot() const {
  Metrics out;
  out.writes = writes;
  out.writes_failed = writes_failed;
  out.groups = groups;
  out.group_size_max = group_size_max;
  out.commit_us = commit_us;
  out.barrier_us = barrier_us;
  out.reads = reads;
  out.glances = glances;
  out.retries = retries;
  out.rejected = rejected;
  out.reconnects = reconnects;
  out.checkpoints = checkpoints;
  out.log_bytes = log_bytes;
  return out;
}

JobQueue::JobQueue(QueueOptions options, Counters& counters)
    : options_(options), counters_(counters), sweeper_([this] { sweep(); }) {}

JobQueue::~JobQueue() {
  close();
  sweeper_.join();
}

void JobQueue::push(Job job) {
  Code code = Code::unavailable;
  {
    std::unique_lock lock(mutex_);
    if (!closed_ && jobs_.size() < options_.waiting_max) {
      job.deadline = std::chrono::steady_clock::now() + options_.wait_max;
      jobs_.push_back(std::move(job));
      const bool wakes = idle_ > 0;
      lock.unlock();  // who is woken would wait for it
      if (wakes) work_waits_.notify_one();
      return;
    }
    if (!closed_) code = Code::rate_limited;
  }
  counters_.rejected.fetch_add(1, std::memory_order_relaxed);
  std::vector<Finished> rejected;
  rejected.push_back(
      {std::move(job.reply),
       fail(code, "queueing work for the database",
            code == Code::unavailable ? "the database is closed" : "too much work is waiting")});
  deliver(std::move(rejected));
}

bool JobQueue::pop(std::vector<Job>& into, std::size_t count_max) {
  std::unique_lock lock(mutex_);
  ++idle_;
  work_waits_.wait(lock, [this] { return !jobs_.empty() || closed_; });
  --idle_;
  if (jobs_.empty()) return false;
  count_max = std::min(count_max, (jobs_.size() + idle_) / (idle_ + 1));  // rounded up
  for (; count_max > 0 && !jobs_.empty(); --count_max) {
    into.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  if (closed_) closing_.notify_all();
  return true;
}

void JobQueue::try_pop(std::vector<Job>& into, std::size_t count_max) {
  std::lock_guard lock(mutex_);
  for (; count_max > 0 && !jobs_.empty(); --count_max) {
    into.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  if (closed_) closing_.notify_all();
}

void JobQueue::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  work_waits_.notify_all();
  closing_.notify_all();
}

std::size_t JobQueue::depth() const {
  std::lock_guard lock(mutex_);
  return jobs_.size();
}

// Sleeps until the front's deadline. With an empty queue it sleeps `wait_max`: nothing that is
// pushed meanwhile falls due earlier, so pushing never has to wake it.
void JobQueue::sweep() {
  std::unique_lock lock(mutex_);
  while (!closed_ || !jobs_.empty()) {
    const auto now = std::chrono::steady_clock::now();
    std::vector<Job> late;
    while (!jobs_.empty() && jobs_.front().deadline <= now) {
      late.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    if (!late.empty()) {
      lock.unlock();
      counters_.rejected.fetch_add(late.size(), std::memory_order_relaxed);
      reject(std::move(late), "waited too long for its turn");
      lock.lock();
      continue;
    }
    const SteadyTime wake = jobs_.empty() ? now + options_.wait_max : jobs_.front().deadline;
    const bool was_closed = closed_;
    closing_.wait_until(lock, wake, [&] { return closed_ && (!was_closed || jobs_.empty()); });
    if (closed_ && jobs_.empty()) return;
  }
}

Status run_guarded(Work& work, Session& session) {
  try {
    return work(session);
  } catch (const std::exception& error) {
    return fail(Code::internal, "running a closure on the database", error.what());
  }
}

Status run_guarded(Barrier& barrier) {
  try {
    return barrier();
  } catch (const std::exception& error) {
    return fail(Code::internal, "waiting before a commit", error.what());
  }
}

std::uint64_t micros_since(SteadyTime start) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace fumi::sql
