// Runs a conformance test on every engine at hand: SQLite always, PostgreSQL where its programs are
// installed (store/postgres/test_cluster.h).
#pragma once

#include <doctest/doctest.h>

#include "store/mail/testing/world.h"
#include "store/postgres/postgres.h"
#include "store/postgres/test_cluster.h"

namespace fumi::store::testing {

// An empty database; null where there is no PostgreSQL.
inline std::shared_ptr<sql::Database> fresh_postgres() {
  sql::TestCluster* const cluster = sql::TestCluster::shared();
  if (cluster == nullptr) return nullptr;
  auto connection = cluster->create_database();
  REQUIRE(connection.has_value());
  sql::PostgresOptions options;
  options.connection = *connection;
  options.writers = 2;
  options.readers = 2;
  auto opened = sql::open_postgres(options);
  REQUIRE(opened.has_value());
  return std::move(*opened);
}

template <class F>
void on_every_engine(F test, SqlStoreOptions options = {}) {
  {
    INFO("engine: SQLite");
    World world(options);
    test(world);
  }
  if (auto database = fresh_postgres()) {
    INFO("engine: PostgreSQL");
    World world(std::move(database), options);
    test(world);
  }
}

template <class T>
T ok(Result<T> result) {
  if (!result) FAIL(result.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class T>
Code code_of(const Result<T>& result) {
  REQUIRE(!result.has_value());
  return result.error().code;
}

}  // namespace fumi::store::testing
