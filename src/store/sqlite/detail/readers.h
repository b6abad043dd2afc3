// The threads that read, each with a connection and prepared statements of its own.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "store/sql/job.h"
#include "store/sqlite/detail/connection.h"

namespace fumi::sql {

// Runs a closure in a snapshot of its own.
[[nodiscard]] Status run_read(SqliteConnection& connection, Work& work);

class SqliteReaders {
 public:
  SqliteReaders(QueueOptions options, std::vector<std::unique_ptr<SqliteConnection>> connections,
                Counters& counters, std::function<void(const Error&)> on_error);
  ~SqliteReaders() { close(); }

  void push(Job job) { queue_.push(std::move(job)); }
  [[nodiscard]] std::size_t depth() const { return queue_.depth(); }
  void close();

 private:
  void loop(SqliteConnection& connection);

  std::vector<std::unique_ptr<SqliteConnection>> connections_;
  Counters& counters_;
  std::function<void(const Error&)> on_error_;
  JobQueue queue_;
  std::vector<std::thread> threads_;
};

}  // namespace fumi::sql
