// What a PostgreSQL that is busy, restarted or lost does to closures.
#include <doctest/doctest.h>

#include <barrier>
#include <future>
#include <latch>
#include <thread>

#include "store/postgres/postgres.h"
#include "store/postgres/test_cluster.h"
#include "store/sql/migrations.h"

namespace fumi::sql {
namespace {

constexpr std::string_view kTables =
    "CREATE TABLE counter (id BIGINT PRIMARY KEY, value BIGINT NOT NULL);"
    "INSERT INTO counter VALUES (1, 0), (2, 0);";
constexpr Statement kRead{"SELECT value FROM counter WHERE id = $1"};
constexpr Statement kWrite{"UPDATE counter SET value = $2 WHERE id = $1"};
constexpr Statement kSelf{"SELECT pg_backend_pid()"};
constexpr Statement kTerminate{"SELECT pg_terminate_backend($1::integer)"};
constexpr Statement kKillOthers{
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"};
constexpr Statement kSleep{"SELECT pg_sleep(60)"};

std::unique_ptr<Database> open(const std::string& connection, PostgresOptions options) {
  options.connection = connection;
  auto database = open_postgres(std::move(options));
  REQUIRE(database.has_value());
  return std::move(*database);
}

struct Rig {
  TestCluster* cluster = TestCluster::shared();
  std::string connection;
  std::unique_ptr<Database> database;

  explicit Rig(const PostgresOptions& options = {.writers = 4, .readers = 1, .group_max = 1}) {
    if (cluster == nullptr) return;
    auto made = cluster->create_database();
    REQUIRE(made.has_value());
    connection = *made;
    database = open(connection, options);
    REQUIRE(database->write_blocking([](Session& tx) { return tx.execute_script(kTables); }));
  }
  explicit operator bool() const { return cluster != nullptr; }
};

Result<std::int64_t> number(Session& tx, const Statement& statement, auto... values) {
  FUMI_TRY(const auto found,
           tx.one(statement, [](const Row& row) { return row.int64(0); }, values...));
  return found.value_or(-1);
}

Status add(Session& tx, std::int64_t id, std::int64_t amount) {
  FUMI_TRY(const auto value, number(tx, kRead, id));
  return tx.apply(kWrite, id, value + amount);
}

std::int64_t value_of(Database& database, std::int64_t id) {
  std::int64_t value = -1;
  CHECK(database.read_blocking([&](Session& tx) -> Status {
    FUMI_TRY(value, number(tx, kRead, id));
    return {};
  }));
  return value;
}

TEST_CASE("updates that clash are run again and none is lost") {
  Rig rig({.writers = 4, .readers = 1, .group_max = 1, .retries_max = 50});
  if (!rig) return;
  // Two closures read the same row before either writes: the first run of one of them must fail.
  std::latch both_have_read(2);
  std::atomic<int> runs = 0;
  const auto clash = [&] {
    bool first = true;
    return rig.database->write_blocking([&, first](Session& tx) mutable -> Status {
      ++runs;
      FUMI_TRY(const auto value, number(tx, kRead, 1));
      if (std::exchange(first, false)) both_have_read.arrive_and_wait();
      return tx.apply(kWrite, 1, value + 1);
    });
  };
  auto other = std::async(std::launch::async, clash);
  CHECK(clash());
  CHECK(other.get());
  CHECK(runs >= 3);
  CHECK(value_of(*rig.database, 1) == 2);
  CHECK(rig.database->metrics().retries >= 1);

  std::vector<std::future<Status>> crowd;
  for (int t = 0; t < 4; ++t) {
    crowd.push_back(std::async(std::launch::async, [&]() -> Status {
      for (int i = 0; i < 10; ++i) {
        FUMI_CHECK(rig.database->write_blocking([](Session& tx) { return add(tx, 1, 1); }));
      }
      return {};
    }));
  }
  std::int64_t failed = 0;
  for (auto& one : crowd)
    failed += one.get() ? 0 : 1;
  CHECK(failed == 0);
  CHECK(value_of(*rig.database, 1) == 42);
}

TEST_CASE("a clash that never ends is given up") {
  Rig rig({.writers = 1, .readers = 1, .retries_max = 2});
  if (!rig) return;
  const auto rival = open(rig.connection, {.writers = 1, .readers = 1});
  int runs = 0;
  const Status status = rig.database->write_blocking([&](Session& tx) -> Status {
    ++runs;
    FUMI_TRY(const auto value, number(tx, kRead, 1));
    CHECK(rival->write_blocking([](Session& other) { return add(other, 1, 1); }));
    return tx.apply(kWrite, 1, value);
  });
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == Code::unavailable);
  CHECK(runs == 3);
}

TEST_CASE("deadlocks are broken and both closures succeed") {
  Rig rig;
  if (!rig) return;
  std::latch both(2);
  const auto cross = [&](std::int64_t from, std::int64_t to) {
    bool first = true;
    return rig.database->write_blocking([&, first, from, to](Session& tx) mutable -> Status {
      FUMI_CHECK(add(tx, from, 1));
      if (std::exchange(first, false)) both.arrive_and_wait();
      return add(tx, to, 1);
    });
  };
  auto other = std::async(std::launch::async, [&] { return cross(2, 1); });
  CHECK(cross(1, 2));
  CHECK(other.get());
  CHECK(value_of(*rig.database, 1) == 2);
  CHECK(value_of(*rig.database, 2) == 2);
}

TEST_CASE("a group does not wait for a lock: who needs it runs alone, the others are done") {
  Rig rig({.writers = 1, .readers = 1});
  if (!rig) return;
  std::latch locked(1);
  std::latch unlock(1);
  std::latch begun(1);
  std::latch go(1);
  const auto other = open(rig.connection, {.writers = 1, .readers = 1});
  auto blocker = std::async(std::launch::async, [&] {
    return other->write_blocking([&](Session& tx) -> Status {
      FUMI_CHECK(add(tx, 1, 1));
      locked.count_down();
      unlock.wait();
      return {};
    });
  });
  locked.wait();
  auto first = std::async(std::launch::async, [&] {
    return rig.database->write_blocking([&](Session&) -> Status {
      begun.count_down();
      go.wait();
      return {};
    });
  });
  begun.wait();
  const auto queue = [&](std::int64_t id, std::uint64_t waiting) {
    auto job = std::async(std::launch::async, [&rig, id] {
      return rig.database->write_blocking([id](Session& tx) { return add(tx, id, 1); });
    });
    while (rig.database->metrics().writes_waiting < waiting)
      std::this_thread::yield();
    return job;
  };
  auto needs_it = queue(1, 1);
  auto needs_it_not = queue(2, 2);
  go.count_down();
  CHECK(first.get());
  CHECK(needs_it_not.get());  // while row 1 is still locked
  unlock.count_down();
  CHECK(blocker.get());
  CHECK(needs_it.get());
  CHECK(value_of(*rig.database, 1) == 2);
  CHECK(value_of(*rig.database, 2) == 1);
}

TEST_CASE("a connection lost in the middle is opened again and the closure runs again") {
  Rig rig({.writers = 1, .readers = 1});
  if (!rig) return;
  int runs = 0;
  CHECK(rig.database->write_blocking([&](Session& tx) -> Status {
    ++runs;
    FUMI_CHECK(add(tx, 1, 1));
    if (runs == 1) {
      FUMI_TRY(const auto self, number(tx, kSelf));
      (void)number(tx, kTerminate, self).has_value();
    }
    return add(tx, 1, 1);
  }));
  CHECK(runs == 2);
  CHECK(value_of(*rig.database, 1) == 2);
  CHECK(rig.database->metrics().reconnects == 1);
  // Every idle connection breaks: the next closures don't see it.
  const auto killer = open(rig.connection, {.writers = 1, .readers = 1});
  CHECK(
      killer->write_blocking([](Session& tx) { return tx.query(kKillOthers, [](const Row&) {}); }));
  CHECK(rig.database->write_blocking([](Session& tx) { return add(tx, 1, 1); }));
  CHECK(value_of(*rig.database, 1) == 3);
}

TEST_CASE("a closure that always loses its connection is given up") {
  Rig rig({.writers = 1, .readers = 1});
  if (!rig) return;
  int runs = 0;
  const Status status = rig.database->write_blocking([&](Session& tx) -> Status {
    ++runs;
    FUMI_TRY(const auto self, number(tx, kSelf));
    return tx.query(kTerminate, [](const Row&) {}, self);
  });
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == Code::unavailable);
  CHECK(runs == 6);
}

TEST_CASE("a connection lost during COMMIT is unavailable, not repeated") {
  Rig rig({.writers = 1, .readers = 1});
  if (!rig) return;
  const auto killer = open(rig.connection, {.writers = 1, .readers = 1});
  int runs = 0;
  const Status status = rig.database->write_blocking(
      [&](Session& tx) -> Status {
        ++runs;
        return add(tx, 2, 1);
      },
      // The barrier is what comes right before COMMIT.
      [&] {
        return killer->write_blocking(
            [](Session& tx) { return tx.query(kKillOthers, [](const Row&) {}); });
      });
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == Code::unavailable);
  CHECK(runs == 1);
  CHECK(value_of(*rig.database, 2) == 0);
}

