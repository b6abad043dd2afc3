#include "store/sqlite/detail/checkpointer.h"

#include <sqlite3.h>

#include "base/log.h"

namespace fumi::sql {

Checkpointer::Checkpointer(std::unique_ptr<SqliteConnection> connection, std::int64_t step_octets,
                           Counters& counters, std::function<void(const Error&)> on_error)
    : connection_(std::move(connection)),
      step_octets_(step_octets),
      counters_(counters),
      on_error_(std::move(on_error)),
      thread_([this] { loop(); }) {}

void Checkpointer::log_grew(std::int64_t octets) {
  if (octets < woken_at_) woken_at_ = 0;  // the log began anew
  if (octets - woken_at_ < step_octets_) return;
  woken_at_ = octets;
  std::lock_guard lock(mutex_);
  due_ = true;
  wake_.notify_one();
}

void Checkpointer::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  connection_.reset();
}

void Checkpointer::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return due_ || closed_; });
    if (closed_) return;
    due_ = false;
    lock.unlock();
    std::unique_lock turn(moving_);
    const int result = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                                 SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (result == SQLITE_OK) {
      counters_.checkpoints.fetch_add(1, std::memory_order_relaxed);
    } else if (is_fatal(result)) {
      // Never again: what a partial move has left unsynced counts as moved, so that a second try
      // would leave it out, succeed, and let the log begin anew over the only copy.
      on_error_(connection_->error(result, "moving the log into the database"));
      return;
    } else if ((result & 0xff) != SQLITE_BUSY) {
      // A full disk, for one: everything stays in the log, and the next turn tries again.
      const Error error = connection_->error(result, "moving the log into the database");
      log::warning("store", "checkpoint failed", {{"error", error.text()}});
    }
    turn.unlock();
    lock.lock();
  }
}

}  // namespace fumi::sql
