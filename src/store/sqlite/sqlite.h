// The embedded engine: SQLite in WAL mode, one writer thread, a pool of readers.
//
// Writes: the writer takes every closure that waits, runs each in a savepoint and commits them
// together with one sync (synchronous=FULL). Checkpoints run on a thread and connection of their
// own; the writer restarts the log between groups when it has grown beyond `log_octets_max`. After
// an I/O error the database has failed: nothing is acknowledged any more (a second fsync may
// falsely succeed), every write gets unavailable, and `on_fatal` is called once; the process should
// end and recover at the next start.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/sql/database.h"

namespace fumi {
class FileSystem;
}

namespace fumi::sql {

struct SqliteOptions {
  std::string path;             // the file; empty: a private one in memory for tests
  std::string vfs;              // "" is the machine's own; tests name a fault layer's
  FileSystem* files = nullptr;  // makes the new file's name durable; null: the machine's own
  int readers = 4;              // 1 to 64 threads
  int glances = 4;              // connections for reads on their callers' threads; 0 to 64
  std::size_t group_max = 512;  // closures a commit
  Duration group_wait_max = Duration(5'000);  // a group that runs longer takes no more in
  QueueOptions writes;
  QueueOptions reads;
  std::int64_t page_octets = 4096;  // of a new file
  // The writer's page cache; readers have an eighth each. SQLite walks the whole of it at each
  // commit that has rebalanced a tree, so a large one costs more than it saves: misses are the
  // kernel's.
  std::int64_t cache_octets = 16 << 20;
  std::int64_t mapped_octets = 1 << 30;        // readers map this much of the file; 0 for none
  std::int64_t checkpoint_octets = 32 << 20;   // log growth that wakes the checkpointer
  std::int64_t log_octets_max = 128 << 20;     // log size at which the writer restarts the log
  std::function<void(const Error&)> on_fatal;  // any thread; must not call back
};

// Opens or creates; refuses a file that isn't a database (corrupt) or that another process has open
// with an incompatible mode (unavailable).
[[nodiscard]] Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options);

}  // namespace fumi::sql
