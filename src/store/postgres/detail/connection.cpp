#include "store/postgres/detail/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <chrono>

#include "base/ascii.h"
#include "store/postgres/detail/row.h"
#include "store/sql/dialect.h"

namespace fumi::sql {
namespace {

constexpr std::size_t kValueOctetsMax = 512U << 20U;  // below what the server and int lengths take

struct Meaning {
  Code code;
  Trouble trouble;
};

// PostgreSQL's appendix A, as far as a caller does something different.
Meaning meaning_of(std::string_view state, Access access) {
  // Serialisation failure, deadlock, lock_timeout: another transaction was in the way.
  if (state == "40001" || state == "40P01" || state == "55P03") {
    return {Code::unavailable, Trouble::serialisation};
  }
  if (state == "57014") return {Code::timeout, Trouble::statement};
  if (state == "53100") return {Code::storage_full, Trouble::statement};
  if (state.starts_with("23")) return {Code::conflict, Trouble::statement};
  if (state == "42P07" || state == "42710") return {Code::conflict, Trouble::statement};
  if (state.starts_with("22")) return {Code::invalid, Trouble::statement};
  if (state.starts_with("28") || state == "42501") return {Code::denied, Trouble::statement};
  if (state.starts_with("54")) return {Code::too_large, Trouble::statement};
  // Shut down, crashed, starting, or demoted to a standby: another host may have taken over.
  if (state.starts_with("57P") || state.starts_with("08")) {
    return {Code::unavailable, Trouble::lost};
  }
  if (state == "25006" && access == Access::write) return {Code::unavailable, Trouble::lost};
  if (state.starts_with("53") || state.starts_with("58")) {
    return {Code::unavailable, Trouble::statement};
  }
  if (state.starts_with("XX00") && state != "XX000") return {Code::corrupt, Trouble::statement};
  return {Code::internal, Trouble::statement};
}

std::string first_line(const char* text) {
  const std::string_view line = ascii::trim(text == nullptr ? "" : text);
  return ascii::printable(line.substr(0, line.find('\n')), 300);
}

}  // namespace

void ClearResult::operator()(pg_result* result) const { PQclear(result); }

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const PostgresOptions& options,
                                                                     Access access) {
  // Later settings win: ours are defaults and the operator's string overrides them, except that
  // only a server that accepts writes will do, for reads too: a standby may not know yet what was
  // just written.
  const char* const names[] = {"application_name",
                               "connect_timeout",
                               "keepalives_idle",
                               "keepalives_interval",
                               "keepalives_count",
                               "tcp_user_timeout",
                               "dbname",
                               "client_encoding",
                               "target_session_attrs",
                               nullptr};
  const char* const values[] = {
      "fumi", "3",          "10",   "5", "3", "15000", options.connection.c_str(),
      "UTF8", "read-write", nullptr};
  PGconn* const raw = PQconnectdbParams(names, values, 1);
  const Duration patience = options.statement_timeout == Duration(0)
                                ? Duration(0)
                                : options.statement_timeout + std::chrono::seconds(5);
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(raw, patience));
  connection->access_ = access;
  if (PQstatus(raw) != CONNECTION_OK) {
    const std::string text = first_line(PQerrorMessage(raw));
    const bool refused = text.contains("authentication failed") || text.contains("no password") ||
                         text.contains("pg_hba.conf");
    return fail(refused ? Code::denied : Code::unavailable, "connecting to PostgreSQL", text);
  }
  FUMI_CHECK(connection->configure(options));
  return connection;
}

// Runs once a connection. synchronous_commit may be set stricter by the operator, never laxer.
Status PostgresConnection::configure(const PostgresOptions& options) {
  const auto timeout = std::to_string(options.statement_timeout.count() / 1000);
  const std::string text = "SET client_min_messages = warning; SET statement_timeout = " + timeout +
                           "; SET default_transaction_isolation = 'repeatable read'"
                           "; SET idle_in_transaction_session_timeout = '120s'"
                           "; SELECT set_config('synchronous_commit', 'on', false)"
                           " WHERE current_setting('synchronous_commit') IN ('off', 'local')";
  return control(text.c_str());
}

PostgresConnection::~PostgresConnection() { PQfinish(connection_); }

Error PostgresConnection::lost(std::string doing, std::string detail) {
  note(Trouble::lost);
  return Error{Code::unavailable, std::move(doing), std::move(detail)};
}

// The message may quote a value in errors of data, and nowhere else without DETAIL: those stay out.
Error PostgresConnection::error_of(const pg_result* result, const char* text) {
  const char* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  std::string doing = "running: " + brief(text);
  if (field == nullptr || PQstatus(connection_) != CONNECTION_OK) {
    return lost(std::move(doing), first_line(PQerrorMessage(connection_)));
  }
  const std::string_view state = field;
  const Meaning meaning = meaning_of(state, access_);
  note(meaning.trouble);
  std::string detail = "SQLSTATE " + std::string(state);
  if (!state.starts_with("22")) {
    detail += " " + first_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  }
  return Error{meaning.code, std::move(doing), std::move(detail)};
}

std::unexpected<Error> PostgresConnection::failed(Error error) {
  if (!first_error_) first_error_ = error;
  return std::unexpected(std::move(error));
}

void PostgresConnection::start_closure() {
  first_error_.reset();
  if (trouble_ != Trouble::lost) trouble_ = Trouble::none;
}

void PostgresConnection::start_transaction() {
  trim_dynamic();
  start_closure();
}

