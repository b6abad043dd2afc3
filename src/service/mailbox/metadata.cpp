// Annotations (RFC 5464): whose they are and how many there may be.
#include "base/ascii.h"
#include "service/mailbox/mailboxes.h"

namespace fumi::service {
namespace {

// The mailbox's id; 0 for the account itself. not_found: there is none in this scope.
Result<MailboxId> annotated(Tx& tx, AccountId account, const std::string& name) {
  constexpr const char* kDoing = "looking up annotations";
  if (name.empty()) {
    FUMI_TRY(const auto found, tx.directory().account(account));
    if (!found) return fail(Code::not_found, kDoing, "no such account");
    return MailboxId();
  }
  FUMI_TRY(const auto mailbox, tx.mailboxes().mailbox_by_name(account, name));
  if (!mailbox) return fail(Code::not_found, kDoing, "there is no mailbox " + name);
  return mailbox->id;
}

}  // namespace

Task<Result<std::vector<Metadata>>> Mailboxes::metadata(MailAccount who, std::string mailbox) {
  auto work = [&](Tx& tx) -> Result<std::vector<Metadata>> {
    FUMI_TRY(const MailboxId id, annotated(tx, who.account, mailbox));
    return tx.metadata().metadata(who.account, id);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Status> Mailboxes::set_metadata(MailAccount who, std::string mailbox,
                                     MetadataChanges changes) {
  constexpr const char* kDoing = "setting annotations";
  for (const auto& [entry, value] : changes) {
    if (value && value->size() > kMetadataOctetsMax) co_return fail(Code::too_large, kDoing);
    if (mailbox.empty() && ascii::istarts_with(entry, "/shared/")) {
      co_return fail(Code::denied, kDoing, "shared annotations are the administrator's");
    }
  }
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const MailboxId id, annotated(tx, who.account, mailbox));
    for (const auto& [entry, value] : changes)
      FUMI_CHECK(tx.metadata().set_metadata(who.account, id, entry, value));
    FUMI_TRY(const auto all, tx.metadata().metadata(who.account, id));
    if (all.size() > kMetadataMax) return fail(Code::quota, kDoing, "too many");
    return {};
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

}  // namespace fumi::service
