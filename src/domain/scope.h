// TenantScope: whose data a call may touch, and who asks. Every port and service call that touches
// customer data takes one first; there is no way to ask without (DESIGN §3, T-05).
#pragma once

#include <cstdint>
#include <string>

#include "domain/ids.h"

namespace fumi {

// Who acts. `id` is an AccountId, ApiUserId, OperatorId or TokenId value by kind; 0 for the system
// itself. `admin` is an account, and `token` a program, that acts by a grant (domain/grant.h) and
// not on its own things. Numbers are stored.
struct Actor {
  enum class Kind : std::uint8_t { system, operator_, account, api_user, peer, admin, token };
  Kind kind = Kind::system;
  std::uint64_t id = 0;
  bool operator==(const Actor&) const = default;
};

struct TenantScope {
  TenantId tenant;
  Actor actor;
};

}  // namespace fumi
