#include "store/postgres/detail/worker.h"

#include <algorithm>

#include "base/log.h"

namespace fumi::sql {
namespace {

constexpr Duration kBackOffFirst(20'000);
constexpr Duration kBackOffMax(1'000'000);
constexpr int kLossesMax = 5;  // a statement that brings the server down must not do so for ever

Duration jitter(std::minstd_rand& random, Duration most) {
  return Duration(
      std::uniform_int_distribution<std::int64_t>(most.count() / 4, most.count())(random));
}

}  // namespace

void Closing::close() {
  const std::lock_guard lock(mutex);
  closed = true;
  changed.notify_all();
}

bool Closing::is_closed() {
  const std::lock_guard lock(mutex);
  return closed;
}

bool Closing::wait(Duration length) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, length, [this] { return closed; });
}

PostgresWorker::PostgresWorker(const PostgresOptions& options, Access access, JobQueue& queue,
                               Counters& counters, Closing& closing,
                               std::unique_ptr<PostgresConnection> first)
    : options_(options),
      access_(access),
      queue_(queue),
      counters_(counters),
      closing_(closing),
      connection_(std::move(first)),
      random_(static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(this) >> 4U)),
      connected_before_(connection_ != nullptr),
      thread_([this] { loop(); }) {}

void PostgresWorker::join() {
  if (thread_.joinable()) thread_.join();
  connection_.reset();
}

void PostgresWorker::loop() {
  const std::size_t group_max = access_ == Access::write ? options_.group_max : 1;
  std::vector<Job> jobs;
  while (queue_.pop(jobs, group_max)) {
    serve(std::move(jobs));
    jobs.clear();
  }
}

void PostgresWorker::serve(std::vector<Job> jobs) {
  give_up_at_ = std::chrono::steady_clock::now() + options_.lost_max;
  std::vector<Running> all;
  all.reserve(jobs.size());
  for (Job& job : jobs)
    all.push_back({std::move(job), {}, 0, 0, false, {}});
  Group group;
  for (Running& running : all)
    group.push_back(&running);
  try_group(group);
  finish(all);
  for (Running& running : all)
    serve_alone(running);
  finish(all);
}

