#include <doctest/doctest.h>

#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "store/sql/testing/conformance.h"

namespace fumi::sql::conformance {
namespace {

constexpr std::string_view kTable = "CREATE TABLE entry (id BIGINT PRIMARY KEY)";
constexpr Statement kInsert{"INSERT INTO entry (id) VALUES ($1)"};
constexpr Statement kCount{"SELECT count(*) FROM entry"};

Status insert(Session& tx, std::int64_t id) { return tx.apply(kInsert, id); }

std::int64_t count_of(Database& database) {
  std::int64_t entries = -1;
  CHECK(database.read_blocking([&](Session& tx) -> Status {
    FUMI_TRY(const auto found, tx.one(kCount, [](const Row& row) { return row.int64(0); }));
    entries = found.value_or(-1);
    return {};
  }));
  return entries;
}

std::unique_ptr<Database> with_table(const Open& open, QueueOptions writes = {}) {
  auto database = open(writes);
  REQUIRE(database->write_blocking([](Session& tx) { return tx.execute_script(kTable); }));
  return database;
}

// Keeps the one writer busy until it is told to go on, so that closures gather behind it.
class Stopper {
 public:
  explicit Stopper(Database& database)
      : thread_([this, &database] {
          CHECK(database.write_blocking([this](Session&) -> Status {
            if (!std::exchange(ran_, true)) {  // it may run again with its group
              running_.set_value();
              go_on_.get_future().wait();
            }
            return {};
          }));
        }) {
    running_.get_future().wait();
  }
  ~Stopper() { release(); }
  void release() {
    if (!thread_.joinable()) return;
    go_on_.set_value();
    thread_.join();
  }

