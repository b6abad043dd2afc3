// What a session reads that is told of changes in many mailboxes (RFC 5465).
#include "service/mailbox/mailboxes.h"

namespace fumi::service {
namespace {

Status own(Tx& tx, const MailAccount& who) {
  if (Gate(tx, who).is_own(who.account)) return {};
  return fail(Code::not_found, "reading mailboxes", "another account's");
}

}  // namespace

Task<Result<std::vector<Mailbox>>> Mailboxes::rows(MailAccount who,
                                                   std::vector<MailboxId> mailboxes) {
  auto work = [&](Tx& tx) -> Result<std::vector<Mailbox>> {
    FUMI_CHECK(own(tx, who));
    std::vector<Mailbox> out;
    for (const MailboxId id : mailboxes) {
      FUMI_TRY(auto found, tx.mailboxes().mailbox(who.account, id));
      if (found) out.push_back(std::move(*found));
    }
    return out;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Mailboxes::Annotated>> Mailboxes::annotations(MailAccount who,
                                                          std::vector<MailboxId> mailboxes) {
  auto work = [&](Tx& tx) -> Result<Annotated> {
    FUMI_CHECK(own(tx, who));
    Annotated out;
    for (const MailboxId id : mailboxes) {
      if (id != MailboxId()) {
        FUMI_TRY(const auto found, tx.mailboxes().mailbox(who.account, id));
        if (!found) continue;
      }
      FUMI_TRY(auto all, tx.metadata().metadata(who.account, id));
      out.emplace_back(id, std::move(all));
    }
    return out;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

}  // namespace fumi::service
