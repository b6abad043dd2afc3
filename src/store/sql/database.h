// Database: where closures over a Session run, on the database's own threads.
//
// A closure is plain synchronous code in one transaction; the coroutine that awaits it resumes on
// its own executor once the commit is durable (or has failed). Closures that wait at the same time
// are committed together (group commit): one sync serves them all; each is undone alone if it
// fails.
//
// A closure may run more than once (serialisation failures; a group that is split because of a
// neighbour), so it may change nothing but the transaction and objects that it sets anew at each
// run; it must not take values out that a later run would not overwrite. It must not wait on
// anything.
//
// Errors: what the closure returned · rate_limited (queue full) · unavailable (waited too long,
// lost connection, database failed or closed) · storage_full · timeout. On PostgreSQL a connection
// that is lost *during* COMMIT leaves the outcome unknown: the caller gets unavailable although the
// work may be durable; it answers with a temporary failure, and the client's repetition must be
// harmless (at-least-once, idempotency keys). All io_contexts whose coroutines wait must outlive
// close().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "store/sql/session.h"

namespace fumi::sql {

struct Job;  // store/sql/job.h

using Work = std::move_only_function<Status(Session&)>;
// Called once a closure that succeeded, on the writer's thread, after all statements of the group
// and before its COMMIT: waits for what must be durable first (the blob segment's sync), which so
// runs while the statements do. If it fails, the closure is not committed and gets this error.
using Barrier = std::move_only_function<Status()>;

struct QueueOptions {
  std::size_t waiting_max = 8192;  // more closures waiting than this: rate_limited at once
  Duration wait_max = Duration(10'000'000);  // waited this long without being started: unavailable
};

// Sums since the start, and the moment's depths.
struct Metrics {
  std::uint64_t writes = 0;         // closures committed
  std::uint64_t writes_failed = 0;  // closures that ended with an error
  std::uint64_t groups = 0;         // commits, hence syncs
  std::uint64_t group_size_max = 0;
  std::uint64_t commit_us = 0;   // time spent in COMMIT
  std::uint64_t barrier_us = 0;  // time spent waiting for barriers
  std::uint64_t reads = 0;
  std::uint64_t glances = 0;      // of them on the caller's thread
  std::uint64_t retries = 0;      // closures run again
  std::uint64_t rejected = 0;     // queue full or waited too long
  std::uint64_t reconnects = 0;   // PostgreSQL
  std::uint64_t checkpoints = 0;  // SQLite
  std::uint64_t log_bytes = 0;    // SQLite: size of the write-ahead log in use
  std::uint64_t writes_waiting = 0;
  std::uint64_t reads_waiting = 0;
};

class Database {
 public:
  virtual ~Database() = default;  // closes
  [[nodiscard]] virtual Engine engine() const = 0;

  // From coroutines. Once queued a closure can't be cancelled: its result always arrives.
  [[nodiscard]] Task<Status> write(Work work);
  [[nodiscard]] Task<Status> write(Work work, Barrier before_commit);
  // One consistent snapshot; a closure that writes fails.
  [[nodiscard]] Task<Status> read(Work work);
  // As read(), for a few look-ups by key: an engine whose rows lie in this process may run it on
  // the caller's thread, before this suspends, where it expects not to wait for a disk or a lock.
  [[nodiscard]] Task<Status> glance(Work work);

  // The same for closures that return Result<T>:
  // `Result<Uid> uid = co_await db.write_result([&](Session& tx) -> Result<Uid> { … });`
  template <class F>
  [[nodiscard]] auto write_result(F work) -> Task<std::invoke_result_t<F&, Session&>> {
    return keep_result(std::move(work), Barrier(), Kind::write);
  }
  template <class F>
  [[nodiscard]] auto write_result(F work, Barrier before_commit)
      -> Task<std::invoke_result_t<F&, Session&>> {
    return keep_result(std::move(work), std::move(before_commit), Kind::write);
  }
  template <class F>
  [[nodiscard]] auto read_result(F work) -> Task<std::invoke_result_t<F&, Session&>> {
    return keep_result(std::move(work), Barrier(), Kind::read);
  }

  // For start, tools and threads that may block; never from an io thread or from within a closure.
  [[nodiscard]] Status write_blocking(Work work);
  [[nodiscard]] Status write_blocking(Work work, Barrier before_commit);
  [[nodiscard]] Status read_blocking(Work work);

  [[nodiscard]] virtual Metrics metrics() const = 0;  // any thread
  // Runs what waits, then stops the threads. Later calls return unavailable. Idempotent.
  virtual void close() = 0;

 protected:
  enum class Kind { read, write };
  // Drivers implement only this; store/sql/job.h says how the result goes back.
  virtual void submit(Kind kind, Job job) = 0;
  // Runs it at once; nullopt: not here, or not now, and `work` is to be run anew.
  [[nodiscard]] virtual std::optional<Status> try_glance(Work& /*work*/) { return std::nullopt; }

 private:
  [[nodiscard]] Task<Status> enqueue(Kind kind, Work work, Barrier before_commit);
  [[nodiscard]] Status enqueue_blocking(Kind kind, Work work, Barrier before_commit);

  // The frame of this coroutine outlives the closure, so that the closure may refer to it.
  template <class F>
  auto keep_result(F work, Barrier before_commit, Kind kind)
      -> Task<std::invoke_result_t<F&, Session&>> {
    using R = std::invoke_result_t<F&, Session&>;
    R kept = std::unexpected(Error());
    Work closure = [&work, &kept](Session& session) -> Status {
      kept = work(session);
      if (!kept) return std::unexpected(kept.error());
      return {};
    };
    Status status = co_await enqueue(kind, std::move(closure), std::move(before_commit));
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return std::move(kept);
  }
};

}  // namespace fumi::sql
