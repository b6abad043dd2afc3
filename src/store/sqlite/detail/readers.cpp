#include "store/sqlite/detail/readers.h"

namespace fumi::sql {
namespace {
constexpr Statement kBegin{"BEGIN"};
constexpr Statement kEnd{"ROLLBACK"};
}  // namespace

SqliteReaders::SqliteReaders(QueueOptions options,
                             std::vector<std::unique_ptr<SqliteConnection>> connections,
                             Counters& counters, std::function<void(const Error&)> on_error)
    : connections_(std::move(connections)),
      counters_(counters),
      on_error_(std::move(on_error)),
      queue_(options, counters) {
  for (auto& connection : connections_) {
    threads_.emplace_back([this, &connection] { loop(*connection); });
  }
}

void SqliteReaders::close() {
  queue_.close();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
  connections_.clear();
}

void SqliteReaders::loop(SqliteConnection& connection) {
  std::vector<Job> jobs;
  while (queue_.pop(jobs, 1)) {
    std::vector<Finished> finished;
    Status status = run_read(connection, jobs[0].work);
    // The engine's damage only: a closure may find a sealed value corrupt without any.
    if (!status && connection.saw_fatal()) on_error_(status.error());
    counters_.reads.fetch_add(1, std::memory_order_relaxed);
    finished.push_back({std::move(jobs[0].reply), std::move(status)});
    jobs.clear();
    deliver(std::move(finished));
  }
}

Status run_read(SqliteConnection& connection, Work& work) {
  connection.start_closure();
  FUMI_CHECK(connection.control(kBegin));
  Status status = run_guarded(work, connection);
  if (connection.first_error()) status = std::unexpected(*connection.first_error());
  if (connection.in_transaction()) {
    Status ended = connection.control(kEnd);
    if (!ended && status) status = std::move(ended);
  }
  return status;
}

}  // namespace fumi::sql
