#include "store/postgres/postgres.h"

#include <doctest/doctest.h>

#include "store/postgres/test_cluster.h"
#include "store/sql/migrations.h"
#include "store/sql/testing/conformance.h"

namespace fumi::sql {
namespace {

PostgresOptions options_for(TestCluster& cluster) {
  PostgresOptions options;
  auto connection = cluster.create_database();
  REQUIRE(connection.has_value());
  options.connection = *connection;
  options.writers = 1;
  options.readers = 2;
  return options;
}

conformance::Open opener(TestCluster& cluster) {
  return [&cluster](QueueOptions writes) {
    PostgresOptions options = options_for(cluster);
    options.writes = writes;
    auto database = open_postgres(std::move(options));
    REQUIRE(database.has_value());
    return std::move(*database);
  };
}

TEST_CASE("PostgreSQL conforms: statements") {
  if (auto* cluster = TestCluster::shared()) conformance::check_statements(opener(*cluster));
}
TEST_CASE("PostgreSQL conforms: migrations") {
  if (auto* cluster = TestCluster::shared()) conformance::check_migrations(opener(*cluster));
}
TEST_CASE("PostgreSQL conforms: groups") {
  if (auto* cluster = TestCluster::shared()) conformance::check_groups(opener(*cluster));
}
TEST_CASE("PostgreSQL conforms: queue") {
  if (auto* cluster = TestCluster::shared()) conformance::check_queue(opener(*cluster));
}

}  // namespace
}  // namespace fumi::sql
