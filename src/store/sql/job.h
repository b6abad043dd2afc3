// What drivers share: a closure on its way, the bounded queue it waits in, and the way its result
// goes back. For drivers only; ports see store/sql/database.h.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

// Only the drivers include this header.
#include <boost/asio/execution/outstanding_work.hpp>  // lint: third-party-ok drivers only
#include <boost/asio/require.hpp>                     // lint: third-party-ok drivers only

#include "store/sql/database.h"

namespace fumi::sql {

enum class Access { write, read };  // what a connection is for

using SteadyTime = std::chrono::steady_clock::time_point;

// An executor whose io_context doesn't run dry as long as this copy lives.
using WaitingExecutor = std::decay_t<decltype(boost::asio::require(
    std::declval<Executor>(), boost::asio::execution::outstanding_work.tracked))>;

// Where a result goes. With an executor the handler runs there, else on the thread that delivers.
struct Reply {
  std::optional<WaitingExecutor> executor;
  std::move_only_function<void(Status)> handler;
};

struct Job {
  Work work;
  Barrier before_commit;  // may be empty
  Reply reply;
  SteadyTime deadline = {};  // set by the queue: not started by then, it is rejected
};

struct Finished {
  Reply reply;
  Status status;
};

// Sends results back: one post an executor, however many results go there.
void deliver(std::vector<Finished> finished);

// The sums behind Metrics; each field is written by any thread.
struct Counters {
  std::atomic<std::uint64_t> writes = 0, writes_failed = 0, groups = 0, group_size_max = 0;
  std::atomic<std::uint64_t> commit_us = 0, barrier_us = 0, reads = 0, glances = 0;
  std::atomic<std::uint64_t> retries = 0, rejected = 0;
  std::atomic<std::uint64_t> reconnects = 0, checkpoints = 0, log_bytes = 0;

  void count_group(std::size_t closures);  // a commit
  [[nodiscard]] Metrics snapshot() const;  // without the depths of the queues
};

// First in, first out, many threads on both ends. A thread of its own rejects what waits too long,
// even while every worker hangs in a slow disk or a lost network.
class JobQueue {
 public:
  JobQueue(QueueOptions options, Counters& counters);
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  void push(Job job);  // rejects through the job's reply
  // Waits for work and appends up to `count_max` jobs, but leaves the other idle threads their
  // share; false once closed and empty.
  [[nodiscard]] bool pop(std::vector<Job>& into, std::size_t count_max);
  void try_pop(std::vector<Job>& into, std::size_t count_max);  // the same without waiting
  void close();  // rejects new jobs; what waits is still given out
  [[nodiscard]] std::size_t depth() const;

 private:
  void sweep();

  const QueueOptions options_;
  Counters& counters_;
  mutable std::mutex mutex_;
  std::condition_variable work_waits_;
  std::condition_variable closing_;
  std::deque<Job> jobs_;  // deadlines never decrease from front to back
  std::size_t idle_ = 0;  // threads in pop()
  bool closed_ = false;
  std::thread sweeper_;
};

// Run a closure or a barrier; an exception becomes an internal error.
[[nodiscard]] Status run_guarded(Work& work, Session& session);
[[nodiscard]] Status run_guarded(Barrier& barrier);

// Microseconds since `start`.
[[nodiscard]] std::uint64_t micros_since(SteadyTime start);

}  // namespace fumi::sql
