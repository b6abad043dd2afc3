// What becomes of flags and copies where the actor has not all rights (RFC 4314 §4).
#pragma once

#include <vector>

#include "service/mailbox/rights.h"

namespace fumi::service::detail {

// Sets of the flags those that the actor may. denied: none of them; \Seen, \Deleted and the others
// each have a right of their own.
[[nodiscard]] Result<StoredFlags> store_permitted(Tx& tx, const Permit& permit,
                                                  const StoreFlags& change);

enum class Carry : std::uint8_t { copy, move };
// Into another account too: its quota takes the mail, and the copies are emails of its own. Flags
// that the actor may not set there are left behind.
[[nodiscard]] Result<CopiedUids> carry(Tx& tx, const Permit& from, const std::vector<Uid>& uids,
                                       const Permit& to, Carry how);

// Flags the messages \Deleted and expunges them; gives those that went.
[[nodiscard]] Result<std::vector<Uid>> take_away(Tx& tx, const Mailbox& from,
                                                 const std::vector<Uid>& uids);

}  // namespace fumi::service::detail
