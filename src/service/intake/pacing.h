// Pacing: how fast somebody's mail may leave, decided in the transaction that accepts it. Private
// to the module.
#pragma once

#include <optional>

#include "service/intake/arrival.h"

namespace fumi {
class Tx;
}

namespace fumi::service {

struct Pacing {
  Duration wait{};                 // until what leaves this installation may do so
  std::optional<Refusal> refusal;  // not to be accepted at all
};

// Counts `recipients` for the sender (a person) and the tenant; API users and trusted programs
// count for the tenant alone. Where no limit is set nothing is read but that.
[[nodiscard]] Result<Pacing> take_pace(Tx& tx, const Arrival& arrival, std::uint64_t recipients,
                                       Instant now);

}  // namespace fumi::service
