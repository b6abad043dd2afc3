#include "store/sqlite/detail/connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <charconv>

#include "store/sql/dialect.h"

namespace fumi::sql {
namespace {

constexpr Statement kSavepoint{"SAVEPOINT fumi_attempt"};
constexpr Statement kRelease{"RELEASE fumi_attempt"};
constexpr Statement kRollbackTo{"ROLLBACK TO fumi_attempt"};

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  [[nodiscard]] bool is_null(int column) const override { return type(column) == SQLITE_NULL; }
  [[nodiscard]] std::int64_t int64(int column) const override {
    const int kind = type(column);
    if (kind != SQLITE_INTEGER && kind != SQLITE_FLOAT) return 0;
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] double real(int column) const override {
    const int kind = type(column);
    if (kind != SQLITE_INTEGER && kind != SQLITE_FLOAT) return 0;
    return sqlite3_column_double(statement_, column);
  }
  [[nodiscard]] std::string_view text(int column) const override { return view(column); }
  [[nodiscard]] std::string_view blob(int column) const override { return view(column); }

 private:
  [[nodiscard]] int type(int column) const { return sqlite3_column_type(statement_, column); }
  [[nodiscard]] std::string_view view(int column) const {
    const int kind = type(column);
    if (kind != SQLITE_TEXT && kind != SQLITE_BLOB) return {};
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes == nullptr ? "" : bytes,
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int at, const Value& value) {
  // A null pointer would bind NULL where an empty text is meant.
  const char* bytes = value.bytes().data() == nullptr ? "" : value.bytes().data();
  const auto size = static_cast<sqlite3_uint64>(value.bytes().size());
  switch (value.kind()) {
    case Value::Kind::null:
      return sqlite3_bind_null(statement, at);
    case Value::Kind::integer:
      return sqlite3_bind_int64(statement, at, value.integer());
    case Value::Kind::real:
      return sqlite3_bind_double(statement, at, value.real());
    case Value::Kind::text:
      return sqlite3_bind_text64(statement, at, bytes, size, SQLITE_STATIC, SQLITE_UTF8);
    case Value::Kind::blob:
      return sqlite3_bind_blob64(statement, at, bytes, size, SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

// PostgreSQL refuses such text; so do we, lest a data set fits one engine only.
bool is_valid_text(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    if (*at == 0) return false;
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const int more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
    if (*at < 0xc2 || *at > 0xf4 || end - at <= more) return false;
    char32_t point = *at & (0x3fU >> more);
    for (int i = 1; i <= more; ++i) {
      if ((at[i] & 0xc0U) != 0x80U) return false;
      point = point << 6U | (at[i] & 0x3fU);
    }
    const char32_t least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    at += more + 1;
  }
  return true;
}

// A callback may throw: the statement is reset, and a copy dropped, on every way out.
struct ResetGuard {
  sqlite3_stmt* statement;
  ~ResetGuard() { sqlite3_reset(statement); }
};
struct FinalizeGuard {
  sqlite3_stmt* statement;
  ~FinalizeGuard() { sqlite3_finalize(statement); }
};

Code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
      return Code::conflict;
    case SQLITE_FULL:
      return Code::storage_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    case SQLITE_IOERR:
      return result == SQLITE_IOERR_CORRUPTFS ? Code::corrupt : Code::unavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
      return Code::unavailable;
    case SQLITE_TOOBIG:
      return Code::too_large;
    case SQLITE_MISMATCH:
      return Code::invalid;
    case SQLITE_INTERRUPT:
      return Code::cancelled;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::denied;
    default:
      return Code::internal;
  }
}

}  // namespace

bool is_fatal(int result) {
  const int primary = result & 0xff;
  return (primary == SQLITE_IOERR && result != SQLITE_IOERR_NOMEM) || primary == SQLITE_CORRUPT ||
         primary == SQLITE_NOTADB;
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path,
                                                                 const std::string& vfs,
                                                                 Access access) {
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (access == Access::write ? SQLITE_OPEN_CREATE : 0);
  const int result = sqlite3_open_v2(path.c_str(), &db, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db));
  if (result != SQLITE_OK) {
    return std::unexpected(connection->error(result, "opening the database " + path));
  }
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (auto& [text, prepared] : prepared_)
    sqlite3_finalize(prepared.statement);
  sqlite3_close_v2(db_);
}

Error SqliteConnection::error(int result, std::string doing) {
  fatal_ = fatal_ || is_fatal(result);
  std::string detail = db_ == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(db_);
  if (db_ != nullptr && (result & 0xff) == SQLITE_IOERR) {
    detail += ", errno " + std::to_string(sqlite3_system_errno(db_));
  }
  return Error{code_of(result), std::move(doing), detail + " [" + std::to_string(result) + "]"};
}

std::unexpected<Error> SqliteConnection::failed(Error error) {
  if (!first_error_) first_error_ = error;
  return std::unexpected(std::move(error));
}

