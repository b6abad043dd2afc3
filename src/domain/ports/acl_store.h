// AclStore: who else may use a mailbox, and what of others' mailboxes somebody has subscribed to;
// in one transaction, scoped to its tenant: no other tenant's ids are ever found.
//
// A new mailbox has the ACL of the one above it (RFC 4314 §4); a deleted one takes its ACL along.
#pragma once

#include <vector>

#include "base/result.h"
#include "domain/acl.h"

namespace fumi {

// Somebody else's mailbox, on which a reader has some rights.
struct SharedMailbox {
  AccountId owner;
  MailboxId mailbox;
  Rights rights;
  bool operator==(const SharedMailbox&) const = default;
};

class AclStore {
 public:
  virtual ~AclStore() = default;

  // "anyone" first, then by account; the owner is not in it.
  virtual Result<std::vector<AclEntry>> acl(AccountId owner, MailboxId mailbox) = 0;
  // All, for the owner; for others what they or anyone are granted, less what either is denied.
  // None where there is no such mailbox, or its account is deleted.
  virtual Result<Rights> rights(AccountId reader, AccountId owner, MailboxId mailbox) = 0;
  // By owner, then by mailbox; at most kSharedMax of them.
  virtual Result<std::vector<SharedMailbox>> shared_with(AccountId reader) = 0;
  // Puts the entry in the place of the account's (or anyone's) old one; an empty one removes it.
  // not_found: no such mailbox, or no such account. invalid: the owner. too_large: kAclMax entries.
  virtual Status set_acl(AccountId owner, MailboxId mailbox, const AclEntry& entry) = 0;

  // Of others' mailboxes; one's own carry their subscription themselves.
  virtual Status set_subscribed(AccountId reader, MailboxId mailbox,
                                bool subscribed) = 0;  // lint: bool-ok the value itself
  virtual Result<std::vector<MailboxId>> subscribed(AccountId reader) = 0;  // ascending

  static constexpr std::size_t kAclMax = 1'000;     // entries of a mailbox
  static constexpr std::size_t kSharedMax = 5'000;  // mailboxes of others that somebody sees
};

}  // namespace fumi
