// Moves the write-ahead log into the database file on a thread and connection of its own, so that
// commits don't wait for it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sql/job.h"
#include "store/sqlite/detail/connection.h"

namespace fumi::sql {

class Checkpointer {
 public:
  // Wakes when `step_octets` were logged since it last ran. `on_error` is called on its thread for
  // errors after which the disk can't be trusted; they must not call back into this object.
  Checkpointer(std::unique_ptr<SqliteConnection> connection, std::int64_t step_octets,
               Counters& counters, std::function<void(const Error&)> on_error);
  ~Checkpointer() { close(); }

  void log_grew(std::int64_t octets);  // the log's size after a commit; from the writer's thread
  void close();

  // For whoever else moves the log into the database: empty while this object does. Held from
  // before the move until its failure was reported, so that nobody repeats a failed sync, which may
  // falsely succeed, before the writer knows that the disk can't be trusted.
  [[nodiscard]] std::unique_lock<std::mutex> try_turn() {
    return std::unique_lock(moving_, std::try_to_lock);
  }

 private:
  void loop();

  std::unique_ptr<SqliteConnection> connection_;
  const std::int64_t step_octets_;
  Counters& counters_;
  std::function<void(const Error&)> on_error_;
  std::int64_t woken_at_ = 0;  // the writer's: log size at which it last woke us
  std::mutex moving_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool due_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace fumi::sql
