// Grants, sessions, tokens and kept answers, on every engine.
#include "domain/kept_answer.h"
#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

struct Fixture {
  explicit Fixture(World& w) : world(w) {}
  World& world;
  TenantScope acme = world.tenant("acme");
  TenantScope other = world.tenant("other");
  AccountId hanako = world.account(acme, "hanako@acme.example");
  AccountId ken = world.account(other, "ken@other.example");

  Grant grant(AccountId who, Role role, GrantScope scope = {}) {
    return {world.ids().next<GrantId>(),
            {Actor::Kind::admin, who.value()},
            role,
            scope,
            {Actor::Kind::operator_, 9},
            world.clock().now()};
  }
  AccessToken token(AccessToken::Kind kind, AccountId account, char fill) {
    AccessToken made{world.ids().next<TokenId>(),
                     {},
                     kind,
                     account,
                     "Firefox 画面",
                     std::string(32, fill),
                     world.clock().now(),
                     world.clock().now() + std::chrono::hours(1),
                     world.clock().now()};
    return made;
  }
};

TEST_CASE("grants are a tenant's own; one holder has a role in a scope once") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const Grant owner = f.grant(f.hanako, Role::owner);
    const Grant local = f.grant(f.hanako, Role::admin, {GrantScope::Kind::domain, DomainId(7)});
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      ok(tx.grants().add(owner));
      ok(tx.grants().add(local));
      CHECK(code_of(tx.grants().add(f.grant(f.hanako, Role::owner))) == Code::conflict);
      CHECK(code_of(tx.grants().add(f.grant(f.hanako, Role::operator_))) == Code::invalid);
      CHECK(code_of(tx.grants().add(f.grant(AccountId(), Role::admin))) == Code::invalid);
      const GrantScope server{GrantScope::Kind::server, {}};
      CHECK(code_of(tx.grants().add(f.grant(f.hanako, Role::admin, server))) == Code::invalid);
      const auto held = ok(tx.grants().held_by(owner.holder));
      REQUIRE(held.size() == 2);
      CHECK(held[0].role == Role::owner);
      CHECK(held[1].scope == local.scope);
      CHECK(held[1].by == local.by);
      CHECK(ok(tx.grants().held_by({Actor::Kind::token, f.hanako.value()})).empty());
      CHECK(ok(tx.grants().grants(owner.id, 10)).size() == 1);
      CHECK(ok(tx.grants().owners()) == std::vector{f.hanako});
      return {};
    }));
    ok(world.write(f.other, [&](Tx& tx) -> Status {
      CHECK(!ok(tx.grants().grant(owner.id)));
      CHECK(ok(tx.grants().held_by(owner.holder)).empty());
      CHECK(ok(tx.grants().grants(GrantId(), 10)).empty());
      CHECK(ok(tx.grants().owners()).empty());
      CHECK(code_of(tx.grants().remove(owner.id)) == Code::not_found);
      return {};
    }));
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.grants().grant(owner.id))->role == Role::owner);
      ok(tx.grants().remove(owner.id));
      CHECK(code_of(tx.grants().remove(owner.id)) == Code::not_found);
      CHECK(ok(tx.grants().owners()).empty());
      return {};
    }));
  });
}

TEST_CASE("a disabled owner doesn't count, a deleted account takes grants and sessions along") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const AccessToken session = f.token(AccessToken::Kind::session, f.hanako, 's');
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      ok(tx.grants().add(f.grant(f.hanako, Role::owner)));
      ok(tx.grants().add_token(session));
      Account account = *ok(tx.directory().account(f.hanako));
      account.status = AccountStatus::disabled;
      ok(tx.directory().update_account(account));
      CHECK(ok(tx.grants().owners()).empty());
      ok(tx.directory().delete_account(f.hanako));
      CHECK(ok(tx.grants().grants(GrantId(), 10)).empty());
      CHECK(ok(tx.grants().sessions(f.hanako)).empty());
      return {};
    }));
  });
}

