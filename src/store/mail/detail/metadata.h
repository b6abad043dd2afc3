// MetadataStore over SQL.
#pragma once

#include "domain/ports/metadata_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlMetadata final : public MetadataStore {
 public:
  explicit SqlMetadata(Context& context) : context_(context) {}

  Result<std::vector<Metadata>> metadata(AccountId account, MailboxId mailbox) override;
  Status set_metadata(AccountId account, MailboxId mailbox, const std::string& entry,
                      const std::optional<std::string>& value) override;
  Status drop_all(AccountId account, MailboxId mailbox);

 private:
  Context& context_;
};

}  // namespace fumi::store