// Waits until the answer can be read without blocking; false if the connection broke or the server
// stays silent beyond its own statement_timeout.
bool PostgresConnection::wait_for_answer() {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  for (;;) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) return true;  // the error is in the result
    if (unsent == 0 && PQisBusy(connection_) == 0) return true;
    int wait_ms = -1;
    if (patience_ > Duration(0)) {
      const auto left = deadline - std::chrono::steady_clock::now();
      wait_ms =
          static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
      if (wait_ms <= 0) return false;
    }
    pollfd waiting{PQsocket(connection_),
                   static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = ::poll(&waiting, 1, wait_ms);
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0) return false;
    if ((waiting.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_) == 0) return true;
  }
}

Result<PgResult> PostgresConnection::finish(int sent, const char* text) {
  if (sent == 0) {
    return std::unexpected(
        lost("running: " + brief(text), first_line(PQerrorMessage(connection_))));
  }
  PgResult last;
  PgResult wrong;
  for (;;) {
    if (!wait_for_answer()) {
      return std::unexpected(lost("running: " + brief(text), "the server doesn't answer"));
    }
    PgResult next(PQgetResult(connection_));
    if (next == nullptr) break;
    const ExecStatusType status = PQresultStatus(next.get());
    const bool good =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    if (!good && wrong == nullptr) {
      wrong = std::move(next);
      // COPY would wait for us for ever; no statement of ours uses it.
      if (status != PGRES_FATAL_ERROR) note(Trouble::lost);
      if (is_lost()) break;
      continue;
    }
    last = std::move(next);
  }
  if (wrong != nullptr) return std::unexpected(error_of(wrong.get(), text));
  if (last == nullptr) {
    return std::unexpected(
        lost("running: " + brief(text), first_line(PQerrorMessage(connection_))));
  }
  return last;
}

Status PostgresConnection::control(const char* text) {
  FUMI_TRY([[maybe_unused]] const PgResult done, finish(PQsendQuery(connection_, text), text));
  return {};
}

Status PostgresConnection::commit() {
  FUMI_TRY(const PgResult done, finish(PQsendQuery(connection_, "COMMIT"), "COMMIT"));
  if (std::string_view(PQcmdStatus(done.get())) == "COMMIT") return {};
  return fail(Code::internal, "running: COMMIT", "the server has rolled back");
}

Status PostgresConnection::attempt(FunctionRef<Status()> work) {
  if (first_error_) return std::unexpected(*first_error_);
  if (Status status = control("SAVEPOINT fumi_attempt"); !status) return failed(status.error());
  const Trouble before = trouble_;
  Status status = work();
  if (status && first_error_) status = std::unexpected(*first_error_);
  if (status) {
    status = control("RELEASE SAVEPOINT fumi_attempt");
    if (!status) first_error_ = status.error();
    return status;
  }
  if (trouble_ >= Trouble::serialisation) return failed(std::move(status).error());
  const Status undone =
      control("ROLLBACK TO SAVEPOINT fumi_attempt; RELEASE SAVEPOINT fumi_attempt");
  if (!undone) return failed(undone.error());
  first_error_.reset();
  trouble_ = before;
  return status;
}

Status PostgresConnection::execute_script(std::string_view script) {
  if (first_error_) return std::unexpected(*first_error_);
  const std::string text = expand_dialect(Engine::postgres, script);
  if (Status status = control(text.c_str()); !status) return failed(std::move(status).error());
  return {};
}

Result<const PostgresConnection::Prepared*> PostgresConnection::prepare(
    const char* text, std::span<const Value> values) {
  const auto found = prepared_.find(text);
  if (found != prepared_.end()) return &found->second;
  Prepared fresh;
  fresh.name = "s" + std::to_string(next_name_++);
  for (const Value& value : values)
    fresh.types.push_back(oid_of(value.kind()));
  const std::string expanded = expand_dialect(Engine::postgres, text);
  auto done = finish(PQsendPrepare(connection_, fresh.name.c_str(), expanded.c_str(),
                                   static_cast<int>(values.size()), fresh.types.data()),
                     text);
  if (!done) return std::unexpected(std::move(done).error());
  return &prepared_.emplace(text, std::move(fresh)).first->second;
}

Result<std::int64_t> PostgresConnection::run(const Statement& statement,
                                             std::span<const Value> values, RowVisitor visit) {
  if (first_error_) return std::unexpected(*first_error_);
  for (const Value& value : values) {
    if (value.bytes().size() <= kValueOctetsMax) continue;
    return failed({Code::too_large, "running: " + brief(statement.text), "a value is too large"});
  }
  auto prepared = prepare(statement.text, values);
  if (!prepared) return failed(std::move(prepared).error());
  if ((*prepared)->types.size() != values.size()) {
    return failed({Code::internal, "running: " + brief(statement.text), "wrong number of values"});
  }
  const PgParameters parameters(values, (*prepared)->types);
  auto answer = finish(
      PQsendQueryPrepared(connection_, (*prepared)->name.c_str(), static_cast<int>(values.size()),
                          parameters.values(), parameters.lengths(), parameters.formats(), 1),
      statement.text);
  if (!answer) return failed(std::move(answer).error());
  PGresult* const result = answer->get();
  const int rows = PQntuples(result);
  for (int i = 0; i < rows; ++i) {
    const PgRow row(result, i);
    FUMI_TRY(const Next next, visit(row));
    if (next == Next::stop) break;
  }
  if (std::string_view(PQcmdStatus(result)).starts_with("SELECT")) return 0;
  return std::strtoll(PQcmdTuples(result), nullptr, 10);
}

void PostgresConnection::forget(const Statement& statement) {
  const auto found = prepared_.find(statement.text);
  if (found == prepared_.end()) return;
  // Outside of a transaction's fate: a failure here shows at the next statement.
  const std::string text = "DEALLOCATE " + found->second.name;
  (void)control(text.c_str()).has_value();
  prepared_.erase(found);
}

}  // namespace fumi::sql
