#include "store/sql/migrations.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/log.h"
#include "store/sql/row_security.h"

namespace fumi::sql {
namespace {

// One advisory lock for every node of this product on a server's database: "fumi" in ASCII.
constexpr Statement kAdvisoryLock{"SELECT pg_advisory_xact_lock(1718971753)"};
constexpr Statement kApplied{"SELECT version, checksum FROM schema_migrations ORDER BY version"};
constexpr Statement kLast{"SELECT coalesce(max(version), 0) FROM schema_migrations"};
constexpr Statement kRecord{
    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)"};
constexpr Statement kTables{
    "/*sqlite SELECT name FROM sqlite_schema WHERE type = 'table' */"
    "/*pg SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() */ ORDER BY 1"};
constexpr Statement kExists{
    "/*sqlite SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1 */"
    "/*pg SELECT 1 WHERE to_regclass($1) IS NOT NULL */"};
constexpr std::string_view kCreate =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " version BIGINT PRIMARY KEY, name TEXT NOT NULL,"
    " checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

// FNV-1a: guards against a released migration being edited by mistake, not against anyone.
std::string checksum(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out += "0123456789abcdef"[hash >> shift & 15U];
  return out;
}

// Waits for other nodes. On PostgreSQL LOCK TABLE takes no snapshot, so that, unlike after a SELECT
// of an advisory lock, the statements behind it see what the node before us has committed.
Status take_turn(Session& session) {
  if (session.engine() == Engine::sqlite) return {};
  return session.execute_script("LOCK TABLE schema_migrations IN EXCLUSIVE MODE");
}

Result<int> check_applied(Session& session, std::span<const Migration> migrations) {
  int last = 0;
  auto check = [&](const Row& row) -> Status {
    last = static_cast<int>(row.int64(0));
    if (last < 1 || last > static_cast<int>(migrations.size())) {
      return fail(Code::conflict, "checking the schema",
                  "the database is at version " + std::to_string(last) +
                      ", newer than this program knows (" + std::to_string(migrations.size()) +
                      ")");
    }
    const Migration& known = migrations[static_cast<std::size_t>(last - 1)];
    if (row.text(1) != checksum(known.sql)) {
      return fail(Code::conflict, "checking the schema",
                  "migration " + std::to_string(last) + " (" + known.name +
                      ") was applied with another text than this program's");
    }
    return {};
  };
  FUMI_CHECK(session.query(kApplied, check));
  return last;
}

// Applies the next migration; gives whether there was one.
Result<bool> apply_next(Session& session, std::span<const Migration> migrations) {
  FUMI_CHECK(take_turn(session));
  FUMI_TRY(const int at, check_applied(session, migrations));
  if (at == static_cast<int>(migrations.size())) {
    FUMI_CHECK(secure_tables(session));
    return false;
  }
  FUMI_CHECK(enter_platform(session));  // it may rewrite the rows of all tenants
  const Migration& next = migrations[static_cast<std::size_t>(at)];
  FUMI_CHECK(session.execute_script(next.sql));
  FUMI_TRY(
      [[maybe_unused]] const auto rows,
      session.execute(kRecord, next.version, next.name, checksum(next.sql), system_clock().now()));
  return true;
}

Status create_registry(Session& session) {
  if (session.engine() == Engine::postgres) {
    FUMI_CHECK(session.query(kAdvisoryLock, [](const Row&) {}));
  }
  return session.execute_script(kCreate);
}

Status check_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= 60 && name[0] >= 'a' && name[0] <= 'z' &&
                    std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '_';
                    });
  if (!good) return fail(Code::invalid, "naming a table", ascii::printable(name));
  return {};
}

}  // namespace

Result<int> migrate(Database& database, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version == static_cast<int>(i) + 1) continue;
    return fail(Code::internal, "migrating the schema", "migrations aren't numbered 1, 2, 3, …");
  }
  FUMI_CHECK(database.write_blocking(create_registry));
  for (int applied = 0;; ++applied) {
    bool more = false;
    FUMI_CHECK(database.write_blocking([&](Session& session) -> Status {
      FUMI_TRY(more, apply_next(session, migrations));
      return {};
    }));
    if (!more) return applied;
    log::info("store", "schema migrated", {{"applied", applied + 1}});
  }
}

Result<int> schema_version(Database& database) {
  int version = 0;
  FUMI_CHECK(database.read_blocking([&](Session& session) -> Status {
    version = 0;
    FUMI_TRY(const auto there,
             session.one(kExists, [](const Row&) { return true; }, "schema_migrations"));
    if (!there) return {};
    FUMI_TRY(const auto last, session.one(kLast, [](const Row& row) { return row.int64(0); }));
    version = static_cast<int>(last.value_or(0));
    return {};
  }));
  return version;
}

Status ensure_table(Session& session, std::string_view name, std::string_view template_sql) {
  FUMI_CHECK(check_name(name));
  FUMI_TRY(const auto there, session.one(kExists, [](const Row&) { return true; }, name));
  if (there) return {};
  if (session.engine() == Engine::postgres) {
    FUMI_CHECK(session.query(kAdvisoryLock, [](const Row&) {}));
  }
  constexpr std::string_view kMark = "{table}";
  std::string script(template_sql);
  for (auto at = script.find(kMark); at != std::string::npos;
       at = script.find(kMark, at + name.size())) {
    script.replace(at, kMark.size(), name);
  }
  FUMI_CHECK(session.execute_script(script));
  return secure_tables(session);
}

Status drop_table(Session& session, std::string_view name) {
  FUMI_CHECK(check_name(name));
  return session.execute_script("DROP TABLE IF EXISTS " + std::string(name));
}

Result<std::vector<std::string>> list_tables(Session& session, std::string_view prefix) {
  std::vector<std::string> names;
  FUMI_CHECK(session.query(kTables, [&](const Row& row) {
    if (row.text(0).starts_with(prefix)) names.push_back(row.string(0));
  }));
  std::ranges::sort(names);
  return names;
}

}  // namespace fumi::sql
