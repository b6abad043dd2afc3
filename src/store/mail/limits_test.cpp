// Plans, use and pace, on every engine.
#include "domain/ports/limit_store.h"

#include <thread>

#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

TenantLimits some_limits() {
  TenantLimits limits;
  limits.plan = {10, 2, 3, 5'000'000'000};
  limits.person = {1, 2, 3, 4, 5};
  limits.tenant = {6, 7, 8, 9, 10};
  return limits;
}

TEST_CASE("limits: the defaults until set, then what was set; each tenant its own") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    ok(world.write(acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.limits().limits()) == TenantLimits{});
      CHECK(ok(tx.limits().hold_limits()) == TenantLimits{});
      ok(tx.limits().set_limits(some_limits()));
      ok(tx.limits().set_limits(some_limits()));
      CHECK(ok(tx.limits().hold_limits()) == some_limits());
      return {};
    }));
    ok(world.read(other, [&](Tx& tx) -> Status {
      CHECK(ok(tx.limits().limits()) == TenantLimits{});
      return {};
    }));
  });
}

TEST_CASE("limits: use counts what is there, without the deleted") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    world.account(acme, "a@acme.example", 1000);
    const AccountId gone = world.account(acme, "b@acme.example", 2000);
    world.account(acme, "c@acme.example");
    world.account(other, "a@other.example", 4000);
    ok(world.write(acme, [&](Tx& tx) { return tx.directory().delete_account(gone); }));
    const TenantUse use = ok(world.read(acme, [](Tx& tx) { return tx.limits().use(); }));
    CHECK(use.accounts == 2);
    CHECK(use.domains == 1);
    CHECK(use.api_users == 0);
    CHECK(use.storage_octets == 1000);
    CHECK(use.accounts_no_quota == 1);
    CHECK(use.used_octets == 0);
  });
}

TEST_CASE("limits: pace is kept by sender and tenant, and goes with the account") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    const PaceSubject person{PaceSubject::Kind::account, hanako.value()};
    PaceState state;
    state.free_at = world.clock().now();
    state.ten_minutes = {world.clock().now(), 3, 4};
    state.day = {world.clock().now(), 5, 6};
    state.lifted_until = world.clock().now() + std::chrono::hours(1);
    ok(world.write(acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.limits().pace(person)) == PaceState{});
      ok(tx.limits().set_pace(person, PaceState{}));
      ok(tx.limits().set_pace(person, state));
      ok(tx.limits().set_pace({}, state));
      CHECK(ok(tx.limits().pace(person)) == state);
      const auto all = ok(tx.limits().paces({}, 100));
      REQUIRE(all.size() == 1);  // behind the tenant's own
      CHECK(all[0].subject == person);
      return {};
    }));
    ok(world.read(other, [&](Tx& tx) -> Status {
      CHECK(ok(tx.limits().pace(person)) == PaceState{});
      CHECK(ok(tx.limits().paces({}, 100)).empty());
      return {};
    }));
    ok(world.write(acme, [&](Tx& tx) { return tx.directory().delete_account(hanako); }));
    ok(world.store().purge_deleted_accounts(1000, [] { return false; }));
    ok(world.read(acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.limits().pace(person)) == PaceState{});
      return {};
    }));
  });
}

// Two nodes that each see room for one more: one of them must look again.
TEST_CASE("limits: two transactions that hold the limits go one after the other") {
  auto database = fresh_postgres();
  if (!database) return;  // SQLite has one writer
  World world(std::move(database), {});
  const TenantScope acme = world.tenant("acme");
  ok(world.write(acme, [&](Tx& tx) { return tx.limits().set_limits(some_limits()); }));
  int runs = 0;
  ok(world.write(acme, [&](Tx& tx) -> Status {
    ok(tx.limits().use());  // the snapshot is taken
    if (++runs == 1) {
      std::jthread([&] {
        ok(world.write(acme, [](Tx& inner) -> Status {
          FUMI_TRY(const TenantLimits held, inner.limits().hold_limits());
          static_cast<void>(held);
          return {};
        }));
      }).join();
    }
    FUMI_TRY(const TenantLimits held, tx.limits().hold_limits());
    CHECK(held == some_limits());
    return {};
  }));
  CHECK(runs == 2);
}

TEST_CASE("domains: their state is kept, and told to whoever routes") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    MailDomain domain{world.ids().next<DomainId>(), acme.tenant, "acme.example",
                      world.clock().now()};
    domain.state = DomainState::pending;
    domain.challenge = "fumi-verification=abc";
    ok(world.write(acme, [&](Tx& tx) { return tx.directory().create_domain(domain); }));
    const auto owner = [&] {
      return ok(world.platform(
          [](PlatformTx& tx) { return tx.platform().domain_owner("acme.example"); }));
    };
    CHECK(owner()->state == DomainState::pending);
    domain.state = DomainState::verified;
    domain.checked = world.clock().now();
    CHECK(code_of(world.write(other, [&](Tx& tx) {
            return tx.directory().set_domain_state(domain);
          })) == Code::not_found);
    ok(world.write(acme, [&](Tx& tx) { return tx.directory().set_domain_state(domain); }));
    CHECK(owner()->state == DomainState::verified);
    ok(world.read(acme, [&](Tx& tx) -> Status {
      const auto read = ok(tx.directory().domain_by_name("acme.example"));
      CHECK(read->state == DomainState::verified);
      CHECK(read->challenge == domain.challenge);
      CHECK(read->checked == domain.checked);
      return {};
    }));
  });
}

}  // namespace
}  // namespace fumi::store::testing