void SqliteConnection::start_closure() {
  first_error_.reset();
  trim_dynamic();
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

Status SqliteConnection::configure(const std::string& pragmas) {
  const int result = sqlite3_exec(db_, pragmas.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return std::unexpected(error(result, "configuring the database"));
  return {};
}

void SqliteConnection::keep_log() {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Status SqliteConnection::control(const Statement& statement) {
  std::optional<Error> kept = std::move(first_error_);
  first_error_.reset();
  auto result = run(statement, {}, [](const Row&) -> Result<Next> { return Next::more; });
  first_error_ = std::move(kept);
  if (!result) return std::unexpected(std::move(result).error());
  return {};
}

Status SqliteConnection::attempt(FunctionRef<Status()> work) {
  if (first_error_) return std::unexpected(*first_error_);
  if (Status status = control(kSavepoint); !status) return failed(std::move(status).error());
  Status status = work();
  if (status && first_error_) status = std::unexpected(*first_error_);
  if (status) {
    status = control(kRelease);
    if (!status) first_error_ = status.error();
    return status;
  }
  // The engine has rolled the whole transaction back already: it stays lost.
  if (!in_transaction()) return failed(std::move(status).error());
  Status undone = control(kRollbackTo);
  if (undone) undone = control(kRelease);
  if (!undone) return failed(std::move(undone).error());
  first_error_.reset();
  return status;
}

Status SqliteConnection::execute_script(std::string_view script) {
  if (first_error_) return std::unexpected(*first_error_);
  const std::string text = expand_dialect(Engine::sqlite, script);
  const int result = sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return failed(error(result, "running a script: " + brief(script)));
  return {};
}

Result<SqliteConnection::Prepared> SqliteConnection::prepare(std::string_view text) {
  const std::string expanded = expand_dialect(Engine::sqlite, text);
  Prepared prepared;
  const int result =
      sqlite3_prepare_v3(db_, expanded.c_str(), static_cast<int>(expanded.size()) + 1,
                         SQLITE_PREPARE_PERSISTENT, &prepared.statement, nullptr);
  if (result != SQLITE_OK) return failed(error(result, "preparing: " + brief(text)));
  const int count = sqlite3_bind_parameter_count(prepared.statement);
  for (int i = 1; i <= count; ++i) {
    const char* name = sqlite3_bind_parameter_name(prepared.statement, i);
    const std::string_view digits = name == nullptr ? "" : std::string_view(name).substr(1);
    int number = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (bad != std::errc() || end != digits.data() + digits.size() || number < 1) {
      sqlite3_finalize(prepared.statement);
      return failed({Code::internal, "preparing: " + brief(text), "placeholders are $1 to $n"});
    }
    prepared.order.push_back(number - 1);
    prepared.values = std::max(prepared.values, number);
  }
  return prepared;
}

Result<std::int64_t> SqliteConnection::run(const Statement& statement,
                                           std::span<const Value> values, RowVisitor visit) {
  if (first_error_) return std::unexpected(*first_error_);
  auto found = prepared_.find(statement.text);
  if (found == prepared_.end()) {
    FUMI_TRY(Prepared fresh, prepare(statement.text));
    found = prepared_.emplace(statement.text, std::move(fresh)).first;
  }
  if (sqlite3_stmt_busy(found->second.statement) == 0) {
    return run_prepared(found->second, statement.text, values, visit);
  }
  // A row callback runs its own query's statement again: give that run a copy of its own.
  FUMI_TRY(const Prepared copy, prepare(statement.text));
  const FinalizeGuard guard{copy.statement};
  return run_prepared(copy, statement.text, values, visit);
}

Result<std::int64_t> SqliteConnection::run_prepared(const Prepared& prepared, const char* text,
                                                    std::span<const Value> values,
                                                    RowVisitor visit) {
  sqlite3_stmt* const statement = prepared.statement;
  const auto doing = [text] { return "running: " + brief(text); };
  if (static_cast<int>(values.size()) != prepared.values) {
    return failed({Code::internal, doing(), "wrong number of values"});
  }
  for (std::size_t i = 0; i < prepared.order.size(); ++i) {
    const Value& value = values[static_cast<std::size_t>(prepared.order[i])];
    if (value.kind() == Value::Kind::text && !is_valid_text(value.bytes())) {
      return failed({Code::invalid, doing(), "text that isn't UTF-8 or holds NUL"});
    }
    const int bound = bind(statement, static_cast<int>(i) + 1, value);
    if (bound != SQLITE_OK) return failed(error(bound, doing()));
  }
  const std::int64_t changed_before = sqlite3_total_changes64(db_);
  const SqliteRow row(statement);
  const ResetGuard guard{statement};
  int result = sqlite3_step(statement);
  while (result == SQLITE_ROW) {
    FUMI_TRY(const Next next, visit(row));
    if (next == Next::stop) return sqlite3_total_changes64(db_) - changed_before;
    result = sqlite3_step(statement);
  }
  if (result != SQLITE_DONE) return failed(error(result, doing()));
  return sqlite3_total_changes64(db_) - changed_before;
}

void SqliteConnection::forget(const Statement& statement) {
  const auto found = prepared_.find(statement.text);
  if (found == prepared_.end()) return;
  sqlite3_finalize(found->second.statement);
  prepared_.erase(found);
}

}  // namespace fumi::sql
