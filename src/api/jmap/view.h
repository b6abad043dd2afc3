// View: what of an account a reader may see, and do there. Of one's own account that is all; of
// another's, the mailboxes that an ACL lets one look up (RFC 4314, docs/decisions/0020), and the
// emails in those that one may read, as if nothing else were there.
//
// Loaded in the transaction that does the work: rights that are taken away are gone for the next.
// Another tenant's account is never found. All methods are steps of that transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/acl.h"
#include "domain/ports/store.h"

namespace fumi::jmap {

class View {
 public:
  View() = default;
  // not_found: there is no such account, or nothing of it is this reader's to see; all alike.
  [[nodiscard]] static Result<View> load(Tx& tx, AccountId reader, AccountId account);

  [[nodiscard]] bool is_own() const { return reader_ == account_; }
  [[nodiscard]] AccountId account() const { return account_; }
  [[nodiscard]] AccountId reader() const { return reader_; }
  // None of what isn't visible.
  [[nodiscard]] Rights rights(MailboxId mailbox) const;
  [[nodiscard]] bool may(MailboxId mailbox, std::uint32_t needed) const;
  // Another set of rights, another mark; "" of one's own. States carry it: what somebody may see
  // changes without a change of the account.
  [[nodiscard]] const std::string& mark() const { return mark_; }

  // As the ports have them, less what isn't visible. Mailboxes carry the reader's subscription.
  [[nodiscard]] Result<std::vector<Mailbox>> mailboxes(Tx& tx) const;
  [[nodiscard]] Result<std::optional<Mailbox>> mailbox(Tx& tx, MailboxId id) const;
  [[nodiscard]] Result<std::vector<MailboxCounts>> counts(Tx& tx) const;
  [[nodiscard]] Result<std::optional<Email>> email(Tx& tx, EmailId id) const;
  [[nodiscard]] Result<std::vector<FoundEmail>> find(Tx& tx, const std::vector<EmailId>& ids) const;
  [[nodiscard]] Result<std::vector<EmailFacts>> list(Tx& tx,
                                                     std::optional<MailboxId> mailbox) const;
  [[nodiscard]] Result<std::vector<ThreadEmails>> threads(Tx& tx,
                                                          const std::vector<ThreadId>& ids) const;
  // What has come into view may be `updated`. They need that the view had this mark at `since`.
  [[nodiscard]] Result<ObjectChanges<EmailId>> email_changes(Tx& tx, ModSeq since,
                                                             std::size_t most) const;
  [[nodiscard]] Result<ObjectChanges<ThreadId>> thread_changes(Tx& tx, ModSeq since,
                                                               std::size_t most) const;
  [[nodiscard]] Result<MailboxListChanges> mailbox_changes(Tx& tx, ModSeq since,
                                                           std::size_t most) const;

 private:
  [[nodiscard]] bool reads(MailboxId mailbox) const { return may(mailbox, Rights::read); }
  [[nodiscard]] std::vector<MailboxId> readable() const;
  void drop_hidden(std::vector<Place>& places) const;

  AccountId reader_;
  AccountId account_;
  std::vector<SharedMailbox> shared_;  // by mailbox; of another's account
  std::string mark_;
};

// Another's account that a reader sees something of.
struct SharedAccount {
  AccountId id;
  std::string name;  // its address
  enum class Use : std::uint8_t { reads, writes } use = Use::reads;
  bool operator==(const SharedAccount&) const = default;
};
[[nodiscard]] Result<std::vector<SharedAccount>> shared_accounts(Tx& tx, AccountId reader);

}  // namespace fumi::jmap