// What the first round left open: a serialisation failure, a lost connection, or a neighbour that
// took the transaction with it.
void PostgresWorker::serve_alone(Running& running) {
  while (!running.outcome) {
    if (running.runs > options_.retries_max || running.losses > kLossesMax) {
      running.outcome.emplace(std::unexpected(running.last));
      return;
    }
    if (running.runs > 0) {
      const Duration most = Duration(1'000) * (1 << std::min(running.runs, 8));
      (void)closing_.wait(jitter(random_, most));
    }
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
    try_group({&running});
  }
}

// Sets the outcomes of those that are finished; the others run again.
void PostgresWorker::try_group(const Group& group) {
  if (!ensure_connected()) {
    for (Running* running : group)
      running->outcome.emplace(std::unexpected(last_error_));
    return;
  }
  for (Running* running : group)
    running->ran_well = false;
  connection_->start_closure();
  // The closures of a group lock their rows in any order, and those of other groups too: without a
  // limit they would deadlock again and again, a second each time. Who waits runs alone later.
  const char* const begin = access_ == Access::read ? "BEGIN READ ONLY"
                            : group.size() > 1      ? "BEGIN; SET LOCAL lock_timeout = '10ms'"
                                                    : "BEGIN";
  if (const Status begun = connection_->control(begin); !begun) {
    if (!connection_->is_lost()) {
      for (Running* running : group)
        running->outcome.emplace(std::unexpected(begun.error()));
    }
    return;
  }
  if (!run_closures(group)) return undo();
  if (!run_barriers(group)) return undo();
  commit(group);
}

// Behind a closure that ran well: the next one is in no tenant yet (store/sql/row_security.h).
constexpr const char* kNextClosure =
    "RELEASE SAVEPOINT fumi_closure; SET LOCAL fumi.tenant_low = '';"
    " SET LOCAL fumi.tenant_high = ''; SAVEPOINT fumi_closure";

// False if the transaction is of no use any more.
bool PostgresWorker::run_closures(const Group& group) {
  const bool alone = group.size() == 1;
  bool saved = false;  // a savepoint is there, with nothing done behind it
  for (Running* running : group) {
    if (!alone && !saved) {
      const bool first = running == group.front();
      const Status set = connection_->control(first ? "SAVEPOINT fumi_closure" : kNextClosure);
      if (!set) return false;
    }
    run_one(*running);
    if (connection_->is_lost()) return false;
    saved = !running->ran_well;
    if (running->ran_well) continue;
    if (alone) return false;
    connection_->start_closure();
    if (!connection_->control("ROLLBACK TO SAVEPOINT fumi_closure")) return false;
  }
  return std::ranges::any_of(group, [](const Running* running) { return running->ran_well; });
}

void PostgresWorker::run_one(Running& running) {
  connection_->start_closure();
  Status status = run_guarded(running.job.work, *connection_);
  if (connection_->first_error()) status = std::unexpected(*connection_->first_error());
  switch (connection_->trouble()) {
    case Trouble::none:
    case Trouble::statement:
      running.ran_well = status.has_value();
      if (!status) running.outcome = std::move(status);
      break;
    case Trouble::serialisation:
      ++running.runs;
      running.last = status ? Error{Code::unavailable, "running a closure", "serialisation failure"}
                            : std::move(status).error();
      break;
    case Trouble::lost:  // all of the group run again
      ++running.losses;
      running.last = status ? Error{Code::unavailable, "running a closure", "connection lost"}
                            : std::move(status).error();
      break;
  }
}

bool PostgresWorker::run_barriers(const Group& group) {
  bool good = true;
  const auto started = std::chrono::steady_clock::now();
  for (Running* running : group) {
    if (!running->ran_well || !running->job.before_commit) continue;
    Status status = run_guarded(running->job.before_commit);
    running->job.before_commit = nullptr;  // once, even if the closure runs again
    if (status) continue;
    running->outcome = std::move(status);
    good = false;
  }
  counters_.barrier_us.fetch_add(micros_since(started), std::memory_order_relaxed);
  return good;
}

void PostgresWorker::commit(const Group& group) {
  const auto count = std::ranges::count_if(group, [](auto* running) { return running->ran_well; });
  connection_->start_closure();
  const auto started = std::chrono::steady_clock::now();
  const Status status =
      access_ == Access::write ? connection_->commit() : connection_->control("COMMIT");
  if (access_ == Access::read) {
    // A read that has all its rows has succeeded, whatever becomes of the connection now.
    for (Running* running : group)
      running->outcome.emplace();
    counters_.reads.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  counters_.commit_us.fetch_add(micros_since(started), std::memory_order_relaxed);
  if (status) counters_.count_group(static_cast<std::size_t>(count));
  const bool again = connection_->trouble() == Trouble::serialisation;
  for (Running* running : group) {
    if (!running->ran_well) continue;
    if (status) {
      running->outcome.emplace();
    } else if (connection_->is_lost()) {
      running->outcome.emplace(fail(Code::unavailable, "committing",
                                    "the connection was lost during COMMIT: outcome unknown"));
    } else if (again || group.size() > 1) {
      ++running->runs;  // a deferred constraint of one, for instance: each gets its own verdict
      running->last = status.error();
    } else {
      running->outcome.emplace(std::unexpected(status.error()));
    }
  }
}

void PostgresWorker::undo() {
  if (connection_->is_lost()) return;
  connection_->start_closure();
  (void)connection_->control("ROLLBACK").has_value();
}

// Opens the connection if need be, with back-off until the jobs at work have waited long enough.
bool PostgresWorker::ensure_connected() {
  if (connection_ != nullptr && !connection_->is_lost()) return true;
  connection_.reset();
  for (Duration back_off = kBackOffFirst;; back_off = std::min(back_off * 2, kBackOffMax)) {
    auto fresh = PostgresConnection::open(options_, access_);
    if (fresh) {
      connection_ = std::move(*fresh);
      if (connected_before_) counters_.reconnects.fetch_add(1, std::memory_order_relaxed);
      connected_before_ = true;
      return true;
    }
    last_error_ = fresh.error();
    // Whatever the server's reason, a client can only come back later.
    last_error_.code = Code::unavailable;
    const Duration pause = jitter(random_, back_off);
    if (std::chrono::steady_clock::now() + pause >= give_up_at_ || closing_.wait(pause)) {
      log::warning("store", "PostgreSQL can't be reached", {{"error", last_error_.text()}});
      return false;
    }
  }
}

void PostgresWorker::finish(std::vector<Running>& all) {
  std::vector<Finished> finished;
  for (Running& running : all) {
    if (!running.outcome || !running.job.reply.handler) continue;
    if (!*running.outcome && access_ == Access::write) {
      counters_.writes_failed.fetch_add(1, std::memory_order_relaxed);
    }
    finished.push_back({std::move(running.job.reply), *running.outcome});
    running.job.reply.handler = nullptr;
  }
  deliver(std::move(finished));
}

}  // namespace fumi::sql
