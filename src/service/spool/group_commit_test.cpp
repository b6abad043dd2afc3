#include "service/spool/group_commit.h"

#include <doctest/doctest.h>

#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::ServiceWorld;

struct Fixture {
  explicit Fixture(Duration gather = Duration(0)) : commits(w.store, w->runtime, gather) {}

  void begin(GroupCommit::Work work) {
    const std::size_t at = outcomes.size();
    outcomes.emplace_back();
    w->runtime.spawn("work", keep(at, std::move(work)));
  }
  Task<void> keep(std::size_t at, GroupCommit::Work work) {
    Status outcome = co_await commits.run(std::move(work));
    outcomes[at] = std::move(outcome);
  }
  GroupCommit::Work count() {
    return [this](PlatformTx&) -> Status {
      ++runs;
      return {};
    };
  }

  ServiceWorld w;
  GroupCommit commits;
  std::vector<std::optional<Status>> outcomes;
  int runs = 0;
};

TEST_CASE("what comes during a commit is the next one") {
  Fixture f;
  f.w.faults.writes = 0;
  for (int i = 0; i < 50; ++i)
    f.begin(f.count());
  f.w->runtime.settle();
  CHECK(f.runs == 50);
  CHECK(f.w.faults.writes == 2);  // the first alone, the others together
  for (const auto& outcome : f.outcomes)
    CHECK((outcome && *outcome));
}

TEST_CASE("the first waits for others") {
  Fixture f(std::chrono::milliseconds(5));
  f.w.faults.writes = 0;
  f.begin(f.count());
  f.w->runtime.settle();
  CHECK(f.runs == 0);
  f.begin(f.count());
  f.w->runtime.advance(std::chrono::milliseconds(5));
  CHECK(f.runs == 2);
  CHECK(f.w.faults.writes == 1);
}

TEST_CASE("work that fails spoils no other's") {
  Fixture f;
  for (int i = 0; i < 5; ++i)
    f.begin(f.count());
  f.begin([](PlatformTx&) -> Status { return fail(Code::not_found, "working", "gone"); });
  for (int i = 0; i < 5; ++i)
    f.begin(f.count());
  f.w->runtime.settle();
  for (std::size_t i = 0; i < f.outcomes.size(); ++i) {
    CAPTURE(i);
    REQUIRE(f.outcomes[i].has_value());
    CHECK(f.outcomes[i]->has_value() == (i != 5));
  }
  CHECK(f.outcomes[5]->error().code == Code::not_found);
}

TEST_CASE("a store that is away fails the group at once, and the next one goes on") {
  Fixture f;
  f.w.faults.dead = true;
  for (int i = 0; i < 10; ++i)
    f.begin(f.count());
  f.w->runtime.settle();
  for (const auto& outcome : f.outcomes) {
    REQUIRE(outcome.has_value());
    CHECK(outcome->error().code == Code::unavailable);
  }
  f.w.faults.dead = false;
  f.begin(f.count());
  f.w->runtime.settle();
  CHECK((f.outcomes.back() && *f.outcomes.back()));
}

TEST_CASE("a stop ends the waiting and writes what is there") {
  Fixture f(std::chrono::seconds(5));
  for (int i = 0; i < 3; ++i)
    f.begin(f.count());
  f.w->runtime.settle();
  CHECK(f.runs == 0);
  f.w.faults.writes = 0;
  f.w->runtime.stop();
  CHECK(f.runs == 3);
  CHECK(f.w.faults.writes == 1);
  CHECK((f.outcomes[0] && *f.outcomes[0]));
  // The others can't wait to hear of it.
  CHECK(f.outcomes[1]->error().code == Code::cancelled);
}

}  // namespace
}  // namespace fumi::service
