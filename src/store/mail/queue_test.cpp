#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

QueueMessage message(World& world, std::initializer_list<const char*> recipients) {
  QueueMessage m;
  m.id = world.ids().next<QueueId>();
  m.reverse_path = EmailAddress::parse("hanako@acme.example").value();
  m.blob = content("q", 99).blob;
  m.octets = 99;
  m.created = world.clock().now();
  m.expires = m.created + std::chrono::hours(120);
  m.dsn_return = DsnReturn::headers;
  m.envid = "env";
  m.eight_bit = true;
  m.require_tls = true;
  m.message_id = "<1@acme.example>";
  m.header_from = "花子";
  m.subject = "件名";
  m.api_data = "campaign";
  for (const char* text : recipients) {
    QueueRecipient recipient;
    recipient.number = static_cast<std::uint32_t>(m.recipients.size());
    recipient.address = EmailAddress::parse(text).value();
    recipient.notify.bits = DsnNotify::failure;
    recipient.orcpt = "rfc822;" + std::string(text);
    m.recipients.push_back(std::move(recipient));
  }
  return m;
}

AttemptOutcome deferred(std::uint32_t recipient, Instant due) {
  return {recipient, RecipientState::waiting, due, "450 4.2.1 later", "mx [192.0.2.1]"};
}

AttemptOutcome delivered(std::uint32_t recipient) {
  return {recipient, RecipientState::delivered, {}, "250 ok", "mx"};
}

std::vector<Claim> claim(World& world, Instant until, std::uint32_t limit, std::size_t node = 0) {
  return ok(world.platform(
      [&](PlatformTx& tx) { return tx.platform().claim_due(world.clock().now(), until, limit); },
      node));
}

TEST_CASE("a message's way through the spool") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const QueueMessage m = message(world, {"a@one.example", "b@two.example", "c@one.example"});
    const Instant start = world.clock().now();
    const Instant lease = start + std::chrono::minutes(10);
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(m, lease); }));
    ok(world.write(acme, [&](Tx& tx) -> Status {
      QueueStore& q = tx.queue();
      const QueueMessage back = *ok(q.message(m.id));
      CHECK(back.tenant == acme.tenant);
      CHECK(back.reverse_path == m.reverse_path);
      CHECK(back.blob == m.blob);
      CHECK(back.created == m.created);
      CHECK(back.expires == m.expires);
      CHECK(back.dsn_return == DsnReturn::headers);
      CHECK(back.envid == "env");
      CHECK(back.eight_bit);
      CHECK(!back.binary);
      CHECK(!back.smtputf8);
      CHECK(back.require_tls);
      CHECK(back.subject == "件名");
      CHECK(back.header_from == "花子");
      CHECK(back.message_id == m.message_id);
      CHECK(back.api_data == "campaign");
      REQUIRE(back.recipients.size() == 3);
      CHECK(back.recipients[1].address.text() == "b@two.example");
      CHECK(back.recipients[1].notify.bits == DsnNotify::failure);
      CHECK(back.recipients[1].orcpt == "rfc822;b@two.example");
      CHECK(ok(q.list({})).size() == 1);
      CHECK(ok(q.list({"two.example", {}, 10})).size() == 1);
      CHECK(ok(q.list({"three.example", {}, 10})).empty());
      CHECK(ok(q.list({{}, m.id, 10})).empty());
      ok(q.set_delay_notified(m.id));
      CHECK(ok(q.message(m.id))->delay_notified);
      return {};
    }));
    CHECK(claim(world, lease, 10).empty());  // leased with enqueue()
    ok(world.platform([&](PlatformTx& tx) -> Status {
      CHECK(ok(tx.platform().next_due()) == lease);
      CHECK(ok(tx.platform().queue_depth()) == 3);
      return {};
    }));
    const Instant due = start + std::chrono::minutes(5);
    ok(world.write(acme, [&](Tx& tx) {
      return tx.queue().finish_attempt(m.id, {delivered(0), deferred(1, due), deferred(2, due)});
    }));
    ok(world.write(acme, [&](Tx& tx) -> Status {
      const QueueMessage back = *ok(tx.queue().message(m.id));
      CHECK(back.recipients[0].state == RecipientState::delivered);
      CHECK(back.recipients[1].attempts == 1);
      CHECK(back.recipients[1].due == due);
      CHECK(back.recipients[1].last_answer == "450 4.2.1 later");
      CHECK(back.recipients[1].last_host == "mx [192.0.2.1]");
      CHECK(back.recipients[1].last_attempt == start);
      return {};
    }));
    CHECK(claim(world, lease, 10).empty());
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().retry_now(m.id, start); }));
    const auto claims = claim(world, lease, 10);
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].tenant == acme.tenant);
    CHECK(claims[0].message == m.id);
    CHECK(claim(world, lease, 10).empty());
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().retry_now(m.id, start); }));
    CHECK(claim(world, lease, 10).empty());  // what is being tried isn't tried twice
    ok(world.write(acme, [&](Tx& tx) {
      return tx.queue().finish_attempt(m.id, {delivered(1), delivered(2), delivered(1)});
    }));
    const auto gone =
        world.write(acme, [&](Tx& tx) { return tx.queue().finish_attempt(m.id, {delivered(1)}); });
    CHECK(code_of(gone) == Code::not_found);
    ok(world.platform([&](PlatformTx& tx) -> Status {
      CHECK(!ok(tx.platform().next_due()));
      CHECK(ok(tx.platform().queue_depth()) == 0);
      CHECK(!ok(tx.in(acme).queue().message(m.id)));
      return {};
    }));
  });
}

