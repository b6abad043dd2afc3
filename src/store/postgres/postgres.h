// The scaled-out engine: PostgreSQL by libpq, each connection served by a thread of its own.
//
// Each closure runs at REPEATABLE READ, so that a lost update is impossible; what two nodes may
// decide at once from different rows (write skew) must be ordered by updating a common row, such as
// the account's change counter. Serialisation failures and deadlocks run the closure again,
// `retries_max` times with jitter. Where the queue is deep a connection commits up to `group_max`
// closures together, each in a savepoint (at most 32: PostgreSQL keeps 64 subtransactions in shared
// memory). A lost connection is opened again with back-off, on whichever host of the connection
// string accepts writes; closures not yet committed run again until `lost_max` has passed, then
// unavailable. A connection lost during COMMIT gives unavailable at once (outcome unknown; see
// sql/database.h).
#pragma once

#include <memory>
#include <string>

#include "store/sql/database.h"

namespace fumi::sql {

struct PostgresOptions {
  std::string connection;      // libpq connection string or URI; several hosts are fine
  int writers = 8;             // connections for writes, 1 to 256
  int readers = 8;             // connections for reads, 1 to 256
  std::size_t group_max = 16;  // 1 to 32 closures a commit
  int retries_max = 20;
  Duration lost_max = Duration(10'000'000);
  Duration statement_timeout = Duration(30'000'000);  // Code::timeout; 0 for none
  QueueOptions writes;
  QueueOptions reads;
};

// Connects once to prove the connection string; unavailable if no host accepts writes, denied if
// the server refuses the credentials.
[[nodiscard]] Result<std::unique_ptr<Database>> open_postgres(PostgresOptions options);

}  // namespace fumi::sql