TEST_CASE("a server that restarts is waited for, one that stays away isn't") {
  Rig rig({.writers = 2, .readers = 1, .lost_max = Duration(30'000'000)});
  if (!rig) return;
  REQUIRE(rig.cluster->stop());
  auto waiting = std::async(std::launch::async, [&] {
    return rig.database->write_blocking([](Session& tx) { return add(tx, 1, 1); });
  });
  REQUIRE(rig.cluster->start());
  CHECK(waiting.get());
  CHECK(value_of(*rig.database, 1) == 1);

  const auto hasty =
      open(rig.connection, {.writers = 1, .readers = 1, .lost_max = Duration(50'000)});
  REQUIRE(rig.cluster->stop());
  const Status gone = hasty->write_blocking([](Session& tx) { return add(tx, 1, 1); });
  const auto opened = open_postgres({.connection = rig.connection});
  REQUIRE(rig.cluster->start());
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().code == Code::unavailable);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Code::unavailable);
  CHECK(hasty->write_blocking([](Session& tx) { return add(tx, 1, 1); }));
}

TEST_CASE("slow statements time out") {
  Rig rig({.writers = 1, .readers = 1, .statement_timeout = Duration(50'000)});
  if (!rig) return;
  const Status status =
      rig.database->write_blocking([](Session& tx) { return tx.query(kSleep, [](const Row&) {}); });
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == Code::timeout);
}

TEST_CASE("nodes that start at once take turns with the migrations") {
  Rig rig;
  if (!rig) return;
  constexpr std::array kMigrations{
      Migration{1, "one", "CREATE TABLE one (id BIGINT PRIMARY KEY); INSERT INTO one VALUES (1);"},
      Migration{2, "two", "CREATE TABLE two (id BIGINT PRIMARY KEY); INSERT INTO two VALUES (1);"}};
  std::vector<std::future<Result<int>>> nodes;
  std::barrier start(4);
  for (int i = 0; i < 4; ++i) {
    nodes.push_back(std::async(std::launch::async, [&]() -> Result<int> {
      const auto node = open(rig.connection, {.writers = 1, .readers = 1});
      start.arrive_and_wait();
      return migrate(*node, kMigrations);
    }));
  }
  int applied = 0;
  for (auto& node : nodes) {
    const auto result = node.get();
    CHECK(result.has_value());
    applied += result.value_or(0);
  }
  CHECK(applied == 2);
}

TEST_CASE("options out of range are refused") {
  CHECK(open_postgres({.group_max = 33}).error().code == Code::invalid);
  CHECK(open_postgres({.writers = 0}).error().code == Code::invalid);
}

}  // namespace
}  // namespace fumi::sql
