// AclStore over SQL.
#pragma once

#include "domain/ports/acl_store.h"
#include "store/mail/detail/context.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {

class SqlAcl final : public AclStore {
 public:
  SqlAcl(Context& context, SqlMailboxes& mailboxes) : context_(context), mailboxes_(mailboxes) {}

  Result<std::vector<AclEntry>> acl(AccountId owner, MailboxId mailbox) override;
  Result<Rights> rights(AccountId reader, AccountId owner, MailboxId mailbox) override;
  Result<std::vector<SharedMailbox>> shared_with(AccountId reader) override;
  Status set_acl(AccountId owner, MailboxId mailbox, const AclEntry& entry) override;
  Status set_subscribed(AccountId reader, MailboxId mailbox,
                        bool subscribed) override;  // lint: bool-ok the value itself
  Result<std::vector<MailboxId>> subscribed(AccountId reader) override;

  // For SqlMailboxes: what a new mailbox has from the one above it, and what goes with a mailbox.
  static Status inherit(Context& context, AccountId owner, MailboxId superior, MailboxId made);
  static Status drop_all(Context& context, AccountId owner, MailboxId mailbox);

 private:
  Context& context_;
  SqlMailboxes& mailboxes_;
};

}  // namespace fumi::store
