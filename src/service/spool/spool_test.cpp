// The scheduler over a store: leases between nodes, what can't be read, memory for bodies.
#include "service/spool/spool.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "service/spool/queue_admin.h"
#include "service/tenancy/routing.h"
#include "service/testing/fakes.h"
#include "store/mail/testing/world.h"
#include "store/memory/memory_blob_store.h"

namespace fumi::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using store::testing::World;
using testing::FailingStore;
using testing::FakeRuntime;
using testing::FaultPlan;

constexpr sql::Statement kSpoilBody{"UPDATE queue_messages SET body = blob WHERE queue_id = $1"};

// Keeps its jobs: a site that is slow, or a queue that is long.
class HoldingCarrier final : public Carrier {
 public:
  void carry(Job job) override { jobs.push_back(std::move(job)); }
  std::vector<Job> jobs;
};

// A node: a spool on a view of the common store that can be cut off.
struct Node {
  Node(World& world, std::size_t number, BlobStore& blobs, SpoolOptions options)
      : runtime(world.clock()),
        store(world.store(number), world.store(number), faults),
        routing(store, world.clock()),
        spool(store, store, blobs, runtime, routing, world.ids(), world.clock(), std::move(options),
              {}) {}
  ~Node() { runtime.stop(); }
  void start() {
    REQUIRE(runtime.call(spool.start(carrier)).has_value());
    runtime.settle();
  }
  void finish(Job job, RecipientState state = RecipientState::delivered) {
    std::vector<AttemptOutcome> outcomes;
    for (const std::uint32_t number : job.recipients) {
      AttemptOutcome& outcome = outcomes.emplace_back();
      outcome.recipient = number;
      outcome.state = state;
      outcome.answer = "250 2.0.0 Ok";
    }
    runtime.call(spool.finish(std::move(job), std::move(outcomes)));
  }

  FaultPlan faults;
  FakeRuntime runtime;
  FailingStore store;
  Routing routing;
  HoldingCarrier carrier;
  Spool spool;
};

struct Rig {
  explicit Rig(SpoolOptions options = {}) {
    world.add_node({.node = 1});
    acme = world.tenant("acme");
    if (options.hostname.empty()) options.hostname = "mx.fumi.example";
    for (std::size_t i = 0; i < 2; ++i)
      nodes.push_back(std::make_unique<Node>(world, i, blobs, options));
  }
  ~Rig() {
    for (const auto& node : nodes)
      loops.push_back(node->runtime.loop());
    nodes.clear();
  }
  Node& a() { return *nodes[0]; }
  Node& b() { return *nodes[1]; }

  QueueId enqueue(const std::vector<std::string>& to, std::size_t octets = 600) {
    QueueMessage message;
    message.id = world.ids().next<QueueId>();
    message.tenant = acme.tenant;
    message.reverse_path = EmailAddress::parse("sender@acme.example").value();
    message.blob = blobs.put_now(acme, std::string(octets, char('a' + ++made))).value();
    message.octets = octets;
    message.created = world.clock().now();
    message.expires = message.created + hours(48);
    for (const std::string& address : to) {
      QueueRecipient& recipient = message.recipients.emplace_back();
      recipient.number = std::uint32_t(message.recipients.size() - 1);
      recipient.address = EmailAddress::parse(address).value();
      recipient.due = message.created;
    }
    REQUIRE(world.write(acme, [&](Tx& tx) { return tx.queue().enqueue(message, Instant()); })
                .has_value());
    return message.id;
  }
  // Both nodes live through it together.
  void live(Duration time) {
    const Duration step = seconds(20);
    for (Duration gone{0}; gone < time; gone += step) {
      a().runtime.advance(step);
      b().runtime.advance(Duration(0));
    }
  }
  std::size_t delivered() {
    RecordQuery query;
    query.kinds = {RecordKind::delivered};
    return world.read(acme, [&](Tx& tx) { return tx.records().find(query); }).value().size();
  }
  std::vector<QueueMessage> queue() {
    return world.read(acme, [](Tx& tx) { return tx.queue().list({}); }).value();
  }

