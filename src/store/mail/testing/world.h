// World: a store in memory with everything it needs, for tests of this module and of services.
//
//   World world;                                   // SQLite in memory, fixed clock, node 0
//   TenantScope acme = world.tenant("acme");
//   AccountId hanako = world.account(acme, "hanako@acme.example");
//   auto got = world.write(acme, [&](Tx& tx) { return tx.mailboxes().deliver(hanako, content); });
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "crypto/key_ring.h"
#include "domain/address.h"
#include "store/mail/store.h"
#include "store/sqlite/sqlite.h"

namespace fumi::store::testing {

class MemoryKeyStore final : public crypto::KeyStore {
 public:
  Status create(crypto::TenantNumber tenant, std::string wrapped) override {
    const std::scoped_lock lock(mutex_);
    if (!keys_.emplace(tenant.value(), std::move(wrapped)).second) return fail(Code::conflict, "");
    return {};
  }
  Result<std::string> load(crypto::TenantNumber tenant) override {
    const std::scoped_lock lock(mutex_);
    const auto found = keys_.find(tenant.value());
    if (found == keys_.end() || found->second.empty())
      return fail(Code::not_found, "loading a key");
    return found->second;
  }
  Status replace(crypto::TenantNumber tenant, std::string wrapped) override {
    const std::scoped_lock lock(mutex_);
    keys_[tenant.value()] = std::move(wrapped);
    return {};
  }
  Status destroy(crypto::TenantNumber tenant) override {
    const std::scoped_lock lock(mutex_);
    keys_[tenant.value()].clear();
    return {};
  }
  Result<std::vector<crypto::TenantNumber>> list() override {
    const std::scoped_lock lock(mutex_);
    std::vector<crypto::TenantNumber> out;
    for (const auto& [tenant, key] : keys_)
      if (!key.empty()) out.emplace_back(tenant);
    return out;
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::string> keys_;
};

// The loop that await() runs on this thread. It outlives each task: a store's thread that has
// posted a result still holds the executor for a moment after the task has ended.
inline boost::asio::io_context& await_loop() {
  static thread_local boost::asio::io_context io(1);
  io.restart();
  return io;
}

// Runs one task to its end on the caller's thread.
template <class T>
T await(Task<T> task) {
  boost::asio::io_context& io = await_loop();
  auto guard = boost::asio::make_work_guard(io);
  std::optional<T> result;
  boost::asio::co_spawn(io.get_executor(), std::move(task),
                        [&](const std::exception_ptr& thrown, T value) {
                          if (!thrown) result.emplace(std::move(value));
                          guard.reset();
                        });
  io.run();
  FUMI_ASSERT(result.has_value());
  return std::move(*result);
}

class World {
 public:
  explicit World(SqlStoreOptions options = {}) : World(memory_database(), options) {}
  World(std::shared_ptr<sql::Database> database, SqlStoreOptions options)
      : database_(std::move(database)), ids_(clock_, options.node) {
    log::configure(log::Level::warning, log::Format::text);
    add_node(options);
  }

  // Another node on the same database: its own store, ids and bus.
  SqlStore& add_node(SqlStoreOptions options) {
    auto& node = nodes_.emplace_back(std::make_unique<Node>(clock_, options.node));
    auto opened = SqlStore::open({*database_, keys_, node->ids, clock_, node->bus}, options);
    FUMI_ASSERT(opened.has_value());
    node->store = std::move(*opened);
    return *node->store;
  }

  SqlStore& store(std::size_t node = 0) { return *nodes_[node]->store; }
  ChangeBus& bus(std::size_t node = 0) { return nodes_[node]->bus; }
  FakeClock& clock() { return clock_; }
  IdGenerator& ids() { return ids_; }
  sql::Database& database() { return *database_; }
  crypto::KeyRing& keys() { return keys_; }

  template <class Work>
  auto write(const TenantScope& scope, Work work) {
    return await(static_cast<Store&>(store()).write(scope, std::move(work)));
  }
  template <class Work>
  auto read(const TenantScope& scope, Work work) {
    return await(static_cast<Store&>(store()).read(scope, std::move(work)));
  }
  template <class Work>
  auto platform(Work work, std::size_t node = 0) {
    return await(static_cast<Platform&>(store(node)).write(std::move(work)));
  }

  TenantScope tenant(const std::string& name) {
    const auto id = ids_.next<TenantId>();
    const Status made = platform([&](PlatformTx& tx) -> Status {
      return tx.platform().create_tenant({id, name, TenantStatus::active, clock_.now()});
    });
    FUMI_ASSERT(made.has_value());
    return {id, {}};
  }

  // The account, and its domain if the tenant hasn't it yet.
  AccountId account(const TenantScope& scope, const std::string& address,
                    std::uint64_t quota_octets = 0) {
    Account account;
    account.id = ids_.next<AccountId>();
    account.address = EmailAddress::parse(address).value();
    account.display_name = "Name of " + address;
    account.quota_octets = quota_octets;
    const Status made = write(scope, [&](Tx& tx) -> Status {
      FUMI_TRY(const auto known, tx.directory().domain_by_name(account.address.domain));
      if (!known) {
        FUMI_CHECK(tx.directory().create_domain(
            {ids_.next<DomainId>(), scope.tenant, account.address.domain, clock_.now()}));
      }
      return tx.directory().create_account(account, {"argon", "salt", 4096, "stored", "server"});
    });
    FUMI_ASSERT(made.has_value());
    return account.id;
  }

  static std::shared_ptr<sql::Database> memory_database() {
    auto opened = sql::open_sqlite({});
    FUMI_ASSERT(opened.has_value());
    return std::move(*opened);
  }

 private:
  struct Node {
    Node(const Clock& clock, std::uint8_t node) : ids(clock, node) {}
    IdGenerator ids;
    ChangeBus bus;
    std::unique_ptr<SqlStore> store;
  };

  FakeClock clock_{from_micros(1'795'000'000'000'000)};
  MemoryKeyStore key_store_;
  crypto::KeyRing keys_{key_store_,
                        std::make_shared<crypto::RootKey>(Secret(std::string(32, 'k'))),
                        nullptr,
                        clock_,
                        {.age_max = std::chrono::hours(1'000'000)}};
  std::shared_ptr<sql::Database> database_;  // shared by the worlds of several nodes in one test
  IdGenerator ids_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

// An email of so many octets; its message id and references as given.
inline EmailContent content(const std::string& message_id, std::uint64_t octets = 1000,
                            std::vector<std::string> references = {}) {
  EmailContent out;
  out.blob.hash[0] = 1;
  out.blob.hash[1] = static_cast<std::uint8_t>(octets);
  out.blob.octets = octets;
  out.summary = "summary of " + message_id;
  out.message_id = message_id;
  out.references = std::move(references);
  out.octets = octets;
  out.received = from_micros(1'700'000'000'000'000);
  return out;
}

}  // namespace fumi::store::testing
