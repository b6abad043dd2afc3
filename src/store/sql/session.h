// Session: a transaction as a closure sees it. One SQL text runs on SQLite and on PostgreSQL.
//
// Dialect: placeholders are $1..$n on both engines. `/*pg … */` is expanded for PostgreSQL and
// stays a comment for SQLite; `/*sqlite … */` the other way round. Never write `$1::type` bare
// (SQLite takes it into the name): write `$1/*pg ::bigint*/`. Integers are BIGINT, bytes `/*pg
// BYTEA*//*sqlite BLOB*/`.
//
// After a statement failed the transaction is lost: every later call returns the first error, and
// so does the closure, whatever it returns. Expect a clash with ON CONFLICT DO NOTHING and look at
// the number of rows, or wrap the statement in attempt().
//
// Errors: conflict (a constraint) · storage_full · unavailable (connection lost, I/O error, or a
// serialisation failure, for which the database runs the closure again) · corrupt · timeout ·
// invalid (text that isn't UTF-8 or holds NUL) · internal (wrong SQL).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "base/function_ref.h"
#include "base/result.h"
#include "store/sql/value.h"

namespace fumi::sql {

enum class Engine { sqlite, postgres };
enum class Next { more, stop };  // what a row callback may return to end early without an error

// Text in static storage: `constexpr Statement kInsert{"INSERT …"};`. Drivers keep the prepared
// form a connection by the text's address, hence consteval; run-time texts go through
// prepare_dynamic.
struct Statement {
  consteval Statement(const char* literal) : text(literal) {}
  const char* text;

 private:
  friend class Session;
  struct Dynamic {};
  Statement(Dynamic, const char* kept) : text(kept) {}
};

class Session {
 public:
  using RowVisitor = FunctionRef<Result<Next>(const Row&)>;

  virtual ~Session() = default;
  [[nodiscard]] virtual Engine engine() const = 0;

  // Runs a statement without rows; gives the number of rows that it inserted, changed or deleted.
  template <class... Args>
  [[nodiscard]] Result<std::int64_t> execute(const Statement& statement, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    return run(statement, values, [](const Row&) -> Result<Next> { return Next::more; });
  }

  // The same where the number doesn't matter.
  template <class... Args>
  [[nodiscard]] Status apply(const Statement& statement, const Args&... args) {
    FUMI_TRY([[maybe_unused]] auto rows, execute(statement, args...));
    return {};
  }

  // Calls `visit(row)` a row. It may return void, Status (an error ends the query and is returned)
  // or Next. It may run other statements. PostgreSQL holds the whole result in memory: use LIMIT.
  template <class F, class... Args>
  [[nodiscard]] Status query(const Statement& statement, F&& visit, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    auto visitor = [&](const Row& row) -> Result<Next> { return visited(visit, row); };
    FUMI_TRY([[maybe_unused]] auto rows, run(statement, values, visitor));
    return {};
  }

  // The first row mapped by `map(row)` to T or Result<T>; nothing if there is no row.
  // `auto name = tx.one(kName, [](const Row& r) { return r.string(0); }, id);`
  template <class F, class... Args>
  [[nodiscard]] auto one(const Statement& statement, F&& map, const Args&... args) {
    using Mapped = std::invoke_result_t<F&, const Row&>;
    using T = decltype(unwrapped(static_cast<const Mapped*>(nullptr)));
    std::optional<T> found;
    auto keep = [&](const Row& row) -> Result<Next> {
      if constexpr (std::is_same_v<Mapped, T>) {
        found.emplace(map(row));
      } else {
        FUMI_TRY(auto value, map(row));
        found.emplace(std::move(value));
      }
      return Next::stop;
    };
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    auto done = run(statement, values, keep);
    return done ? Result<std::optional<T>>(std::move(found))
                : Result<std::optional<T>>(std::unexpected(std::move(done).error()));
  }

  // Runs `work` in a savepoint. If it fails, what it did is undone, its error returned, and the
  // transaction goes on, unless it was lost (disk full, connection, serialisation).
  [[nodiscard]] virtual Status attempt(FunctionRef<Status()> work) = 0;

  // Several statements divided by ';', without parameters, dialect expanded: migrations and DDL.
  [[nodiscard]] virtual Status execute_script(std::string_view script) = 0;

  // A statement of run-time text (table names by day), cached by text, 256 a connection, least
  // recently used first out. The reference is valid until the closure returns. Never put values in.
  [[nodiscard]] const Statement& prepare_dynamic(std::string text);

 protected:
  // The compiled core: binds, steps, calls `visit` a row, gives the number of rows changed.
  [[nodiscard]] virtual Result<std::int64_t> run(const Statement& statement,
                                                 std::span<const Value> values,
                                                 RowVisitor visit) = 0;
  virtual void forget(const Statement& statement) = 0;  // drop the prepared form
  void trim_dynamic();                                  // drivers call it between closures

 private:
  template <class T>
  static T unwrapped(const T*);  // never defined: T of a T, and T of a Result<T>
  template <class T>
  static T unwrapped(const Result<T>*);

  template <class F>
  static Result<Next> visited(F& visit, const Row& row) {
    using R = std::invoke_result_t<F&, const Row&>;
    if constexpr (std::is_void_v<R>) {
      visit(row);
      return Next::more;
    } else if constexpr (std::is_same_v<R, Status>) {
      FUMI_CHECK(visit(row));
      return Next::more;
    } else {
      return visit(row);
    }
  }

  struct Kept {
    std::unique_ptr<std::string> text;  // on the heap: its address names the prepared form
    Statement statement;
  };
  std::list<Kept> dynamic_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Kept>::iterator> dynamic_by_text_;
};

}  // namespace fumi::sql
