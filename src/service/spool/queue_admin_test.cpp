#include "service/spool/queue_admin.h"

#include <doctest/doctest.h>

#include "store/mail/testing/world.h"

namespace fumi::service {
namespace {

using store::testing::await;
using store::testing::World;

const Actor kOperator{Actor::Kind::operator_, 77};

struct Rig {
  QueueId enqueue(const TenantScope& scope, const std::vector<std::string>& to,
                  const std::string& subject = "s") {
    QueueMessage message;
    message.id = world.ids().next<QueueId>();
    message.tenant = scope.tenant;
    message.reverse_path = EmailAddress::parse("sender@acme.example").value();
    message.blob.octets = 10;
    message.octets = 10;
    message.subject = subject;
    message.created = world.clock().now();
    message.expires = message.created + std::chrono::hours(48);
    for (const std::string& address : to) {
      QueueRecipient& recipient = message.recipients.emplace_back();
      recipient.number = std::uint32_t(message.recipients.size() - 1);
      recipient.address = EmailAddress::parse(address).value();
      recipient.due = message.created + std::chrono::hours(1);
    }
    const Status made =
        world.write(scope, [&](Tx& tx) { return tx.queue().enqueue(message, Instant()); });
    REQUIRE(made.has_value());
    world.clock().advance(std::chrono::milliseconds(1));
    return message.id;
  }
  std::vector<Record> records(const TenantScope& scope, RecordKind kind) {
    RecordQuery query;
    query.kinds = {kind};
    return world.read(scope, [&](Tx& tx) { return tx.records().find(query); }).value();
  }
  std::vector<QueueId> listed(std::optional<TenantId> tenant, const QueueQuery& query = {}) {
    std::vector<QueueId> ids;
    const auto found = await(admin.list(tenant, query));
    REQUIRE(found.has_value());
    for (const QueuedMessage& each : *found)
      ids.push_back(each.message.id);
    return ids;
  }
  std::optional<QueueMessage> stored(const TenantScope& scope, QueueId id) {
    return world.read(scope, [&](Tx& tx) { return tx.queue().message(id); }).value();
  }

  World world;
  TenantScope acme = world.tenant("acme");
  TenantScope other = world.tenant("other");
  int wakes = 0;
  QueueAdmin admin{world.store(), world.clock(), [this] { ++wakes; }};
};

using Ids = std::vector<QueueId>;

TEST_CASE("the queue is listed by tenant or as a whole, in order and by pages") {
  Rig r;
  const QueueId one = r.enqueue(r.acme, {"a@one.example"});
  const QueueId two = r.enqueue(r.other, {"b@two.example"});
  const QueueId three = r.enqueue(r.acme, {"c@two.example"});
  CHECK(r.listed(std::nullopt) == Ids{one, two, three});
  CHECK(r.listed(r.acme.tenant) == Ids{one, three});
  CHECK(r.listed(r.other.tenant) == Ids{two});
  CHECK(r.listed(std::nullopt, {{}, one, 10}) == Ids{two, three});
  CHECK(r.listed(std::nullopt, {{}, {}, 2}) == Ids{one, two});
  CHECK(r.listed(std::nullopt, {"two.example", {}, 10}) == Ids{two, three});
  CHECK(r.listed(r.acme.tenant, {"two.example", {}, 10}) == Ids{three});
  const auto nobody = await(r.admin.list(TenantId(12345), {}));
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().code == Code::not_found);
}

TEST_CASE("a message is shown with its tenant, and never under another's name") {
  Rig r;
  const QueueId id = r.enqueue(r.other, {"a@one.example"}, "hello");
  for (const auto tenant : {std::optional<TenantId>(), std::optional(r.other.tenant)}) {
    const auto shown = await(r.admin.show(tenant, id));
    REQUIRE(shown.has_value());
    CHECK(shown->tenant == "other");
    CHECK(shown->message.subject == "hello");
  }
  for (const auto tenant : {r.acme.tenant, TenantId(12345)}) {
    const auto refused = await(r.admin.show(tenant, id));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::not_found);
  }
  CHECK(await(r.admin.show(std::nullopt, QueueId(99))).error().code == Code::not_found);
}

TEST_CASE("a retry makes waiting recipients due, wakes the spool, and is on record") {
  Rig r;
  const QueueId id = r.enqueue(r.other, {"a@one.example"});
  for (const auto& [tenant, which] :
       {std::pair(std::optional(r.acme.tenant), id), {std::nullopt, QueueId(99)}}) {
    const Status refused = await(r.admin.retry(kOperator, tenant, which));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::not_found);
  }
  CHECK(r.wakes == 0);
  CHECK(r.records(r.other, RecordKind::operation).empty());
  CHECK(r.stored(r.other, id)->recipients[0].due > r.world.clock().now());

  CHECK(await(r.admin.retry(kOperator, std::nullopt, id)));
  CHECK(r.wakes == 1);
  CHECK(r.stored(r.other, id)->recipients[0].due == r.world.clock().now());
  const auto acts = r.records(r.other, RecordKind::operation);
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].actor.id == 77);
  CHECK(acts[0].to == id.text());
  CHECK(r.records(r.acme, RecordKind::operation).empty());
}

TEST_CASE("cancelling takes out what waits, and leaves a record for each who did") {
  Rig r;
  const QueueId id = r.enqueue(r.other, {"a@one.example", "b@one.example", "c@one.example"});
  AttemptOutcome done;
  done.recipient = 1;
  done.state = RecipientState::delivered;
  REQUIRE(r.world.write(r.other, [&](Tx& tx) { return tx.queue().finish_attempt(id, {done}); }));
  CHECK(await(r.admin.cancel(kOperator, r.acme.tenant, id)).error().code == Code::not_found);
  CHECK(r.stored(r.other, id).has_value());
  CHECK(r.records(r.other, RecordKind::cancelled).empty());

  const auto cancelled = await(r.admin.cancel(kOperator, r.other.tenant, id));
  REQUIRE(cancelled.has_value());
  CHECK(cancelled->message.id == id);
  CHECK_FALSE(r.stored(r.other, id).has_value());
  const auto records = r.records(r.other, RecordKind::cancelled);
  REQUIRE(records.size() == 2);
  CHECK(records[0].to == "a@one.example");
  CHECK(records[1].to == "c@one.example");
  CHECK(records[0].actor.kind == Actor::Kind::operator_);
  CHECK(r.records(r.other, RecordKind::operation).size() == 1);
  CHECK(await(r.admin.cancel(kOperator, std::nullopt, id)).error().code == Code::not_found);
  CHECK(r.records(r.other, RecordKind::operation).size() == 1);
}

}  // namespace
}  // namespace fumi::service
