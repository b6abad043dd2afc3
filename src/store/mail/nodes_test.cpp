// Two nodes on one PostgreSQL: what one commits wakes the sessions of the other.
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "store/mail/engines_for_test.h"
#include "store/postgres/listener.h"

namespace fumi::store::testing {
namespace {

constexpr sql::Statement kKillListeners{
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'fumi listener'"};

// A node's ear, and how often its session was woken.
class Ear {
 public:
  Ear(const std::string& connection, SqlStore& store, ChangeBus& bus, AccountId account)
      : subscription_(bus.subscribe(account, [this](const Change&) { count(woken_); })) {
    sql::PostgresListenerOptions options;
    options.connection = connection;
    options.channel = SqlStore::kChannel;
    options.backoff_first = Duration(1'000);
    auto started =
        sql::PostgresListener::start(std::move(options), {[this, &store](std::string_view payload) {
                                                            store.on_notification(payload);
                                                            count(payloads_);
                                                          },
                                                          [this, &bus] {
                                                            bus.publish_gap();
                                                            count(gaps_);
                                                          }});
    REQUIRE(started.has_value());
    listener_ = std::move(*started);
  }
  // Of wakes, gaps or payloads; false after 20 seconds.
  bool wait_woken(int times) { return wait(woken_, times); }
  bool wait_gaps(int times) { return wait(gaps_, times); }
  bool wait_payloads(int times) { return wait(payloads_, times); }
  int woken() {
    const std::scoped_lock lock(mutex_);
    return woken_;
  }

 private:
  void count(int& what) {
    const std::scoped_lock lock(mutex_);
    ++what;
    changed_.notify_all();
  }
  bool wait(const int& what, int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return what >= times; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  int woken_ = 0;
  int gaps_ = 0;
  int payloads_ = 0;
  ChangeBus::Subscription subscription_;
  std::unique_ptr<sql::PostgresListener> listener_;
};

TEST_CASE("a change on one node wakes a session on the other, also after a lost connection") {
  sql::TestCluster* const cluster = sql::TestCluster::shared();
  if (cluster == nullptr) return;
  const std::string connection = ok(cluster->create_database());
  World world(std::shared_ptr<sql::Database>(
                  ok(sql::open_postgres({.connection = connection, .writers = 2, .readers = 1}))),
              {.node = 0});
  world.add_node({.node = 1});
  const TenantScope acme = world.tenant("acme");
  const AccountId hanako = world.account(acme, "hanako@acme.example");
  const AccountId taro = world.account(acme, "taro@acme.example");
  std::atomic<int> others = 0;
  const auto other = world.bus(1).subscribe(taro, [&](const Change&) { ++others; });
  Ear here(connection, world.store(0), world.bus(0), hanako);
  Ear there(connection, world.store(1), world.bus(1), hanako);
  REQUIRE(here.wait_gaps(1));
  REQUIRE(there.wait_gaps(1));
  CHECK(there.woken() == 1);  // by the gap: nobody knows what was missed before

  const auto deliver = [&](const std::string& id) {
    ok(world.write(acme, [&](Tx& tx) { return tx.mailboxes().deliver(hanako, content(id)); }));
  };
  deliver("1");
  CHECK(there.wait_woken(2));
  // The sender's own notification comes back to it and wakes nobody a second time.
  REQUIRE(here.wait_payloads(1));
  REQUIRE(there.wait_payloads(1));
  CHECK(here.woken() == 2);  // the gap, and its own commit
  CHECK(others == 1);        // another account's session sleeps on

  ok(world.database().write_blocking(
      [](sql::Session& tx) { return tx.query(kKillListeners, [](const sql::Row&) {}); }));
  REQUIRE(there.wait_gaps(2));
  CHECK(there.wait_woken(3));
  deliver("2");
  CHECK(there.wait_woken(4));
}

}  // namespace
}  // namespace fumi::store::testing
