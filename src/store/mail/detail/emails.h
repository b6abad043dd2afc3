// EmailStore over SQL. emails.cpp: reading and placing; email_changes.cpp: what changed since.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "domain/ports/email_store.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {

// Kinds in the table `gone`; above them ObjectKind.
enum class Gone : std::uint8_t { mailbox = 1, email = 2, left = 3 };

class SqlEmails final : public EmailStore {
 public:
  SqlEmails(Context& context, SqlMailboxes& mailboxes) : context_(context), mailboxes_(mailboxes) {}

  Result<ModSeq> state(AccountId account) override;
  Result<std::vector<FoundEmail>> find(AccountId account, const std::vector<EmailId>& ids) override;
  Status visit_summaries(AccountId account, std::span<const EmailId> ids,
                         FunctionRef<Result<Visit>(const StoredSummary&)> visit) override;
  Result<std::vector<EmailFacts>> list(AccountId account,
                                       std::optional<MailboxId> mailbox) override;
  Result<std::vector<ThreadEmails>> threads(AccountId account,
                                            const std::vector<ThreadId>& ids) override;
  Result<std::vector<MailboxCounts>> counts(AccountId account) override;
  Result<ObjectChanges<EmailId>> email_changes(AccountId account, ModSeq since,
                                               std::size_t most) override;
  Result<ObjectChanges<ThreadId>> thread_changes(AccountId account, ModSeq since,
                                                 std::size_t most) override;
  Result<ObjectChanges<EmailId>> email_changes_in(AccountId account,
                                                  const std::vector<MailboxId>& mailboxes,
                                                  ModSeq since, std::size_t most) override;
  Result<ObjectChanges<ThreadId>> thread_changes_in(AccountId account,
                                                    const std::vector<MailboxId>& mailboxes,
                                                    ModSeq since, std::size_t most) override;
  Result<MailboxListChanges> mailbox_changes(AccountId account, ModSeq since,
                                             std::size_t most) override;
  Status set_mailboxes(AccountId account, EmailId id,
                       const std::vector<MailboxId>& mailboxes) override;
  Status set_flags(AccountId account, EmailId id, const Flags& flags) override;
  Status destroy(AccountId account, EmailId id) override;
  Status set_role(AccountId account, MailboxId mailbox, MailboxRole role) override;
  Status set_sort_order(AccountId account, MailboxId mailbox, std::uint32_t order) override;
  Status add_upload(AccountId account, const Upload& upload, Instant now,
                    const UploadLimits& limits) override;
  Result<std::optional<Upload>> upload(AccountId account, UploadId id, Instant now) override;

 private:
  // What happened to one email since a state.
  struct Touched {
    ModSeq created;  // 0: at the state or before it
    ModSeq last;     // last change that touched it; of its end if it is gone
    ThreadId thread;
    enum class Now : std::uint8_t { there, gone } now = Now::there;
  };
  using TouchedEmails = std::map<EmailId, Touched>;

  // One statement's part of visit_summaries: `ids` that its rows may be, in their order.
  struct Sweep;
  Status sweep(AccountId account, Sweep& sweep);
  Status look_up(AccountId account, Sweep& sweep);
  // The entries of one email, with their mailbox.
  Result<std::vector<std::pair<MailboxId, Entry>>> places(AccountId account, EmailId id);
  Status decide(AccountId account, std::vector<std::pair<MailboxId, Entry>>& places);
  Result<ModSeq> check_since(AccountId account, ModSeq since);
  using Within = const std::vector<MailboxId>*;  // null: all of the account
  Result<TouchedEmails> touched(AccountId account, ModSeq since, Within within);
  Result<ObjectChanges<EmailId>> changed_emails(AccountId account, ModSeq since, std::size_t most,
                                                Within within);
  Result<ObjectChanges<ThreadId>> changed_threads(AccountId account, ModSeq since, std::size_t most,
                                                  Within within);
  Status touched_in(AccountId account, const Mailbox& mailbox, ModSeq since, TouchedEmails& into);
  Status complete(AccountId account, ModSeq since, TouchedEmails& emails);
  // Mailboxes that hold any email of these threads, with the last change of the thread.
  Status mailboxes_of(AccountId account, const TouchedEmails& emails,
                      std::map<MailboxId, ModSeq>& into);

  Context& context_;
  SqlMailboxes& mailboxes_;
};

// One object's part in an answer to "changes since": `at` orders it among the steps.
template <class Id>
struct ChangeStep {
  ModSeq at;
  Id id;
  enum class What : std::uint8_t { created, updated, destroyed } what = What::updated;
};

// Cuts a list of steps after `most` ids at the end of a step (RFC 8620 §5.2). not_found: the first
// step alone is longer.
template <class Id>
[[nodiscard]] Result<ObjectChanges<Id>> cut_changes(std::vector<ChangeStep<Id>> steps, ModSeq now,
                                                    std::size_t most);

// since <= now, and not older than what is remembered; gives now.
[[nodiscard]] Result<ModSeq> require_state(Context& context, AccountId account, ModSeq since);

// The references of an upload's parts, one behind the other, as its row holds them.
[[nodiscard]] Result<std::vector<BlobRef>> decode_parts(std::string_view bytes);

}  // namespace fumi::store
