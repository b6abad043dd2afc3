// Small reads on the threads that ask for them: a look-up in pages that lie in memory takes less
// than the way to another thread and back.
//
// Never waits for a lock: who finds all connections in use, or the database busy, is sent to the
// readers. A disk can make a glance wait all the same; after one that was made to wait nobody gets
// another for twenty times as long, so that threads wait here for a twentieth of their time at
// most.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/sql/job.h"
#include "store/sqlite/detail/connection.h"

namespace fumi::sql {

class SqliteGlances {
 public:
  SqliteGlances(std::vector<std::unique_ptr<SqliteConnection>> connections, Counters& counters,
                std::function<void(const Error&)> on_error);
  ~SqliteGlances() { close(); }
  SqliteGlances(const SqliteGlances&) = delete;
  SqliteGlances& operator=(const SqliteGlances&) = delete;

  // nullopt: not now. Any thread.
  [[nodiscard]] std::optional<Status> run(Work& work);
  void close();  // waits for those under way; later ones are sent to the readers

 private:
  [[nodiscard]] std::unique_ptr<SqliteConnection> take();
  void give_back(std::unique_ptr<SqliteConnection> connection, SteadyTime paused_until);

  Counters& counters_;
  const std::function<void(const Error&)> on_error_;
  std::mutex mutex_;
  std::condition_variable back_;
  std::vector<std::unique_ptr<SqliteConnection>> free_;  // last used last: its caches are warm
  std::size_t in_use_ = 0;
  SteadyTime paused_until_;
  bool closed_ = false;
};

}  // namespace fumi::sql