  std::vector<std::shared_ptr<boost::asio::io_context>> loops;  // first: see FakeRuntime::loop()
  World world{store::SqlStoreOptions{.node = 0}};
  store::MemoryBlobStore blobs;
  TenantScope acme;
  std::vector<std::unique_ptr<Node>> nodes;
  int made = 0;
};

TEST_CASE("work that waits longer than its lease stays with its node, and goes once") {
  Rig r;
  for (int i = 0; i < 3; ++i)
    r.enqueue({"x@remote.example", "y@remote.example"});
  r.a().start();
  r.b().start();
  REQUIRE(r.a().carrier.jobs.size() == 3);
  r.live(hours(3));
  CHECK(r.b().carrier.jobs.empty());
  REQUIRE(r.a().carrier.jobs.size() == 3);
  for (Job& job : std::exchange(r.a().carrier.jobs, {})) {
    r.a().spool.drop_lost(job);
    CHECK(job.recipients.size() == 2);
    r.a().finish(std::move(job));
  }
  CHECK(r.delivered() == 6);
  CHECK(r.queue().empty());
  CHECK(r.a().spool.messages() == 0);
}

TEST_CASE("a node whose store was away leaves its work to the one that has claimed it") {
  for (const bool heals : {false, true}) {
    CAPTURE(heals);
    Rig r;
    const QueueId id = r.enqueue({"x@remote.example", "y@remote.example"});
    r.a().start();
    r.b().start();
    REQUIRE(r.a().carrier.jobs.size() == 1);
    r.a().faults.dead = true;
    r.live(minutes(40));
    REQUIRE(r.b().carrier.jobs.size() == 1);
    CHECK(r.b().carrier.jobs[0].message->facts.id == id);
    if (heals) {
      r.a().faults.dead = false;
      r.live(minutes(10));  // long enough to be told by the store
    }
    Job late = std::move(r.a().carrier.jobs[0]);
    r.a().carrier.jobs.clear();
    r.a().spool.drop_lost(late);
    CHECK(late.recipients.empty());
    r.a().faults.dead = false;
    r.b().finish(std::move(r.b().carrier.jobs[0]));
    r.b().carrier.jobs.clear();
    late.message.reset();
    r.live(hours(1));
    CHECK(r.delivered() == 2);
    CHECK(r.queue().empty());
    CHECK(r.a().carrier.jobs.empty());
    CHECK(r.b().carrier.jobs.empty());
    CHECK(r.a().spool.messages() == 0);
  }
}

TEST_CASE("what a node has lost and claimed again is its own again") {
  Rig r;
  r.enqueue({"x@remote.example"});
  r.a().start();
  REQUIRE(r.a().carrier.jobs.size() == 1);
  r.a().faults.dead = true;
  r.a().runtime.advance(minutes(40));
  r.a().faults.dead = false;
  r.a().runtime.advance(minutes(1));  // nobody else was there
  CHECK(r.a().carrier.jobs.size() == 1);
  r.a().spool.drop_lost(r.a().carrier.jobs[0]);
  CHECK(r.a().carrier.jobs[0].recipients.size() == 1);
}

TEST_CASE("final delivery here is refused where another node was first, and nothing is put twice") {
  Rig r;
  const QueueId id = r.enqueue({"x@acme.example", "y@acme.example"});
  r.a().start();
  REQUIRE(r.a().carrier.jobs.size() == 1);
  AttemptOutcome done;
  done.state = RecipientState::delivered;
  REQUIRE(r.world.write(r.acme, [&](Tx& tx) { return tx.queue().finish_attempt(id, {done}); })
              .has_value());
  int delivered = 0;
  const Spool::Deliver deliver = [&](PlatformTx&) -> Status {
    ++delivered;
    return {};
  };
  const auto attempt = [&](std::uint32_t number) {
    AttemptOutcome outcome = done;
    outcome.recipient = number;
    const Job one{r.a().carrier.jobs[0].message, {number}};
    return r.a().runtime.call(r.a().spool.finish_here(one, {outcome}, deliver));
  };
  const Status second = attempt(0);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Code::not_found);
  CHECK(delivered == 0);
  CHECK(attempt(1));
  CHECK(delivered == 1);
  CHECK(attempt(1).error().code == Code::not_found);  // the message has left the spool
  CHECK(delivered == 1);
}

