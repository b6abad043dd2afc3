#include "store/sqlite/detail/glances.h"

#include <sys/resource.h>

#include <algorithm>

#include "store/sqlite/detail/readers.h"

namespace fumi::sql {
namespace {

constexpr int kPause = 20;  // times the wait
constexpr auto kPauseMax = std::chrono::seconds(1);

// How often this thread has had to wait for something, ever.
long waits() {
  rusage usage{};
  return ::getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

}  // namespace

SqliteGlances::SqliteGlances(std::vector<std::unique_ptr<SqliteConnection>> connections,
                             Counters& counters, std::function<void(const Error&)> on_error)
    : counters_(counters), on_error_(std::move(on_error)), free_(std::move(connections)) {}

std::unique_ptr<SqliteConnection> SqliteGlances::take() {
  const std::lock_guard lock(mutex_);
  if (closed_ || free_.empty()) return nullptr;
  if (paused_until_ != SteadyTime() && std::chrono::steady_clock::now() < paused_until_) {
    return nullptr;
  }
  paused_until_ = {};
  std::unique_ptr<SqliteConnection> connection = std::move(free_.back());
  free_.pop_back();
  ++in_use_;
  return connection;
}

void SqliteGlances::give_back(std::unique_ptr<SqliteConnection> connection,
                              SteadyTime paused_until) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(connection));
  --in_use_;
  paused_until_ = std::max(paused_until_, paused_until);
  if (closed_) back_.notify_all();
}

std::optional<Status> SqliteGlances::run(Work& work) {
  std::unique_ptr<SqliteConnection> connection = take();
  if (connection == nullptr) return std::nullopt;
  const long waits_before = waits();
  const SteadyTime started = std::chrono::steady_clock::now();
  Status status = run_read(*connection, work);
  SteadyTime paused_until;
  if (waits() != waits_before) {
    const SteadyTime ended = std::chrono::steady_clock::now();
    paused_until = ended + std::min<SteadyTime::duration>((ended - started) * kPause, kPauseMax);
  }
  const bool busy =
      !status && connection->first_error() && connection->first_error()->code == Code::unavailable;
  const bool broken = !status && connection->saw_fatal();
  give_back(std::move(connection), paused_until);
  if (broken) on_error_(status.error());
  if (busy && !broken) return std::nullopt;  // the readers wait for what it didn't
  counters_.reads.fetch_add(1, std::memory_order_relaxed);
  counters_.glances.fetch_add(1, std::memory_order_relaxed);
  return status;
}

void SqliteGlances::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  back_.wait(lock, [this] { return in_use_ == 0; });
  free_.clear();
}

}  // namespace fumi::sql
