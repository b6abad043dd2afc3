#include "store/sqlite/sqlite.h"

#include <doctest/doctest.h>

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
}

}  // namespace
}  // namespace fumi::sql
