#include "store/sqlite/detail/writer.h"

#include <sqlite3.h>

#include "base/log.h"

namespace fumi::sql {
namespace {

constexpr Statement kBegin{"BEGIN IMMEDIATE"};
constexpr Statement kCommit{"COMMIT"};
constexpr Statement kRollback{"ROLLBACK"};
constexpr Statement kSavepoint{"SAVEPOINT fumi_closure"};
constexpr Statement kRelease{"RELEASE fumi_closure"};
constexpr Statement kRollbackTo{"ROLLBACK TO fumi_closure"};

int keep_log_size(void* size, sqlite3* /*db*/, const char* /*name*/, int pages) {
  *static_cast<std::int64_t*>(size) = pages;
  return SQLITE_OK;
}

std::int64_t page_size(sqlite3* db) {
  std::int64_t size = 4096;
  auto keep = [](void* out, int, char** values, char**) {
    *static_cast<std::int64_t*>(out) = std::strtoll(values[0], nullptr, 10);
    return 0;
  };
  sqlite3_exec(db, "PRAGMA page_size", keep, &size, nullptr);
  return size;
}

}  // namespace

SqliteWriter::SqliteWriter(const SqliteOptions& options,
                           std::unique_ptr<SqliteConnection> connection, Checkpointer& checkpointer,
                           Counters& counters)
    : options_(options),
      counters_(counters),
      checkpointer_(checkpointer),
      connection_(std::move(connection)),
      queue_(options.writes, counters),
      restart_at_(options.log_octets_max),
      thread_([this] { loop(); }) {}

void SqliteWriter::close() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
  // Closing the last connection moves the log into the file and removes it. After a failure the log
  // is the only copy that can be trusted: the next start moves all of it again.
  if (connection_ != nullptr && failed_) connection_->keep_log();
  connection_.reset();
}

void SqliteWriter::fail_for_good(const Error& error) {
  if (failed_.exchange(true)) return;
  log::error("store", "database failed, no more writes", {{"error", error.text()}});
  if (options_.on_fatal) options_.on_fatal(error);
}

void SqliteWriter::loop() {
  std::int64_t log_pages = 0;
  sqlite3_wal_hook(connection_->handle(), keep_log_size, &log_pages);
  const std::int64_t page_octets = page_size(connection_->handle());
  std::vector<Job> jobs;
  while (queue_.pop(jobs, options_.group_max)) {
    run_group(std::move(jobs));
    jobs.clear();
    const std::int64_t log_octets = log_pages * page_octets;
    counters_.log_bytes.store(static_cast<std::uint64_t>(log_octets), std::memory_order_relaxed);
    checkpointer_.log_grew(log_octets);
    if (log_octets < options_.log_octets_max) restart_at_ = options_.log_octets_max;
    if (log_octets >= restart_at_ && !failed_) {
      restart_at_ = log_octets + options_.log_octets_max / 4;  // if a reader is in the way
      restart_log();
    }
  }
}

// Moves what the checkpointer has left and lets the next commit begin the log anew. It doesn't wait
// for readers: if one still needs the log, the log grows on, and a later group tries again.
void SqliteWriter::restart_log() {
  const std::unique_lock turn = checkpointer_.try_turn();
  if (!turn || failed_) return;
  sqlite3_busy_timeout(connection_->handle(), 0);
  const int result = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                               SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_timeout(connection_->handle(), 5000);
  if (result == SQLITE_OK) counters_.checkpoints.fetch_add(1, std::memory_order_relaxed);
  if (is_fatal(result)) fail_for_good(connection_->error(result, "restarting the log"));
}

void SqliteWriter::run_group(std::vector<Job> jobs) {
  Group group;
  group.reserve(options_.group_max);
  for (Job& job : jobs)
    group.push_back({std::move(job), {}});
  taking_ = true;
  Ending ending = try_group(group);
  // Those whose barrier failed are out; the rest run again. Each round is smaller than the last.
  while (ending == Ending::barrier_failed) {
    finish(group);
    counters_.retries.fetch_add(group.size(), std::memory_order_relaxed);
    ending = group.empty() ? Ending::committed : try_group(group);
  }
  if (ending == Ending::committed) return finish(group);
  // The engine undid everything because of one closure (disk or memory full): each runs alone, so
  // that only those fail that can't be served.
  finish(group);
  for (Running& running : group) {
    Group alone;
    alone.push_back(std::move(running));
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
    if (try_group(alone) == Ending::lost && !alone[0].outcome) {
      fail_open(alone, connection_->first_error().value_or(Error{
                           Code::unavailable, "committing a closure", "the transaction was lost"}));
    }
    finish(alone);
  }
}

