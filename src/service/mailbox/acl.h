// Rights on mailboxes as people give them: what Mailboxes' methods on ACLs take and answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/acl.h"

namespace fumi::service {

// Who an entry is of: an address of an account of the tenant, or "anyone".
inline constexpr const char* kAnyone = "anyone";

struct AclLine {
  std::string identifier;
  Rights granted;
  Rights denied;
};

struct MailboxAcl {
  std::string mailbox;  // as the actor sees it
  std::string owner;    // the address whose it is; has all rights
  std::vector<AclLine> lines;
};

// A change to what one identifier is granted, or denied.
struct AclEdit {
  enum class Change : std::uint8_t { replace, add, remove };
  enum class Sign : std::uint8_t { grant, deny };
  std::string identifier;
  Change change = Change::replace;
  Sign sign = Sign::grant;
  Rights rights;
};

}  // namespace fumi::service
