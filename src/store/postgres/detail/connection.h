// PostgresConnection: one connection, used by one thread, with its prepared statements.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/postgres/postgres.h"
#include "store/sql/job.h"

struct pg_conn;
struct pg_result;

namespace fumi::sql {

// What an error means for the transaction around it.
enum class Trouble {
  none,
  statement,      // an error of the statement: the closure fails
  serialisation,  // run the closure again
  lost,           // the connection is gone or points to a server that refuses writes
};

struct ClearResult {
  void operator()(pg_result* result) const;
};
using PgResult = std::unique_ptr<pg_result, ClearResult>;

class PostgresConnection final : public Session {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PostgresConnection>> open(
      const PostgresOptions& options, Access access);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  [[nodiscard]] Engine engine() const override { return Engine::postgres; }
  [[nodiscard]] Status attempt(FunctionRef<Status()> work) override;
  [[nodiscard]] Status execute_script(std::string_view script) override;

  // For the threads that own connections: BEGIN, SAVEPOINT, … Unlike statements of closures these
  // run whatever went wrong before; they note trouble() but not first_error().
  [[nodiscard]] Status control(const char* text);
  // COMMIT; an error unless the server says that it has committed.
  [[nodiscard]] Status commit();
  void start_closure();      // forgets the errors of the closure before
  void start_transaction();  // the same before BEGIN; drops surplus statements
  [[nodiscard]] const std::optional<Error>& first_error() const { return first_error_; }
  [[nodiscard]] Trouble trouble() const { return trouble_; }  // the worst since start_closure()
  [[nodiscard]] bool is_lost() const { return trouble_ == Trouble::lost; }

 protected:
  [[nodiscard]] Result<std::int64_t> run(const Statement& statement, std::span<const Value> values,
                                         RowVisitor visit) override;
  void forget(const Statement& statement) override;

 private:
  struct Prepared {
    std::string name;
    std::vector<unsigned> types;  // as declared to the server; 0 where the first value was null
  };
  PostgresConnection(pg_conn* connection, Duration patience)
      : connection_(connection), patience_(patience) {}
  [[nodiscard]] Status configure(const PostgresOptions& options);
  [[nodiscard]] Result<const Prepared*> prepare(const char* text, std::span<const Value> values);
  [[nodiscard]] Result<PgResult> finish(int sent, const char* text);  // waits for the answer
  [[nodiscard]] bool wait_for_answer();
  [[nodiscard]] Error error_of(const pg_result* result, const char* text);
  [[nodiscard]] Error lost(std::string doing, std::string detail);
  [[nodiscard]] std::unexpected<Error> failed(Error error);
  void note(Trouble trouble) { trouble_ = std::max(trouble_, trouble); }

  pg_conn* connection_;
  const Duration patience_;                             // for one answer; 0: endless
  std::unordered_map<const char*, Prepared> prepared_;  // by the address of the text
  std::uint64_t next_name_ = 0;
  std::optional<Error> first_error_;
  Trouble trouble_ = Trouble::none;
  Access access_ = Access::read;
};

}  // namespace fumi::sql
