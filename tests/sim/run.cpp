#include "tests/sim/run.h"

#include <algorithm>
#include <chrono>

#include "tests/sim/expect.h"

namespace fumi::sim {
namespace {

std::size_t size_of(const Plan& plan) {
  std::size_t out = plan.size();
  for (const Burst& burst : plan)
    out += burst.steps.size();
  return out;
}

// The plan without `count` of its bursts, or of all its steps, from `first`.
Plan without_bursts(Plan plan, std::size_t first, std::size_t count) {
  const auto begin = plan.begin() + std::ptrdiff_t(first);
  plan.erase(begin, begin + std::ptrdiff_t(std::min(count, plan.size() - first)));
  return plan;
}

Plan without_steps(Plan plan, std::size_t first, std::size_t count) {
  std::size_t at = 0;
  for (Burst& burst : plan) {
    std::vector<std::uint64_t> kept;
    for (const std::uint64_t step : burst.steps) {
      if (at < first || at >= first + count) kept.push_back(step);
      ++at;
    }
    burst.steps = std::move(kept);
  }
  return plan;
}

}  // namespace

std::optional<Fault> play(const Plan& plan, const Databases& databases) {
  std::unique_ptr<Play> game;
  try {
    game = std::make_unique<Play>(databases());
    game->run(plan);
  } catch (const Failure& failure) {
    return Fault{failure.what(), game ? game->transcript() : std::string()};
  }
  return std::nullopt;
}

Smallest shrink(Plan plan, Fault fault, const Databases& databases, Duration most) {
  const auto end = std::chrono::steady_clock::now() + most;
  Smallest best{std::move(plan), std::move(fault)};
  const auto try_it = [&](Plan candidate) {
    for (int i = 0; i < 2 && std::chrono::steady_clock::now() < end; ++i) {
      std::optional<Fault> found = play(candidate, databases);
      if (!found) continue;
      best = {std::move(candidate), std::move(*found)};
      return true;
    }
    return false;
  };
  bool smaller = true;
  while (smaller && std::chrono::steady_clock::now() < end) {
    smaller = false;
    for (std::size_t count = best.plan.size() / 2; count > 0; count /= 2)
      for (std::size_t first = 0; first < best.plan.size();)
        if (try_it(without_bursts(best.plan, first, count))) {
          smaller = true;
        } else {
          first += count;
        }
    const std::size_t steps = size_of(best.plan) - best.plan.size();
    for (std::size_t count = steps / 2; count > 0; count /= 2)
      for (std::size_t first = 0; first < size_of(best.plan) - best.plan.size();)
        if (try_it(without_steps(best.plan, first, count))) {
          smaller = true;
        } else {
          first += count;
        }
  }
  return best;
}

std::string text_of(const Plan& plan) {
  return std::to_string(plan.size()) + " bursts of " + std::to_string(size_of(plan) - plan.size()) +
         " steps";
}

}  // namespace fumi::sim