SqliteWriter::Ending SqliteWriter::try_group(Group& group) {
  if (failed_) {
    fail_open(group, {Code::unavailable, "writing to the database", "an I/O error has stopped it"});
    return Ending::committed;
  }
  if (Status begun = connection_->control(kBegin); !begun) {
    if (connection_->saw_fatal()) fail_for_good(begun.error());
    fail_open(group, begun.error());
    return Ending::committed;
  }
  const bool whole = run_closures(group);
  taking_ = false;
  if (connection_->saw_fatal()) {
    const Error error = connection_->first_error().value_or(
        Error{Code::unavailable, "writing to the database", "I/O error"});
    undo();
    fail_for_good(error);
    fail_open(group, error);
    return Ending::committed;
  }
  if (!whole) {
    undo();
    return Ending::lost;
  }
  if (!run_barriers(group)) {
    undo();
    return Ending::barrier_failed;
  }
  commit(group);
  return Ending::committed;
}

bool SqliteWriter::run_closures(Group& group) {
  const auto started = std::chrono::steady_clock::now();
  for (std::size_t at = 0; at < group.size(); ++at) {
    // The first of a transaction needs no savepoint if nobody else waits: undoing it undoes all.
    const bool alone = group.size() == 1;
    if (!alone && !connection_->control(kSavepoint)) return false;
    const bool whole = run_one(group[at]);
    if (!whole) {
      // Its neighbours may have used the space up: in a group it gets another chance, alone.
      if (group.size() > 1) group[at].outcome.reset();
      return false;
    }
    if (!alone) {
      if (group[at].outcome && !connection_->control(kRollbackTo)) return false;
      if (!connection_->control(kRelease)) return false;
    } else if (group[at].outcome) {
      return true;  // commit() sees that nothing is left and rolls back
    }
    if (taking_ && at + 1 == group.size()) take_more(group, started);
  }
  return true;
}

// Sets the outcome if the closure failed; false if the transaction is gone.
bool SqliteWriter::run_one(Running& one) {
  connection_->start_closure();
  Status status = run_guarded(one.job.work, *connection_);
  if (connection_->first_error()) status = std::unexpected(*connection_->first_error());
  if (connection_->in_transaction()) {
    if (!status) one.outcome = std::move(status);
    return true;
  }
  if (status) {
    status = fail(Code::internal, "running a closure on the database", "it ended its transaction");
  }
  one.outcome = std::move(status);
  return false;
}

void SqliteWriter::take_more(Group& group, SteadyTime started) {
  if (group.size() >= options_.group_max) return;
  if (std::chrono::steady_clock::now() - started > options_.group_wait_max) return;
  std::vector<Job> jobs;
  queue_.try_pop(jobs, options_.group_max - group.size());
  for (Job& job : jobs)
    group.push_back({std::move(job), {}});
}

bool SqliteWriter::run_barriers(Group& group) {
  bool good = true;
  const auto started = std::chrono::steady_clock::now();
  for (Running& one : group) {
    if (one.outcome || !one.job.before_commit) continue;
    Status status = run_guarded(one.job.before_commit);
    one.job.before_commit = nullptr;  // once, even if the closure runs again
    if (status) continue;
    one.outcome = std::move(status);
    good = false;
  }
  counters_.barrier_us.fetch_add(micros_since(started), std::memory_order_relaxed);
  return good;
}

void SqliteWriter::commit(Group& group) {
  const auto open = std::ranges::count_if(group, [](const Running& one) { return !one.outcome; });
  if (open == 0) return undo();
  const auto started = std::chrono::steady_clock::now();
  Status status = connection_->control(kCommit);
  counters_.commit_us.fetch_add(micros_since(started), std::memory_order_relaxed);
  if (!status) {
    undo();
    if (connection_->saw_fatal()) fail_for_good(status.error());
    return fail_open(group, status.error());
  }
  // Another connection's sync failed meanwhile: this one's may have succeeded without its pages.
  if (failed_) {
    return fail_open(group, {Code::unavailable, "committing", "an I/O error has stopped it"});
  }
  counters_.count_group(static_cast<std::size_t>(open));
  for (Running& one : group) {
    if (!one.outcome) one.outcome.emplace();
  }
}

void SqliteWriter::undo() {
  if (!connection_->in_transaction()) return;
  const Status status = connection_->control(kRollback);
  if (!status) log::warning("store", "rollback failed", {{"error", status.error().text()}});
}

void SqliteWriter::fail_open(Group& group, const Error& error) {
  for (Running& one : group) {
    if (!one.outcome) one.outcome.emplace(std::unexpected(error));
  }
}

// Sends the outcomes that are known and takes those closures out of the group.
void SqliteWriter::finish(Group& group) {
  std::vector<Finished> finished;
  finished.reserve(group.size());
  Group open;
  for (Running& one : group) {
    if (!one.outcome) {
      open.push_back(std::move(one));
      continue;
    }
    if (!*one.outcome) counters_.writes_failed.fetch_add(1, std::memory_order_relaxed);
    finished.push_back({std::move(one.job.reply), std::move(*one.outcome)});
  }
  group = std::move(open);
  deliver(std::move(finished));
}

}  // namespace fumi::sql
