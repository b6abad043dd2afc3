#include "service/records/query.h"

#include <doctest/doctest.h>

#include "service/testing/fakes.h"
#include "store/mail/testing/world.h"

namespace fumi::service {
namespace {

using store::testing::World;
using testing::FailingStore;
using testing::FakeRuntime;
using testing::FaultPlan;

struct Rig {
  ~Rig() {
    runtime.stop();
    loop = runtime.loop();
  }
  RecordId append(const TenantScope& scope, const std::string& to,
                  const std::string& message_id = "") {
    Record record;
    record.kind = RecordKind::delivered;
    record.message = QueueId(5);
    record.to = to;
    record.message_id = message_id;
    REQUIRE(world.write(scope, [&](Tx& tx) { return tx.records().append(record); }));
    world.clock().advance(std::chrono::milliseconds(1));
    RecordQuery newest;
    newest.order = RecordQuery::Order::newest_first;
    newest.limit = 1;
    return world.read(scope, [&](Tx& tx) { return tx.records().find(newest); }).value().at(0).id;
  }
  RecordPage find(RecordSearch search) {
    auto page = runtime.call(reader.find(std::move(search)));
    REQUIRE(page.has_value());
    return std::move(*page);
  }
  static std::vector<std::string> who(const RecordPage& page) {
    std::vector<std::string> out;
    for (const FoundRecord& each : page.records)
      out.push_back(each.tenant + ":" + each.record.to);
    return out;
  }

  std::shared_ptr<boost::asio::io_context> loop;  // first: see FakeRuntime::loop()
  World world;
  FaultPlan faults;
  FakeRuntime runtime{world.clock()};
  FailingStore store{world.store(), world.store(), faults};
  RecordReader reader{store, store, runtime, world.clock()};
  TenantScope acme = world.tenant("acme");
  TenantScope other = world.tenant("other");
};

using Texts = std::vector<std::string>;

TEST_CASE("records of one tenant or of all, in order, page by page") {
  Rig r;
  r.append(r.acme, "1");
  r.append(r.other, "2");
  r.append(r.acme, "3");
  CHECK(Rig::who(r.find({})) == Texts{"acme:1", "other:2", "acme:3"});
  CHECK(Rig::who(r.find({r.other.tenant, {}, {}})) == Texts{"other:2"});
  RecordSearch search;
  search.query.limit = 2;
  const RecordPage first = r.find(search);
  CHECK(Rig::who(first) == Texts{"acme:1", "other:2"});
  search.query.after = first.next;
  const RecordPage second = r.find(search);
  CHECK(Rig::who(second) == Texts{"acme:3"});
  search.query.after = second.next;
  const RecordPage none = r.find(search);
  CHECK(none.records.empty());
  CHECK(none.next == second.next);
  // Another tenant's message and recipient find nothing.
  search = {r.other.tenant, {}, {}};
  search.query.to = "1";
  CHECK(r.find(search).records.empty());
  const auto nobody = r.runtime.call(r.reader.find({TenantId(12345), {}, {}}));
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().code == Code::not_found);
  search.query.limit = 0;
  CHECK(r.runtime.call(r.reader.find(search)).error().code == Code::invalid);
  r.faults.arm(1);
  CHECK(r.runtime.call(r.reader.find({})).error().code == Code::unavailable);
}

TEST_CASE("a Message-ID is searched for over pages, and the search says how far it came") {
  Rig r;
  for (int i = 0; i < 5; ++i)
    r.append(r.acme, std::to_string(i), i % 2 == 0 ? "<even@x>" : "<odd@x>");
  RecordSearch search{r.acme.tenant, {}, "<even@x>"};
  search.query.limit = 2;
  const RecordPage first = r.find(search);
  CHECK(Rig::who(first) == Texts{"acme:0", "acme:2"});
  search.query.after = first.next;
  CHECK(Rig::who(r.find(search)) == Texts{"acme:4"});
  search.message_id = "<nobody@x>";
  const RecordPage none = r.find(search);
  CHECK(none.records.empty());
  CHECK(none.next > first.next);  // looked at, and not again
  search.tenant = r.other.tenant;
  search.message_id = "<even@x>";
  search.query.after.reset();
  CHECK(r.find(search).records.empty());
}

Task<void> wait_into(RecordReader& reader, RecordSearch search,
                     std::optional<Result<RecordPage>>& out) {
  out = co_await reader.find_or_wait(std::move(search), std::chrono::seconds(30));
}

TEST_CASE("an empty page is waited for, no longer than asked, and not after the end") {
  Rig r;
  RecordSearch search;
  search.query.after = r.append(r.acme, "old");
  std::optional<Result<RecordPage>> page;
  r.runtime.spawn("wait", wait_into(r.reader, search, page));
  r.runtime.advance(std::chrono::seconds(5));
  CHECK_FALSE(page.has_value());
  r.append(r.acme, "new");
  r.runtime.advance(std::chrono::seconds(1));
  REQUIRE(page.has_value());
  CHECK(Rig::who(**page) == Texts{"acme:new"});

  search.query.after = (*page)->next;
  page.reset();
  r.runtime.spawn("wait", wait_into(r.reader, search, page));
  r.runtime.advance(std::chrono::seconds(29));
  CHECK_FALSE(page.has_value());
  r.runtime.advance(std::chrono::seconds(2));
  REQUIRE(page.has_value());
  CHECK((*page)->records.empty());

  page.reset();
  r.runtime.spawn("wait", wait_into(r.reader, search, page));
  r.runtime.settle();
  r.runtime.stop();
  REQUIRE(page.has_value());
  CHECK((*page)->records.empty());
}

class Lines final : public ExportSink {
 public:
  Status begin() override {
    lines.clear();
    return {};
  }
  Status line(std::string_view text) override {
    lines.emplace_back(text);
    if (lines.size() == refuse_at) return fail(Code::storage_full, "writing an export");
    return {};
  }
  std::vector<std::string> lines;
  std::size_t refuse_at = 0;
};

TEST_CASE("an export is recorded first, holds the tenant's records alone, and tells what failed") {
  Rig r;
  r.append(r.acme, "mine");
  r.append(r.other, "theirs");
  const Instant since = r.world.clock().now() - std::chrono::hours(1);
  const Instant until = since + std::chrono::hours(2);
  TenantScope scope = r.acme;
  scope.actor = {Actor::Kind::operator_, 9};
  const auto run = [&](Lines& lines) {
    return r.runtime.call(r.reader.export_stream(scope, RecordStream::mail, since, until, lines));
  };
  Lines lines;
  REQUIRE(run(lines));
  REQUIRE(lines.lines.size() == 3);
  CHECK(lines.lines[1].contains("mine"));
  RecordQuery operations;
  operations.kinds = {RecordKind::operation};
  const auto acts = [&] {
    return r.world.read(r.acme, [&](Tx& tx) { return tx.records().find(operations); }).value();
  };
  REQUIRE(acts().size() == 1);
  CHECK(acts()[0].actor.id == 9);

  Lines full;
  full.refuse_at = 2;
  CHECK(run(full).error().code == Code::storage_full);
  CHECK(acts().size() == 2);  // somebody has seen a part
  r.faults.arm(1);
  Lines nothing;
  CHECK(run(nothing).error().code == Code::unavailable);
  CHECK(nothing.lines.empty());  // what can't be recorded isn't shown
}

}  // namespace
}  // namespace fumi::service