TEST_CASE(
    "a message that the store can't read is deferred, seen by operators, and can be removed") {
  Rig r;
  const QueueId bad = r.enqueue({"x@remote.example"});
  const QueueId good = r.enqueue({"y@remote.example"});
  REQUIRE(r.world.database()
              .write_blocking([&](sql::Session& tx) { return tx.apply(kSpoilBody, bad.value()); })
              .has_value());
  r.a().start();
  REQUIRE(r.a().carrier.jobs.size() == 1);
  CHECK(r.a().carrier.jobs[0].message->facts.id == good);
  r.a().finish(std::move(r.a().carrier.jobs[0]));
  r.a().carrier.jobs.clear();
  REQUIRE(r.queue().size() == 1);
  const QueueRecipient seen = r.queue()[0].recipients.at(0);
  CHECK(seen.address.domain == "remote.example");
  CHECK(seen.attempts == 1);
  CHECK(seen.state == RecipientState::waiting);
  CHECK(seen.last_answer.starts_with("451 4.3.0 The store can't read the message"));
  r.a().runtime.advance(hours(3));
  CHECK(r.queue()[0].recipients.at(0).attempts > 3);  // it is looked at again and again
  CHECK(r.a().carrier.jobs.empty());

  QueueAdmin admin(r.a().store, r.world.clock(), [] {});
  const auto shown = r.a().runtime.call(admin.show(std::nullopt, bad));
  REQUIRE(shown.has_value());
  CHECK(shown->message.recipients.size() == 1);
  CHECK(r.a().runtime.call(admin.cancel({}, std::nullopt, bad)).has_value());
  CHECK(r.queue().empty());
}

Task<void> read_body(Spool& spool, std::shared_ptr<SpooledMessage> message,
                     std::optional<Result<std::shared_ptr<const std::string>>>& out) {
  out = co_await spool.body(std::move(message));
}

TEST_CASE("bodies are read near their attempt, within the limit of memory") {
  SpoolOptions options;
  options.body_octets_max = config::ByteCount{1000};
  Rig r(options);
  r.enqueue({"x@remote.example"}, 600);
  r.enqueue({"y@remote.example"}, 600);
  r.enqueue({"z@remote.example"}, 5000);
  r.a().start();
  auto& jobs = r.a().carrier.jobs;
  REQUIRE(jobs.size() == 3);
  std::ranges::sort(jobs, {}, [](const Job& job) { return job.message->facts.octets; });
  for (const Job& job : jobs)
    CHECK(job.message->body == nullptr);
  std::array<std::optional<Result<std::shared_ptr<const std::string>>>, 3> bodies;
  const auto ask = [&](std::size_t i) {
    r.a().runtime.spawn("body", read_body(r.a().spool, jobs[i].message, bodies[i]));
    r.a().runtime.settle();
  };
  ask(0);
  REQUIRE(bodies[0].has_value());
  CHECK((**bodies[0])->size() == 600);
  ask(1);
  CHECK_FALSE(bodies[1].has_value());  // waits
  bodies[0].reset();
  r.a().runtime.advance(seconds(1));
  REQUIRE(bodies[1].has_value());
  CHECK((**bodies[1])->size() == 600);
  ask(2);
  r.a().runtime.advance(minutes(2));
  REQUIRE(bodies[2].has_value());
  REQUIRE_FALSE(bodies[2]->has_value());  // there was no room for too long
  CHECK(bodies[2]->error().code == Code::rate_limited);
  bodies[1].reset();
  ask(2);
  REQUIRE(bodies[2]->has_value());  // larger than the limit, but alone
  CHECK((**bodies[2])->size() == 5000);
  bodies[2].reset();
}

}  // namespace
}  // namespace fumi::service
