#include "domain/ports/setting_store.h"

#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

constexpr auto kRule = SettingKind::access_rule;

std::uint64_t version_of(World& world, const TenantScope& scope) {
  return ok(world.read(scope, [](Tx& tx) { return tx.settings().version(); }));
}

TEST_CASE("settings: made, listed by age, replaced, removed, and no more than allowed") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    CHECK(version_of(world, acme) == 0);
    ok(world.write(acme, [&](Tx& tx) -> Status {
      SettingStore& settings = tx.settings();
      const SettingId first = ok(settings.create(kRule, "one", 2));
      const SettingId second = ok(settings.create(kRule, "二", 2));
      CHECK(code_of(settings.create(kRule, "three", 2)) == Code::quota);
      ok(settings.create(SettingKind::holidays, "[]", 2));
      ok(settings.replace(kRule, first, "uno"));
      const auto all = ok(settings.list(kRule));
      REQUIRE(all.size() == 2);
      CHECK(all[0].body == "uno");
      CHECK(all[1].body == "二");
      CHECK(ok(settings.setting(kRule, second))->body == "二");
      CHECK(!ok(settings.setting(SettingKind::holidays, second)));
      ok(settings.remove(kRule, first));
      CHECK(code_of(settings.remove(kRule, first)) == Code::not_found);
      CHECK(code_of(settings.replace(kRule, first, "x")) == Code::not_found);
      CHECK(code_of(settings.create(kRule, std::string(kSettingOctetsMax + 1, 'x'), 9)) ==
            Code::too_large);
      return {};
    }));
    CHECK(version_of(world, acme) != 0);
  });
}

TEST_CASE("settings of another tenant are not there, and their changes are not ours") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    SettingId id;
    ok(world.write(acme, [&](Tx& tx) -> Status {
      id = ok(tx.settings().create(kRule, "secret", 9));
      return {};
    }));
    ok(world.write(other, [&](Tx& tx) -> Status {
      CHECK(ok(tx.settings().list(kRule)).empty());
      CHECK(!ok(tx.settings().setting(kRule, id)));
      return {};
    }));
    for (const bool replacing : {true, false}) {
      const Status refused = world.write(other, [&](Tx& tx) {
        return replacing ? tx.settings().replace(kRule, id, "mine")
                         : tx.settings().remove(kRule, id);
      });
      CHECK(code_of(refused) == Code::not_found);
    }
    CHECK(version_of(world, other) == 0);
  });
}

TEST_CASE("what open sessions must hear of raises the access version, other changes don't") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    const std::uint64_t before = version_of(world, acme);
    const auto account_with = [&](AccountStatus status) {
      ok(world.write(acme, [&](Tx& tx) -> Status {
        Account account = *ok(tx.directory().account(hanako));
        account.status = status;
        account.display_name += "!";
        return tx.directory().update_account(account);
      }));
      return version_of(world, acme);
    };
    CHECK(account_with(AccountStatus::active) == before);
    const std::uint64_t disabled = account_with(AccountStatus::disabled);
    CHECK(disabled > before);
    const auto changes =
        ok(world.platform([&](PlatformTx& tx) { return tx.platform().access_changes(before); }));
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].tenant == acme.tenant);
    CHECK(changes[0].version == disabled);
    ok(world.write(acme, [&](Tx& tx) {
      return tx.directory().set_account_credential(hanako, {"other", "s", 1, "k", "v"});
    }));
    CHECK(version_of(world, acme) > disabled);
  });
}

}  // namespace
}  // namespace fumi::store::testing
