// Plays a plan; where it fails, takes away what is not needed for it to fail.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "tests/sim/play.h"

namespace fumi::sim {

using Databases = std::function<std::shared_ptr<sql::Database>()>;  // an empty one each time

struct Fault {
  std::string what;        // the rule that was broken, and how
  std::string transcript;  // the last that was said
};

[[nodiscard]] std::optional<Fault> play(const Plan& plan, const Databases& databases);

struct Smallest {
  Plan plan;
  Fault fault;
};
// The first `fault` of `plan`, made smaller for as long as `most`. What fails for another reason
// on the way counts too. Threads of the store make some faults come and go: each try is made twice.
[[nodiscard]] Smallest shrink(Plan plan, Fault fault, const Databases& databases, Duration most);

[[nodiscard]] std::string text_of(const Plan& plan);

}  // namespace fumi::sim
