#include "store/postgres/listener.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "store/postgres/postgres.h"
#include "store/postgres/test_cluster.h"

namespace fumi::sql {
namespace {

constexpr Statement kNotify{"SELECT pg_notify('fumi_test', $1)"};
constexpr Statement kNotifyOther{"SELECT pg_notify('another', $1)"};
constexpr Statement kKillListener{
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'fumi listener'"};

// What a listener was told, in order; "gap" for gaps.
class Heard {
 public:
  PostgresListenerEvents events() {
    return {[this](std::string_view payload) { add(std::string(payload)); },
            [this] { add("gap"); }};
  }
  // Everything that was told until `count` things were, or 20 seconds have passed.
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    (void)changed_.wait_for(lock, std::chrono::seconds(20), [&] { return heard_.size() >= count; });
    return heard_;
  }

 private:
  void add(std::string what) {
    const std::scoped_lock lock(mutex_);
    heard_.push_back(std::move(what));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
};

struct Rig {
  TestCluster* cluster = TestCluster::shared();
  std::string connection;
  std::unique_ptr<Database> database;
  Heard heard;
  std::unique_ptr<PostgresListener> listener;

  Rig() {
    if (cluster == nullptr) return;
    connection = cluster->create_database().value();
    PostgresOptions options{.connection = connection, .writers = 1, .readers = 1};
    auto opened = open_postgres(std::move(options));
    REQUIRE(opened.has_value());
    database = std::move(*opened);
    PostgresListenerOptions listening;
    listening.connection = connection;
    listening.channel = "fumi_test";
    listening.backoff_first = Duration(1'000);
    listening.backoff_max = Duration(50'000);
    listening.probe_interval = Duration(50'000);
    auto started = PostgresListener::start(std::move(listening), heard.events());
    REQUIRE(started.has_value());
    listener = std::move(*started);
  }
  Status notify(const std::string& payload, const Statement& statement = kNotify) {
    return database->write_blocking(
        [&](Session& tx) { return tx.query(statement, [](const Row&) {}, payload); });
  }
};

using Texts = std::vector<std::string>;

TEST_CASE("a listener hears its channel, and only what was committed") {
  Rig rig;
  if (rig.cluster == nullptr) return;
  REQUIRE(rig.heard.wait_for(1) == Texts{"gap"});
  CHECK(rig.listener->is_listening());
  CHECK(rig.notify("one"));
  CHECK(rig.notify("not for us", kNotifyOther));
  CHECK_FALSE(rig.database
                  ->write_blocking([&](Session& tx) -> Status {
                    FUMI_CHECK(tx.query(kNotify, [](const Row&) {}, "undone"));
                    return fail(Code::conflict, "ending a test");
                  })
                  .has_value());
  CHECK(rig.notify("two"));
  CHECK(rig.heard.wait_for(3) == Texts{"gap", "one", "two"});
}

TEST_CASE("a listener whose connection was killed says that it may have missed something") {
  Rig rig;
  if (rig.cluster == nullptr) return;
  REQUIRE(rig.heard.wait_for(1) == Texts{"gap"});
  CHECK(rig.database->write_blocking(
      [](Session& tx) { return tx.query(kKillListener, [](const Row&) {}); }));
  REQUIRE(rig.heard.wait_for(2) == Texts{"gap", "gap"});
  CHECK(rig.notify("after"));
  CHECK(rig.heard.wait_for(3) == Texts{"gap", "gap", "after"});
}

TEST_CASE("a listener outlives a server that goes away and comes back") {
  Rig rig;
  if (rig.cluster == nullptr) return;
  REQUIRE(rig.heard.wait_for(1) == Texts{"gap"});
  REQUIRE(rig.cluster->stop());
  REQUIRE(rig.cluster->start());
  REQUIRE(rig.heard.wait_for(2) == Texts{"gap", "gap"});
  CHECK(rig.notify("again"));
  CHECK(rig.heard.wait_for(3).back() == "again");
}

TEST_CASE("a listener that never reaches its server can be ended, and bad channels are refused") {
  Heard heard;
  PostgresListenerOptions options;
  options.connection = "host=/nonexistent dbname=none";
  options.channel = "fumi_test";
  {
    const auto listener = PostgresListener::start(options, heard.events());
    REQUIRE(listener.has_value());
    CHECK_FALSE((*listener)->is_listening());
  }
  CHECK(heard.wait_for(0).empty());
  for (const char* const channel : {"", "Upper", "a b", "a;b", "1a", "\"q\""}) {
    CAPTURE(channel);
    options.channel = channel;
    const auto refused = PostgresListener::start(options, heard.events());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::invalid);
  }
}

}  // namespace
}  // namespace fumi::sql
