// How long answers to repeated requests are kept (ports/grant_store.h, KeptAnswer).
#pragma once

#include "base/time.h"

namespace fumi {

inline constexpr Duration kAnswerLife = std::chrono::hours(24);

}  // namespace fumi