TEST_CASE("bad messages, cancelling") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const Instant now = world.clock().now();
    CHECK(code_of(world.write(acme, [&](Tx& tx) {
            return tx.queue().enqueue(message(world, {}), now);
          })) == Code::invalid);
    QueueMessage done = message(world, {"a@b.example"});
    done.recipients[0].state = RecipientState::delivered;
    CHECK(code_of(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(done, now); })) ==
          Code::invalid);
    const QueueMessage m = message(world, {"a@b.example"});
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(m, now); }));
    CHECK(code_of(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(m, now); })) ==
          Code::conflict);
    ok(world.write(acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.queue().cancel(m.id)).subject == "件名");
      CHECK(code_of(tx.queue().cancel(m.id)) == Code::not_found);
      CHECK(code_of(tx.queue().retry_now(m.id, now)) == Code::not_found);
      CHECK(code_of(tx.queue().set_delay_notified(m.id)) == Code::not_found);
      return {};
    }));
    CHECK(claim(world, now + std::chrono::hours(1), 10).empty());
  });
}

TEST_CASE("a message is called back until somebody holds it to send it") {
  on_every_engine([](World& world) {
    world.add_node({.node = 1});
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const auto recall = [&](const TenantScope& scope, QueueId id) {
      return world.write(scope, [&](Tx& tx) { return tx.queue().recall(id, world.clock().now()); });
    };
    const auto held = [&] {
      QueueMessage m = message(world, {"a@one.example", "b@two.example"});
      for (QueueRecipient& recipient : m.recipients)
        recipient.due = world.clock().now() + std::chrono::hours(1);
      ok(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(m, Instant()); }));
      return m.id;
    };
    const QueueId first = held();
    CHECK(code_of(recall(other, first)) == Code::not_found);
    const auto gone = recall(acme, first);
    REQUIRE(gone.has_value());
    CHECK(gone->recipients.size() == 2);
    CHECK(code_of(recall(acme, first)) == Code::not_found);
    const QueueId second = held();
    // An operator brings it forward: it is on its way.
    ok(world.write(acme,
                   [&](Tx& tx) { return tx.queue().retry_now(second, world.clock().now()); }));
    CHECK(code_of(recall(acme, second)) == Code::conflict);
    CHECK(claim(world, world.clock().now() + std::chrono::minutes(10), 10).size() == 2);
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().cancel(second); }));
    // A node whose clock is ahead holds it already.
    const QueueId third = held();
    const Instant ahead = world.clock().now() + std::chrono::hours(2);
    const auto early = ok(world.platform(
        [&](PlatformTx& tx) {
          return tx.platform().claim_due(ahead, ahead + std::chrono::minutes(10), 1);
        },
        1));
    CHECK(early.size() == 1);
    CHECK(code_of(recall(acme, third)) == Code::conflict);
    CHECK(ok(world.read(acme, [&](Tx& tx) { return tx.queue().message(third); })).has_value());
  });
}

TEST_CASE("leases are renewed by the node that has them, and by no other") {
  on_every_engine([](World& world) {
    world.add_node({.node = 1});
    const TenantScope acme = world.tenant("acme");
    const Instant now = world.clock().now();
    const QueueMessage m = message(world, {"a@b.example", "c@d.example"});
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(m, Instant()); }));
    const Instant first = now + std::chrono::minutes(10);
    const auto held = claim(world, first, 10, 0);
    REQUIRE(held.size() == 2);
    const auto renew = [&](std::size_t node, Instant until) {
      return ok(world.platform(
          [&](PlatformTx& tx) { return tx.platform().renew_leases(held, until); }, node));
    };
    CHECK(renew(1, first + std::chrono::hours(1)).size() == 2);  // not its own
    CHECK(renew(0, first + std::chrono::minutes(10)).empty());
    world.clock().advance(std::chrono::minutes(15));
    CHECK(claim(world, world.clock().now(), 10, 1).empty());
    ok(world.write(acme, [&](Tx& tx) { return tx.queue().finish_attempt(m.id, {delivered(0)}); }));
    const auto lost = renew(0, first + std::chrono::minutes(10));
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].recipient == 0);
    world.clock().advance(std::chrono::minutes(6));
    CHECK(claim(world, world.clock().now() + std::chrono::minutes(1), 10, 1).size() == 1);
    CHECK(renew(0, first + std::chrono::hours(1)).size() == 2);
  });
}

TEST_CASE("two nodes claim; a lease that ran out and a node that starts anew give theirs up") {
  on_every_engine([](World& world) {
    world.add_node({.node = 1});
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const Instant now = world.clock().now();
    for (int i = 0; i < 10; ++i) {
      QueueMessage m = message(world, {"a@b.example"});
      m.recipients[0].due = now - std::chrono::seconds(10 - i);
      ok(world.write(i % 2 == 0 ? acme : other,
                     [&](Tx& tx) { return tx.queue().enqueue(m, Instant()); }));
    }
    const Instant until = now + std::chrono::minutes(10);
    const auto first = claim(world, until, 4, 0);
    const auto second = claim(world, until, 100, 1);
    REQUIRE(first.size() == 4);
    CHECK(second.size() == 6);
    for (const Claim& one : first) {
      for (const Claim& two : second)
        CHECK(one.message != two.message);
    }
    CHECK(first[0].message < second[0].message);  // the oldest first
    CHECK(claim(world, until, 100, 0).empty());
    ok(world.platform([](PlatformTx& tx) { return tx.platform().release_leases(); }, 1));
    CHECK(claim(world, until, 100, 0).size() == 6);
    world.clock().advance(std::chrono::minutes(10));
    CHECK(claim(world, world.clock().now() + std::chrono::minutes(1), 100, 1).size() == 10);
  });
}

}  // namespace
}  // namespace fumi::store::testing
