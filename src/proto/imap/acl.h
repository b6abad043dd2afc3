// Rights on mailboxes: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3). Rights are
// strings of letters, checked by the parser: those of §2.1 with c and d of §2.1.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fumi::imap {

inline constexpr std::string_view kRightLetters = "lrswipkxteacd";

// Whom an entry is of. RFC 4314 §2: "-" in front of the name denies instead of granting.
struct AclIdentifier {
  enum class Sign : std::uint8_t { grant, deny };
  std::string name;
  Sign sign = Sign::grant;
  [[nodiscard]] std::string text() const { return (sign == Sign::deny ? "-" : "") + name; }
};

// (answer), all of them
struct SetAcl {
  enum class Change : std::uint8_t { replace, add, remove };
  std::string mailbox;
  AclIdentifier identifier;
  Change change = Change::replace;
  std::string rights;
};
struct DeleteAcl {
  std::string mailbox;
  AclIdentifier identifier;
};
struct GetAcl {
  std::string mailbox;
};
struct ListRights {
  std::string mailbox;
  AclIdentifier identifier;
};
struct MyRights {
  std::string mailbox;
};

using AclPairs = std::vector<std::pair<std::string, std::string>>;  // identifier and rights

}  // namespace fumi::imap
