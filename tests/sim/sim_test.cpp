// The plays that a test run makes, and those that ./dev sim asks for:
//   FUMI_SIM_SECONDS=600   go on for so long, from FUMI_SIM_SEED upwards
//   FUMI_SIM_SEED=17       alone: only this one
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "store/mail/engines_for_test.h"
#include "tests/sim/run.h"

namespace fumi::sim {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kBursts = 20;
constexpr Duration kShrinkMost = std::chrono::seconds(90);

std::shared_ptr<sql::Database> sqlite() { return store::testing::World::memory_database(); }
std::shared_ptr<sql::Database> postgres() { return store::testing::fresh_postgres(); }

std::optional<std::uint64_t> number_from(const char* name) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (text == nullptr || *text == 0) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

// Tells the whole of a failure: what a reader needs to see it again and to understand it.
void play_seed(std::uint64_t seed, std::size_t bursts, const Databases& databases) {
  const Plan plan = make_plan(seed, bursts);
  std::optional<Fault> fault = play(plan, databases);
  if (!fault) return;
  const Smallest smallest = shrink(plan, std::move(*fault), databases, kShrinkMost);
  FAIL("FUMI_SIM_SEED=" << seed << "; " << text_of(smallest.plan) << " of " << text_of(plan)
                        << " suffice\n"
                        << smallest.fault.transcript << "\n"
                        << smallest.fault.what);
}

void play_seeds(const char* engine, std::uint64_t seeds, std::size_t bursts,
                const Databases& databases) {
  const auto seed = number_from("FUMI_SIM_SEED");
  const auto seconds = number_from("FUMI_SIM_SECONDS");
  const auto end = Steady::now() + std::chrono::seconds(seconds.value_or(0));
  const std::uint64_t first = seed.value_or(1);
  if (seed || seconds) bursts = kBursts;
  for (std::uint64_t i = first;; ++i) {
    if (seconds ? Steady::now() >= end : i >= first + (seed ? 1 : seeds)) break;
    std::cout << "sim: " << engine << ", FUMI_SIM_SEED=" << i << std::endl;
    play_seed(i, bursts, databases);
  }
}

TEST_CASE("all protocols tell of the same mail, whoever changes it (SQLite)") {
  play_seeds("SQLite", 8, kBursts, sqlite);
}

TEST_CASE("all protocols tell of the same mail, whoever changes it (PostgreSQL)") {
  if (sql::TestCluster::shared() == nullptr) return;
  play_seeds("PostgreSQL", 2, 10, postgres);
}

}  // namespace
}  // namespace fumi::sim
