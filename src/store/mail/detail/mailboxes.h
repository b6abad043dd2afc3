// MailboxStore over SQL. mailboxes.cpp: the list of mailboxes; append.cpp: new messages and
// threads; flags.cpp: changes of flags; entries.cpp: copies and expunges; changes.cpp: reading.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/ports/mailbox_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlMailboxes final : public MailboxStore {
 public:
  explicit SqlMailboxes(Context& context) : context_(context) {}

  // INBOX, Drafts, Sent, Trash, Junk and Archive of a new account.
  Status create_standard(AccountId account);

  Result<std::vector<Mailbox>> mailboxes(AccountId account) override;
  Result<std::optional<Mailbox>> mailbox(AccountId account, MailboxId id) override;
  Result<std::optional<Mailbox>> mailbox_by_name(AccountId account,
                                                 const std::string& name) override;
  Result<std::optional<Mailbox>> mailbox_by_role(AccountId account, MailboxRole role) override;
  Result<Mailbox> create_mailbox(AccountId account, const std::string& name,
                                 MailboxRole role) override;
  Status rename_mailbox(AccountId account, MailboxId id, const std::string& name) override;
  Status delete_mailbox(AccountId account, MailboxId id) override;
  Status set_subscribed(AccountId account, MailboxId id,
                        bool subscribed) override;  // lint: bool-ok the value itself

  Result<Appended> append(AccountId account, MailboxId mailbox, const EmailContent& content,
                          const Flags& flags) override;
  Result<Appended> deliver(AccountId account, const EmailContent& content) override;

  Result<std::vector<Entry>> entries(AccountId account, MailboxId mailbox, Uid first) override;
  Status visit_entries(AccountId account, MailboxId mailbox, Uid first,
                       FunctionRef<Status(const Entry&)> visit) override;
  Status visit_index(AccountId account, MailboxId mailbox,
                     FunctionRef<Status(const IndexedEntry&)> visit) override;
  Result<std::optional<Email>> email(AccountId account, EmailId id) override;
  Result<std::vector<std::pair<Entry, Email>>> emails(AccountId account, MailboxId mailbox,
                                                      const std::vector<Uid>& uids) override;
  Result<StoredFlags> store_flags(AccountId account, MailboxId mailbox,
                                  const StoreFlags& change) override;
  Result<CopiedUids> copy(AccountId account, MailboxId from, const std::vector<Uid>& uids,
                          MailboxId to) override;
  Result<CopiedUids> move(AccountId account, MailboxId from, const std::vector<Uid>& uids,
                          MailboxId to) override;
  Result<std::vector<Uid>> expunge(AccountId account, MailboxId mailbox,
                                   const std::optional<std::vector<Uid>>& uids) override;
  Result<MailboxChanges> changes(AccountId account, MailboxId mailbox, ModSeq since) override;

  // Says that something else about a mailbox than its mail has changed; not_found.
  Status touch(AccountId account, MailboxId mailbox);

  // Removes up to about `rows_max` rows of what a deleted account has left: entries and their
  // emails, then what was remembered of them, at last the mailboxes. 0: nothing is left.
  Result<std::uint64_t> purge(AccountId account, std::uint32_t rows_max);

 private:
  friend class SqlEmails;  // the same rows seen by email
  // How the counts of a mailbox change with a step.
  struct Delta {
    std::int64_t total = 0;
    std::int64_t unseen = 0;
    std::int64_t deleted = 0;
    std::int64_t octets = 0;
    void add(const Entry& entry, std::int64_t sign);
    void add_flags(std::uint32_t bits, std::int64_t sign);
  };
  struct Placed {
    Uid first;
    UidValidity uid_validity;
  };
  enum class After { stays, goes };      // of the source's entries in a copy
  enum class Emails { released, stay };  // of entries that go; stay: other entries have them now

  // Raises the account's change counter; not_found if it isn't there or is deleted.
  Result<ModSeq> raise(AccountId account);
  // Gives `count` UIDs of the mailbox and counts `delta` in; not_found.
  Result<Placed> place(AccountId account, MailboxId mailbox, std::uint32_t count, ModSeq modseq,
                       const Delta& delta);
  Status count(AccountId account, MailboxId mailbox, ModSeq modseq, const Delta& delta);
  // not_found; gives the next UID.
  Result<Uid> require(AccountId account, MailboxId mailbox);

  Result<Mailbox> mailbox_of(AccountId account, const sql::Row& row);
  Result<Mailbox> insert(AccountId account, const std::string& name, MailboxRole role,
                         ModSeq modseq);
  // The missing superiors of `name`, then itself.
  Status touch_inferiors(AccountId account, const std::vector<Mailbox>& known,
                         std::string_view name, ModSeq modseq);
  Result<Mailbox> insert_path(AccountId account, const std::vector<Mailbox>& known,
                              const std::string& name, MailboxRole role, ModSeq modseq);
  Status rename_inbox(AccountId account, const std::vector<Mailbox>& known, MailboxId inbox,
                      const std::string& name);
  Status write_name(AccountId account, MailboxId id, const std::string& name, ModSeq modseq);

  // What append() and deliver() do once the account has taken it.
  Result<Appended> put_in(AccountId account, MailboxId mailbox, const EmailContent& content,
                          const Flags& flags, ModSeq modseq);
  Result<ThreadId> thread_of(AccountId account, const EmailContent& content, EmailId email);
  std::unexpected<Error> refusal(AccountId account, const char* doing, AccountStatus worst);

  enum class Placing : std::uint8_t { first, copy };  // copies are found by an index
  Status insert_entry(AccountId account, MailboxId mailbox, const Entry& entry, Placing placing);
  Result<std::string> seal_keywords(AccountId account, MailboxId mailbox, const Entry& entry);
  Result<Entry> entry_of(AccountId account, MailboxId mailbox, const sql::Row& row);
  Result<Email> email_of(AccountId account, const sql::Row& row, int column);
  // Those of `uids` that are there, ascending.
  Result<std::vector<Entry>> find(AccountId account, MailboxId mailbox, std::vector<Uid> uids);
  Result<std::vector<Entry>> deleted_entries(AccountId account, MailboxId mailbox);
  // Overlays what blocks say; ascending by UID.
  Status decide(AccountId account, MailboxId mailbox, std::vector<Entry>& entries);
  // `modseq`: of this step if it has raised the counter already, else 0.
  Result<CopiedUids> transfer(AccountId account, MailboxId from, const std::vector<Entry>& entries,
                              MailboxId to, After after, ModSeq modseq);
  // Takes entries out and remembers them as expunged; the mailbox's counts follow.
  Status take_out(AccountId account, MailboxId mailbox, const std::vector<Entry>& entries,
                  ModSeq modseq, Emails emails);
  // Its part for all entries from `first` to `last`; counts and blocks are not among it.
  Status take_out_range(AccountId account, MailboxId mailbox, Uid first, Uid last, ModSeq modseq);
  Result<std::uint64_t> release_all(AccountId account, MailboxId mailbox,
                                    const std::vector<Entry>& entries, ModSeq modseq);
  // Rows of `made`, which are pairwise with `entries` of `from`.
  Status insert_copies(AccountId account, MailboxId from, const std::vector<Entry>& entries,
                       MailboxId to, const std::vector<Entry>& made);
  // After an entry has gone: the last one takes its email along. Octets for free_octets().
  Result<std::uint64_t> release(AccountId account, EmailId email, ModSeq modseq);
  Status free_octets(AccountId account, std::uint64_t octets);
  // Remembers at most gone_max destroyed objects; looks now and then.
  Status forget_gone(AccountId account, ModSeq modseq, std::size_t added);
  Status forget_expunged(AccountId account, MailboxId mailbox);
  Status appended_after(AccountId account, MailboxId mailbox, ModSeq since,
                        std::vector<Entry>& into);

  Context& context_;
};

// "INBOX" in any case as the first level becomes "INBOX", a trailing "/" goes; nullopt for what
// can't be a mailbox: empty levels, control characters, over 1,000 octets or 20 levels, not UTF-8.
[[nodiscard]] std::optional<std::string> canonical_mailbox_name(std::string_view name);

// Sorted without regard to case, unique, known bits only. too_large: over 64 keywords or 4,096
// octets; invalid: a keyword that isn't an atom (RFC 9051 §9 flag-keyword).
[[nodiscard]] Result<Flags> checked_flags(const Flags& flags);

}  // namespace fumi::store
