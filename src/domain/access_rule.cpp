#include "domain/access_rule.h"

#include <array>

namespace fumi {
namespace {

constexpr std::array<std::string_view, kAccessDoors> kNames{"web", "imap",  "pop3",    "smtp",
                                                            "api", "admin", "approval"};

}  // namespace

std::string_view to_string(AccessDoor door) { return kNames[static_cast<std::size_t>(door)]; }

std::optional<AccessDoor> access_door(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == text) return static_cast<AccessDoor>(i);
  return std::nullopt;
}

}  // namespace fumi
