// MetadataStore: annotations of mailboxes and accounts (RFC 5464), in one transaction, scoped to
// its tenant. Names are paths such as "/private/comment", alike in any ASCII case; values are
// octets. What may be set, and how much of it, is the service's to judge.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/ids.h"

namespace fumi {

struct Metadata {
  std::string entry;  // as it was written first
  std::string value;
  bool operator==(const Metadata&) const = default;
};

class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  // By name. A mailbox of 0 is the account itself. Deleting a mailbox deletes its annotations.
  virtual Result<std::vector<Metadata>> metadata(AccountId account, MailboxId mailbox) = 0;
  // Rings the change bus for the mailbox. nullopt: removes it, if it is there. The caller has seen
  // to it that account and mailbox exist.
  virtual Status set_metadata(AccountId account, MailboxId mailbox, const std::string& entry,
                              const std::optional<std::string>& value) = 0;
};

}  // namespace fumi
