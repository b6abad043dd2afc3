#include "store/sqlite/sqlite.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <thread>

#include "store/sql/testing/conformance.h"

namespace fumi::sql {
namespace {

std::unique_ptr<Database> open_in_memory(QueueOptions writes) {
  SqliteOptions options;
  options.writes = writes;
  auto database = open_sqlite(std::move(options));
  REQUIRE(database.has_value());
  return std::move(*database);
}

TEST_CASE("SQLite conforms: statements") { conformance::check_statements(open_in_memory); }
TEST_CASE("SQLite conforms: migrations") { conformance::check_migrations(open_in_memory); }
TEST_CASE("SQLite conforms: groups") { conformance::check_groups(open_in_memory); }
TEST_CASE("SQLite conforms: queue") { conformance::check_queue(open_in_memory); }

TEST_CASE("a path that can't be opened is an error") {
  SqliteOptions options;
  options.path = "/nonexistent-folder/fumi.db";
  const auto database = open_sqlite(options);
  REQUIRE_FALSE(database.has_value());
  CHECK(database.error().code == Code::unavailable);
  options.path.clear();
  options.readers = 0;
  CHECK(open_sqlite(options).error().code == Code::invalid);
  options.readers = 1;
  options.glances = 65;
  CHECK(open_sqlite(options).error().code == Code::invalid);
}

struct Glance {
  std::optional<Status> outcome = {};
  std::int64_t seen = -1;
  std::thread::id ran_on = {};
  int runs = 0;
};

constexpr Statement kPut{"INSERT INTO t (n) VALUES ($1)"};
constexpr Statement kSum{"SELECT coalesce(sum(n), 0) FROM t"};

Status look(Session& tx, Glance& glance) {
  ++glance.runs;
  glance.ran_on = std::this_thread::get_id();
  FUMI_TRY(const auto sum, tx.one(kSum, [](const Row& row) { return row.int64(0); }));
  glance.seen = sum.value_or(-1);
  return {};
}

Task<void> await_glance(Database& database, Work work, Glance& glance) {
  Status status = co_await database.glance(std::move(work));
  glance.outcome.emplace(std::move(status));
}

void run_glance(Database& database, Work work, Glance& glance) {
  boost::asio::io_context io;
  boost::asio::co_spawn(io.get_executor(), await_glance(database, std::move(work), glance),
                        boost::asio::detached);
  io.run();
  REQUIRE(glance.outcome.has_value());
}

Glance glance_at(Database& database) {
  Glance glance;
  run_glance(database, [&](Session& tx) { return look(tx, glance); }, glance);
  return glance;
}

std::unique_ptr<Database> with_table(SqliteOptions options) {
  auto database = open_sqlite(std::move(options));
  REQUIRE(database.has_value());
  REQUIRE((*database)->write_blocking([](Session& tx) -> Status {
    FUMI_CHECK(tx.execute_script("CREATE TABLE t (n BIGINT)"));
    return tx.apply(kPut, 1);
  }));
  return std::move(*database);
}

TEST_CASE("a glance runs on its caller's thread and sees each commit") {
  const auto database = with_table({});
  for (int n = 1; n <= 20; ++n) {
    const Glance glance = glance_at(*database);
    CHECK(*glance.outcome);
    CHECK(glance.seen == n);
    // One that was made to wait sends the next ones to the readers for a while.
    if (n == 1) CHECK(glance.ran_on == std::this_thread::get_id());
    REQUIRE(database->write_blocking([](Session& tx) { return tx.apply(kPut, 1); }));
  }
  CHECK(database->metrics().glances >= 1);
  CHECK(database->metrics().reads == 20);
}

TEST_CASE("a glance can't write, and its own errors come back") {
  const auto database = with_table({});
  Glance glance;
  run_glance(*database, [](Session& tx) { return tx.apply(kPut, 5); }, glance);
  CHECK_FALSE(*glance.outcome);
  Glance own;
  auto refuse = [&own](Session&) -> Status {
    ++own.runs;
    return fail(Code::unavailable, "looking", "the closure says so");
  };
  run_glance(*database, refuse, own);
  CHECK(own.outcome->error().code == Code::unavailable);
  CHECK(own.runs == 1);  // not the engine's: nobody tries again
  CHECK(glance_at(*database).seen == 1);
}

TEST_CASE("where no connection is free the readers look") {
  SqliteOptions none;
  none.glances = 0;
  const auto without = with_table(std::move(none));
  CHECK(glance_at(*without).ran_on != std::this_thread::get_id());
  CHECK(without->metrics().glances == 0);

  SqliteOptions options;
  options.glances = 1;
  const auto database = with_table(std::move(options));
  Glance outer;
  Glance inner;
  auto twice = [&](Session& tx) -> Status {
    std::thread other([&] { inner = glance_at(*database); });
    const std::thread::id id = other.get_id();
    other.join();
    CHECK(inner.ran_on != id);
    return look(tx, outer);
  };
  run_glance(*database, twice, outer);
  CHECK(*outer.outcome);
  CHECK(inner.seen == 1);
  CHECK(outer.seen == 1);
}

TEST_CASE("after close a glance is refused like any read") {
  const auto database = with_table({});
  database->close();
  const Glance glance = glance_at(*database);
  CHECK(glance.outcome->error().code == Code::unavailable);
  CHECK(glance.runs == 0);
}

TEST_CASE("glances beside a writer on many threads see sums that only grow") {
  const auto database = with_table({});
  std::vector<std::thread> threads;
  std::atomic<bool> done = false;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      std::int64_t last = 0;
      while (!done) {
        const Glance glance = glance_at(*database);
        CHECK(*glance.outcome);
        CHECK(glance.seen >= last);
        last = glance.seen;
      }
    });
  }
  for (int n = 0; n < 200; ++n)
    REQUIRE(database->write_blocking([](Session& tx) { return tx.apply(kPut, 1); }));
  done = true;
  for (std::thread& thread : threads)
    thread.join();
  CHECK(glance_at(*database).seen == 201);
}

}  // namespace
}  // namespace fumi::sql
