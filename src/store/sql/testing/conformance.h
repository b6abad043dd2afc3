// The conformance suite of the SQL drivers: the same checks on SQLite and on PostgreSQL.
#pragma once

#include <functional>
#include <memory>

#include "store/sql/database.h"

namespace fumi::sql::conformance {

// Opens an empty database with one writer thread.
using Open = std::function<std::unique_ptr<Database>(QueueOptions writes)>;

void check_statements(const Open& open);  // values, rows, errors, savepoints, dynamic statements
void check_migrations(const Open& open);  // upgrade, refusals, run-time tables
void check_groups(const Open& open);      // group commit, isolation of neighbours, barriers
void check_queue(const Open& open);       // bounds, deadlines, close

}  // namespace fumi::sql::conformance
