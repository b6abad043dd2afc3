// Numbered, forward-only changes of the schema, each applied in one transaction of its own.
//
// The table schema_migrations keeps what was applied with a checksum of its text. A database that
// was migrated by a newer program, or by another text under the same number, is refused (conflict).
// On PostgreSQL several nodes may start at once: they take turns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sql/database.h"

namespace fumi::sql {

struct Migration {
  int version;       // 1, 2, 3, … without gaps
  const char* name;  // "mailboxes"
  const char* sql;   // a script in the dialect of session.h; never changed once released
};

// Brings the schema to the last of `migrations`; gives the number that were applied now. Tables
// with a tenant_id are secured (store/sql/row_security.h), here and by ensure_table().
[[nodiscard]] Result<int> migrate(Database& database, std::span<const Migration> migrations);

// The version the database is at; 0 if it is empty.
[[nodiscard]] Result<int> schema_version(Database& database);

// Creates a run-time table (one a day for records) if it isn't there. `template_sql` is a script in
// which every `{table}` is replaced by `name` ([a-z][a-z0-9_]*, at most 60 octets; others:
// invalid); it says CREATE TABLE IF NOT EXISTS, since another node may create the table at the same
// moment. On both engines a day is a plain table of its own: retention drops it whole, which is
// cheap, and the same statements reach it by prepare_dynamic. Costs a look into the catalogue: once
// it has been committed, a caller remembers that the table is there.
[[nodiscard]] Status ensure_table(Session& session, std::string_view name,
                                  std::string_view template_sql);
[[nodiscard]] Status drop_table(Session& session, std::string_view name);
// Names of the tables that start with `prefix`, sorted.
[[nodiscard]] Result<std::vector<std::string>> list_tables(Session& session,
                                                           std::string_view prefix);

}  // namespace fumi::sql