 private:
  bool ran_ = false;
  std::promise<void> running_;
  std::promise<void> go_on_;
  std::thread thread_;
};

// Awaits one write and keeps what came back.
struct Call {
  std::int64_t id = 0;
  Work work = {};
  Barrier barrier = {};
  std::optional<Status> outcome = {};
  std::thread::id resumed_on = {};
};

Task<void> await_call(Database& database, Call& call) {
  if (call.barrier) {
    Status status = co_await database.write(std::move(call.work), std::move(call.barrier));
    call.outcome = std::move(status);
  } else {
    Status status = co_await database.write(std::move(call.work));
    call.outcome = std::move(status);
  }
  call.resumed_on = std::this_thread::get_id();
}

// Runs the calls as one crowd: all are queued before the writer may start.
void run_all(Database& database, std::vector<Call>& calls) {
  boost::asio::io_context io;
  {
    Stopper stopper(database);
    for (Call& call : calls) {
      boost::asio::co_spawn(io.get_executor(), await_call(database, call), boost::asio::detached);
    }
    io.poll();
  }
  io.run();
  for (const Call& call : calls) {
    CHECK(call.outcome.has_value());
    CHECK(call.resumed_on == std::this_thread::get_id());
  }
}

Call inserting(std::int64_t id) {
  Call call;
  call.id = id;
  call.work = [id](Session& tx) { return insert(tx, id); };
  return call;
}

std::optional<Code> code_of(const Call& call) {
  if (!call.outcome || *call.outcome) return std::nullopt;
  return call.outcome->error().code;
}

void crowds_share_commits(Database& database) {
  std::vector<Call> calls;
  for (int id = 0; id < 100; ++id)
    calls.push_back(inserting(id));
  const auto before = database.metrics();
  run_all(database, calls);
  const auto after = database.metrics();
  for (const Call& call : calls)
    CHECK(code_of(call) == std::nullopt);
  CHECK(after.writes - before.writes >= 100);
  CHECK(after.groups - before.groups <= 20);
  CHECK(after.group_size_max >= 10);
  CHECK(count_of(database) == 100);
}

void neighbours_are_safe(Database& database) {
  std::vector<Call> calls;
  for (int id = 1000; id < 1040; ++id) {
    calls.push_back(inserting(id));
    if (id % 4 == 1)
      calls.back().work = [id](Session& tx) -> Status {
        FUMI_CHECK(insert(tx, id));
        return fail(Code::quota, "counting");
      };
    if (id % 4 == 2)
      calls.back().work = [id](Session& tx) -> Status {
        FUMI_CHECK(insert(tx, id));
        return insert(tx, id);  // a constraint
      };
  }
  const auto before = count_of(database);
  run_all(database, calls);
  for (const Call& call : calls) {
    const auto expected = call.id % 4 == 1   ? std::optional(Code::quota)
                          : call.id % 4 == 2 ? std::optional(Code::conflict)
                                             : std::nullopt;
    CHECK(code_of(call) == expected);
  }
  CHECK(count_of(database) == before + 20);
}

void barriers_hold_commits(Database& database) {
  const auto before = count_of(database);
  std::vector<Call> calls;
  std::vector<int> called(20, 0);
  std::vector<int> runs(20, 0);
  for (int i = 0; i < 20; ++i) {
    calls.push_back(inserting(2000 + i));
    const auto at = static_cast<std::size_t>(i);
    calls.back().work = [&runs, at, i](Session& tx) -> Status {
      ++runs[at];
      FUMI_CHECK(insert(tx, 2000 + i));
      return i % 5 == 4 ? fail(Code::denied, "deciding") : Status();
    };
    calls.back().barrier = [&called, at, i]() -> Status {
      ++called[at];
      return i % 5 == 3 ? fail(Code::storage_full, "syncing a segment") : Status();
    };
  }
  run_all(database, calls);
  for (std::size_t i = 0; i < 20; ++i) {
    const auto expected = i % 5 == 3   ? std::optional(Code::storage_full)
                          : i % 5 == 4 ? std::optional(Code::denied)
                                       : std::nullopt;
    CHECK(code_of(calls[i]) == expected);
    CHECK(called[i] == (i % 5 == 4 ? 0 : 1));  // once, and only after success
    CHECK(runs[i] >= 1);
  }
  CHECK(count_of(database) == before + 12);
}

Task<void> results_come_back(Database& database, int& seen) {
  auto work = [](Session& tx) -> Result<std::string> {
    FUMI_CHECK(insert(tx, 3000));
    return std::string("written");
  };
  Result<std::string> written = co_await database.write_result(work);
  CHECK(written.value_or("") == "written");
  ++seen;
  Result<std::string> again = co_await database.write_result(work);
  CHECK_FALSE(again.has_value());
  ++seen;
  auto ask = [](Session& tx) -> Result<bool> {
    FUMI_TRY(const auto n, tx.one(kCount, [](const Row& row) { return row.int64(0); }));
    return n.has_value();
  };
  Result<bool> asked = co_await database.read_result(ask);
  CHECK(asked.value_or(false));
  ++seen;
}

}  // namespace

void check_groups(const Open& open) {
  const auto database = with_table(open);
  crowds_share_commits(*database);
  neighbours_are_safe(*database);
  barriers_hold_commits(*database);
  boost::asio::io_context io;
  int seen = 0;
  boost::asio::co_spawn(io.get_executor(), results_come_back(*database, seen),
                        boost::asio::detached);
  io.run();
  CHECK(seen == 3);
}

void check_queue(const Open& open) {
  // More than may wait: refused at once.
  auto database = with_table(open, {.waiting_max = 8});
  std::vector<Call> calls;
  for (int id = 0; id < 30; ++id)
    calls.push_back(inserting(id));
  run_all(*database, calls);
  const auto refused = std::ranges::count_if(
      calls, [](const Call& call) { return code_of(call) == Code::rate_limited; });
  CHECK(refused == 22);
  CHECK(count_of(*database) == 8);
  CHECK(database->metrics().rejected == 22);

  // Not started in time: given up while the writer still hangs.
  database = with_table(open, {.wait_max = Duration(20'000)});
  {
    Stopper stopper(*database);
    const Status late = database->write_blocking([](Session& tx) { return insert(tx, 1); });
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == Code::unavailable);
  }
  CHECK(count_of(*database) == 0);

  // What waits when the database is closed still runs; what comes later is refused.
  database = with_table(open);
  std::optional<Status> waited;
  std::thread waiting;
  std::thread closing;
  {
    Stopper stopper(*database);
    waiting = std::thread(
        [&] { waited = database->write_blocking([](Session& tx) { return insert(tx, 1); }); });
    while (database->metrics().writes_waiting == 0)
      std::this_thread::yield();
    closing = std::thread([&] { database->close(); });
  }
  waiting.join();
  closing.join();
  CHECK(waited.has_value());
  CHECK(waited->has_value());
  const Status after = database->write_blocking([](Session& tx) { return insert(tx, 2); });
  REQUIRE_FALSE(after.has_value());
  CHECK(after.error().code == Code::unavailable);
  CHECK_FALSE(database->read_blocking([](Session&) { return Status(); }));
}

}  // namespace fumi::sql::conformance
