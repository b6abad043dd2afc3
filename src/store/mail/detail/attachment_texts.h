// AttachmentTextStore over SQL.
#pragma once

#include "domain/ports/attachment_text_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlAttachmentTexts final : public AttachmentTextStore {
 public:
  explicit SqlAttachmentTexts(Context& context) : context_(context) {}

  Status want(AccountId account, std::span<const EmailId> emails) override;
  Result<std::vector<AttachmentTask>> claim(AccountId account, Instant now, Instant until,
                                            std::uint32_t limit) override;
  Status put(AccountId account, EmailId email, const AttachmentText& text) override;
  Status dismiss(AccountId account, EmailId email) override;
  Result<std::optional<std::string>> find(AccountId account, EmailId email) override;
  Result<std::vector<EmailId>> unindexed(AccountId account, std::uint32_t limit) override;
  Status mark_indexed(AccountId account, std::span<const EmailId> emails) override;
  Result<AttachmentProgress> progress(AccountId account) override;

  // For the other ports: with the mails that a change remembers as gone; and to begin anew.
  Status drop_gone(AccountId account, ModSeq modseq);
  Status want_all(AccountId account);

 private:
  Context& context_;
};

}  // namespace fumi::store
