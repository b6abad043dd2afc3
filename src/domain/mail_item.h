// MailItem: one message on its way into or out of an account: its bytes and what its place knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "domain/mailbox.h"

namespace fumi {

// Where a message lies at the IMAP server that it comes from: a folder's UIDVALIDITY and a UID mean
// one message for ever (RFC 9051 §2.3.1.1).
struct MailOrigin {
  std::string folder;  // as the source names it
  std::uint32_t uid_validity = 0;
  std::uint32_t uid = 0;
  bool operator==(const MailOrigin&) const = default;
};

struct MailItem {
  // Full name of the mailbox in UTF-8, "/" between levels.
  std::string folder;
  // A hint: used where the account has no mailbox of that name.
  MailboxRole role = MailboxRole::none;
  Flags flags;
  std::optional<Instant> received;
  std::optional<MailOrigin> origin;
  // RFC 5322 message; empty: the mailbox alone, or the flags alone of a message with an origin.
  std::string bytes;
};

}  // namespace fumi
