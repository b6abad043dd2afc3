// MailItem: one message on its way into or out of an account: its bytes and what its place knows.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "domain/mailbox.h"

namespace fumi {

struct MailItem {
  // Full name of the mailbox in UTF-8, "/" between levels.
  std::string folder;
  // A hint: used where the account has no mailbox of that name.
  MailboxRole role = MailboxRole::none;
  Flags flags;
  std::optional<Instant> received;
  std::string bytes;  // RFC 5322 message; empty: the mailbox alone
};

}  // namespace fumi
