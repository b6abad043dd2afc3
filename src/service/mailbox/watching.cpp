// What a session reads that is told of changes in many mailboxes (RFC 5465), its own and others'.
#include "service/mailbox/mailboxes.h"

namespace fumi::service {
namespace {

// nullopt: not there, or not for the actor to know of.
Result<std::optional<Permit>> permitted(Tx& tx, const MailAccount& who, const MailboxOf& one,
                                        std::uint32_t needed) {
  const MailAccount owner{who.scope, one.owner};
  auto permit = Gate(tx, owner).by_id(one.mailbox, needed);
  if (permit) return std::optional(std::move(*permit));
  const Code code = permit.error().code;
  if (code == Code::not_found || code == Code::denied) return std::nullopt;
  return std::unexpected(std::move(permit).error());
}

}  // namespace

Task<Result<std::vector<Permit>>> Mailboxes::rows(MailAccount who,
                                                  std::vector<MailboxOf> mailboxes) {
  auto work = [&](Tx& tx) -> Result<std::vector<Permit>> {
    std::vector<Permit> out;
    for (const MailboxOf& one : mailboxes) {
      FUMI_TRY(auto found, permitted(tx, who, one, Rights::lookup));
      if (found) out.push_back(std::move(*found));
    }
    return out;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<std::vector<MailboxOf>>> Mailboxes::still_there(MailAccount who,
                                                            std::vector<MailboxOf> mailboxes) {
  auto work = [&](Tx& tx) -> Result<std::vector<MailboxOf>> {
    std::vector<MailboxOf> out;
    for (const MailboxOf& one : mailboxes) {
      FUMI_TRY(const auto account, tx.directory().account(one.owner));
      if (!account || account->status == AccountStatus::deleted) continue;
      FUMI_TRY(const auto found, tx.mailboxes().mailbox(one.owner, one.mailbox));
      if (found) out.push_back(one);
    }
    return out;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Rights>> Mailboxes::rights_on(MailAccount who, MailboxId mailbox) {
  auto work = [&](Tx& tx) -> Result<Rights> {
    FUMI_TRY(const Permit permit, Gate(tx, who).by_id(mailbox, 0));
    return permit.rights;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

}  // namespace fumi::service
