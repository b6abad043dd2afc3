// What PostgreSQL hides by itself: statements here forget their tenant on purpose.
#include "store/sql/row_security.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

using sql::Row;
using sql::Session;
using sql::Statement;

constexpr Statement kEveryAccount{"SELECT tenant_id FROM account_profiles"};
constexpr Statement kTakeQuota{"UPDATE accounts SET quota_octets = 7"};
constexpr Statement kRemoveAll{"DELETE FROM addresses"};
constexpr Statement kSmuggle{
    "INSERT INTO dkim_keys (tenant_id, domain_id, dkim_key_id, selector, algorithm, dns_record,"
    " private_key) VALUES ($1, 1, 1, 's', 'rsa', 'r', 'k')"};
constexpr Statement kMove{"UPDATE accounts SET tenant_id = $1"};
constexpr Statement kOpenTables{
    "SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relkind = 'r' AND a.attname = 'tenant_id' AND NOT a.attisdropped"
    " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"};
constexpr Statement kSecuredTables{"SELECT count(*) FROM pg_policy WHERE polname = 'one_tenant'"};

struct Two {
  World world;
  TenantScope acme, globex;
  explicit Two(std::shared_ptr<sql::Database> database) : world(std::move(database), {}) {
    acme = world.tenant("acme");
    globex = world.tenant("globex");
    world.account(acme, "hanako@acme.example");
    world.account(acme, "jiro@acme.example");
    world.account(globex, "taro@globex.example");
  }
  // The tenants of the rows that a statement without a WHERE sees.
  std::vector<std::uint64_t> seen(std::function<Status(Session&)> enter) {
    std::vector<std::uint64_t> tenants;
    const Status read = world.database().read_blocking([&](Session& session) -> Status {
      tenants.clear();
      FUMI_CHECK(enter(session));
      return session.query(kEveryAccount,
                           [&](const Row& row) { tenants.push_back(row.id<TenantId>(0).value()); });
    });
    REQUIRE(read.has_value());
    std::ranges::sort(tenants);
    return tenants;
  }
  Result<std::int64_t> write(TenantScope as, const Statement& statement) {
    std::int64_t rows = 0;
    FUMI_CHECK(world.database().write_blocking([&](Session& session) -> Status {
      FUMI_CHECK(sql::enter_tenant(session, as.tenant.value()));
      FUMI_TRY(rows, session.execute(statement));
      return {};
    }));
    return rows;
  }
};

TEST_CASE("a statement that forgets its tenant sees and changes that tenant's rows alone") {
  auto database = fresh_postgres();
  if (!database) return;
  Two two(std::move(database));
  const std::uint64_t acme = two.acme.tenant.value();
  const std::uint64_t globex = two.globex.tenant.value();

  CHECK(two.seen([](Session&) { return Status(); }).empty());
  CHECK(two.seen([&](Session& s) { return sql::enter_tenant(s, acme); }) ==
        std::vector{acme, acme});
  CHECK(two.seen([&](Session& s) { return sql::enter_tenant(s, globex); }) == std::vector{globex});
  CHECK(two.seen([](Session& s) { return sql::enter_platform(s); }).size() == 3);

  CHECK(ok(two.write(two.globex, kTakeQuota)) == 1);
  CHECK(ok(two.write(two.acme, kTakeQuota)) == 2);
  CHECK(ok(two.write(two.globex, kRemoveAll)) == 1);
  CHECK(two.seen([](Session& s) { return sql::enter_platform(s); }).size() == 3);
}

TEST_CASE("no row is written into another tenant, or moved there") {
  auto database = fresh_postgres();
  if (!database) return;
  Two two(std::move(database));
  for (const Statement& statement : {kSmuggle, kMove}) {
    const Status refused = two.world.database().write_blocking([&](Session& session) -> Status {
      FUMI_CHECK(sql::enter_tenant(session, two.acme.tenant.value()));
      return session.apply(statement, two.globex.tenant);
    });
    CHECK_FALSE(refused.has_value());
  }
}

TEST_CASE("every table with a tenant has its policy, tables of a day too, and our role is bound") {
  auto database = fresh_postgres();
  if (!database) return;
  Two two(std::move(database));
  ok(two.world.write(two.acme, [&](Tx& tx) -> Status {
    Record record;
    record.at = two.world.clock().now();
    return tx.records().append(record);
  }));
  ok(two.world.database().read_blocking([](Session& session) -> Status {
    std::vector<std::string> open;
    FUMI_CHECK(session.query(kOpenTables, [&](const Row& row) { open.push_back(row.string(0)); }));
    CHECK_MESSAGE(open.empty(), (open.empty() ? "" : open.front()));
    FUMI_TRY(const auto secured,
             session.one(kSecuredTables, [](const Row& row) { return row.int64(0); }));
    CHECK(secured.value_or(0) > 20);
    FUMI_TRY(const bool bound, sql::role_is_bound(session));
    CHECK(bound);
    return {};
  }));
}

// Closures that are committed together each see their own tenant.
TEST_CASE("a closure that entered no tenant doesn't inherit its neighbour's") {
  auto database = fresh_postgres();
  if (!database) return;
  Two two(std::move(database));
  std::vector<std::thread> threads;
  std::atomic<int> leaks = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        const Status done = two.world.database().write_blocking([&](Session& session) -> Status {
          if (i % 2 == 0) FUMI_CHECK(sql::enter_tenant(session, two.acme.tenant.value()));
          std::size_t rows = 0;
          FUMI_CHECK(session.query(kEveryAccount, [&](const Row&) { ++rows; }));
          if (rows != (i % 2 == 0 ? 2U : 0U)) ++leaks;
          return {};
        });
        if (!done) ++leaks;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(leaks == 0);
  CHECK(two.world.database().metrics().group_size_max > 1);
}

}  // namespace
}  // namespace fumi::store::testing