TEST_CASE("tokens are found by hash across tenants, and seen in their own only") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const AccessToken session = f.token(AccessToken::Kind::session, f.hanako, 's');
    const AccessToken second = f.token(AccessToken::Kind::session, f.hanako, 'u');
    const AccessToken program = f.token(AccessToken::Kind::program, AccountId(), 'p');
    Grant grant = f.grant(f.hanako, Role::admin);
    grant.holder = {Actor::Kind::token, program.id.value()};
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      ok(tx.grants().add_token(session));
      ok(tx.grants().add_token(second));
      ok(tx.grants().add_token(program));
      ok(tx.grants().add(grant));
      CHECK(code_of(tx.grants().add_token(program)) == Code::conflict);
      AccessToken bad = program;
      bad.hash = "short";
      CHECK(code_of(tx.grants().add_token(bad)) == Code::invalid);
      CHECK(ok(tx.grants().sessions(f.hanako)).size() == 2);
      const auto programs = ok(tx.grants().tokens(AccessToken::Kind::program, TokenId(), 10));
      REQUIRE(programs.size() == 1);
      CHECK(programs[0].name == "Firefox 画面");
      ok(tx.grants().touch_token(session.id, world.clock().now() + std::chrono::minutes(5)));
      ok(tx.grants().touch_token(session.id, world.clock().now()));  // never back
      CHECK(ok(tx.grants().token(session.id))->used ==
            world.clock().now() + std::chrono::minutes(5));
      return {};
    }));
    ok(world.platform([&](PlatformTx& tx) -> Status {
      const auto found = ok(tx.platform().token_by_hash(std::string(32, 's')));
      REQUIRE(found.has_value());
      CHECK(found->tenant == f.acme.tenant);
      CHECK(found->account == f.hanako);
      CHECK(!ok(tx.platform().token_by_hash(std::string(32, 'x'))));
      return {};
    }));
    ok(world.write(f.other, [&](Tx& tx) -> Status {
      CHECK(!ok(tx.grants().token(session.id)));
      CHECK(ok(tx.grants().sessions(f.hanako)).empty());
      CHECK(code_of(tx.grants().remove_token(program.id)) == Code::not_found);
      ok(tx.grants().remove_sessions(f.hanako, TokenId()));  // none of its own
      return {};
    }));
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      ok(tx.grants().remove_sessions(f.hanako, second.id));
      const auto left = ok(tx.grants().sessions(f.hanako));
      REQUIRE(left.size() == 1);
      CHECK(left[0].id == second.id);
      ok(tx.grants().remove_token(program.id));
      CHECK(ok(tx.grants().held_by(grant.holder)).empty());
      return {};
    }));
  });
}

TEST_CASE("answers are kept for each actor apart, and what has ended is forgotten") {
  on_every_engine([](World& world) {
    Fixture f(world);
    const Actor actor{Actor::Kind::admin, f.hanako.value()};
    const Actor neighbour{Actor::Kind::token, f.hanako.value()};
    const KeptAnswer claim{std::string(32, 'r'), world.clock().now(), 0, ""};
    const std::string key(32, 'k');
    const AccessToken program = f.token(AccessToken::Kind::program, AccountId(), 'p');
    Grant grant = f.grant(f.hanako, Role::admin);
    grant.holder = {Actor::Kind::token, program.id.value()};
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      ok(tx.grants().claim_answer(actor, key, claim));
      CHECK(code_of(tx.grants().claim_answer(actor, key, claim)) == Code::conflict);
      CHECK(ok(tx.grants().kept_answer(actor, key))->status == 0);
      ok(tx.grants().keep_answer(actor, key, 201, "{\"a\":1}"));
      CHECK(ok(tx.grants().kept_answer(actor, key))->body == "{\"a\":1}");
      CHECK(ok(tx.grants().kept_answer(actor, key))->request_hash == claim.request_hash);
      CHECK(!ok(tx.grants().kept_answer(neighbour, key)));
      CHECK(code_of(tx.grants().keep_answer(neighbour, key, 201, "")) == Code::not_found);
      // A key is free again when its answer isn't kept any more.
      const std::string old(32, 'o');
      ok(tx.grants().claim_answer(actor, old, claim));
      KeptAnswer later = claim;
      later.at += kAnswerLife;
      CHECK(code_of(tx.grants().claim_answer(actor, old, later)) == Code::conflict);
      later.at += std::chrono::seconds(1);
      ok(tx.grants().claim_answer(actor, old, later));
      ok(tx.grants().add_token(program));
      ok(tx.grants().add(grant));
      return {};
    }));
    ok(world.write(f.other, [&](Tx& tx) -> Status {
      CHECK(!ok(tx.grants().kept_answer(actor, key)));
      return {};
    }));
    ok(world.platform([&](PlatformTx& tx) -> Status {
      const Instant now = world.clock().now();
      CHECK(ok(tx.platform().forget_expired(now, now)) == 0);
      CHECK(ok(tx.platform().forget_expired(now + std::chrono::hours(2),
                                            now + std::chrono::seconds(1))) == 2);
      return {};
    }));
    ok(world.write(f.acme, [&](Tx& tx) -> Status {
      CHECK(!ok(tx.grants().kept_answer(actor, key)));
      CHECK(ok(tx.grants().held_by(grant.holder)).empty());
      return {};
    }));
  });
}

TEST_CASE("operators have roles and ends") {
  on_every_engine([](World& world) {
    ok(world.platform([&](PlatformTx& tx) -> Status {
      Operator viewer{OperatorId(9), "monitor", std::string(32, 'v'), world.clock().now()};
      viewer.role = Role::operator_viewer;
      viewer.expires = world.clock().now() + std::chrono::hours(1);
      ok(tx.platform().create_operator(viewer));
      ok(tx.platform().create_operator({OperatorId(10), "root", std::string(32, 'r'), {}}));
      const auto all = ok(tx.platform().operators());
      REQUIRE(all.size() == 2);
      CHECK(all[0].role == Role::operator_viewer);
      CHECK(all[0].expires == viewer.expires);
      CHECK(all[1].role == Role::operator_);
      CHECK(!all[1].expires);
      ok(tx.platform().remove_operator(OperatorId(9)));
      CHECK(code_of(tx.platform().remove_operator(OperatorId(9))) == Code::not_found);
      CHECK(!ok(tx.platform().operator_by_token(std::string(32, 'v'))));
      return {};
    }));
  });
}

}  // namespace
}  // namespace fumi::store::testing
