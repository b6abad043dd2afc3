// The one thread that writes: group commit over the closures that wait. See store/sqlite/sqlite.h.
#pragma once

#include <atomic>
#include <thread>

#include "store/sql/job.h"
#include "store/sqlite/detail/checkpointer.h"
#include "store/sqlite/detail/connection.h"
#include "store/sqlite/sqlite.h"

namespace fumi::sql {

class SqliteWriter {
 public:
  // `connection` is open for writing and configured; the references outlive close().
  SqliteWriter(const SqliteOptions& options, std::unique_ptr<SqliteConnection> connection,
               Checkpointer& checkpointer, Counters& counters);
  ~SqliteWriter() { close(); }

  void push(Job job) { queue_.push(std::move(job)); }
  [[nodiscard]] std::size_t depth() const { return queue_.depth(); }
  void close();
  // Stops acknowledging: from now on every write gets unavailable. Any thread; calls on_fatal once.
  void fail_for_good(const Error& error);

 private:
  // A closure of the group at work.
  struct Running {
    Job job;
    std::optional<Status> outcome;  // set: finished, and not part of what is committed
  };
  using Group = std::vector<Running>;
  enum class Ending { committed, lost, barrier_failed };

  void loop();
  void run_group(std::vector<Job> jobs);
  [[nodiscard]] Ending try_group(Group& group);
  [[nodiscard]] bool run_closures(Group& group);  // false: the engine undid the transaction
  [[nodiscard]] bool run_one(Running& one);
  [[nodiscard]] bool run_barriers(Group& group);
  void commit(Group& group);
  void take_more(Group& group, SteadyTime started);
  void fail_open(Group& group, const Error& error);
  void finish(Group& group);
  void undo();
  void restart_log();

  const SqliteOptions& options_;
  Counters& counters_;
  Checkpointer& checkpointer_;
  std::unique_ptr<SqliteConnection> connection_;
  JobQueue queue_;
  bool taking_ = false;      // the group at work takes in what arrives meanwhile
  std::int64_t restart_at_;  // log size that makes the writer restart the log
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace fumi::sql
