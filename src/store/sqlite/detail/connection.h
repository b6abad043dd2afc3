// SqliteConnection: one connection, used by one thread at a time, with its prepared statements.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/sql/job.h"

struct sqlite3;
struct sqlite3_stmt;

namespace fumi::sql {

// True for errors after which nothing may be acknowledged any more: the disk or the file is broken.
[[nodiscard]] bool is_fatal(int sqlite_result);

class SqliteConnection final : public Session {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path,
                                                                      const std::string& vfs,
                                                                      Access access);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  [[nodiscard]] Engine engine() const override { return Engine::sqlite; }
  [[nodiscard]] Status attempt(FunctionRef<Status()> work) override;
  [[nodiscard]] Status execute_script(std::string_view script) override;

  // For the threads that own connections. Each of these texts is a literal.
  [[nodiscard]] Status control(const Statement& statement);  // BEGIN, COMMIT, SAVEPOINT, …
  [[nodiscard]] Status configure(const std::string& pragmas);
  void keep_log();  // when this connection closes, even as the last one
  // Forgets the errors of the closure before, and drops surplus statements.
  void start_closure();
  // The first error of a statement since start_closure().
  [[nodiscard]] const std::optional<Error>& first_error() const { return first_error_; }
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] bool saw_fatal() const { return fatal_; }
  [[nodiscard]] sqlite3* handle() const { return db_; }
  [[nodiscard]] Error error(int result, std::string doing);

 protected:
  [[nodiscard]] Result<std::int64_t> run(const Statement& statement, std::span<const Value> values,
                                         RowVisitor visit) override;
  void forget(const Statement& statement) override;

 private:
  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    std::vector<int> order;  // the value that goes to each of SQLite's parameters
    int values = 0;
  };
  explicit SqliteConnection(sqlite3* db) : db_(db) {}
  [[nodiscard]] Result<Prepared> prepare(std::string_view text);
  [[nodiscard]] Result<std::int64_t> run_prepared(const Prepared& prepared, const char* text,
                                                  std::span<const Value> values, RowVisitor visit);
  [[nodiscard]] std::unexpected<Error> failed(Error error);

  sqlite3* db_;
  std::unordered_map<const char*, Prepared> prepared_;  // by the address of the text
  std::optional<Error> first_error_;
  bool fatal_ = false;
};

}  // namespace fumi::sql
