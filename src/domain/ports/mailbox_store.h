// MailboxStore: the mailboxes of an account and what is in them. One method is one step of a
// transaction, scoped to the transaction's tenant.
//
// Kept by the adapter, proven by the conformance suite (RFC 9051 §2.3.1, RFC 7162 §3.1): UIDs
// ascend and are never given twice under one UIDVALIDITY; each change raises the account's counter
// once per call and stamps what it touched; counts agree with the entries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "domain/mailbox.h"

namespace fumi {

struct MailboxChanges {
  std::vector<Entry> changed;  // new or with other flags, ascending by UID
  std::vector<Uid> vanished;   // expunged since, ascending
};

struct StoreFlags {
  std::vector<Uid> uids;
  FlagsOperation operation = FlagsOperation::replace;
  Flags flags;
  std::optional<ModSeq> unchanged_since;  // RFC 7162 §3.1.3
};

struct ChangedFlags {
  Uid uid;
  std::uint32_t bits = 0;
  std::uint32_t keywords = 0;  // index into StoredFlags::keywords
  ModSeq modseq;
};

// Small: a STORE may change all of a large mailbox.
struct StoredFlags {
  std::vector<ChangedFlags> changed;  // flags that are now other than before; ascending by UID
  std::vector<std::vector<std::string>> keywords{{}};  // the sets that they have; [0]: none
  std::vector<Uid> modified;                           // left alone because of unchanged_since
  ModSeq modseq;                                       // of this change; 0 if nothing changed
};

// An entry as lists of a mailbox keep it.
struct IndexedEntry {
  Uid uid;
  std::uint32_t bits = 0;  // Flags::bits
  ModSeq modseq;
  std::uint64_t octets = 0;
  Instant received;  // maybe to the second only
  EmailId email;
  const std::vector<std::string>* keywords = nullptr;  // never null; valid during the call
};

struct CopiedUids {
  UidValidity uid_validity;  // of the destination
  std::vector<Uid> source;   // pairwise with `destination`
  std::vector<Uid> destination;
};

class MailboxStore {
 public:
  virtual ~MailboxStore() = default;

  virtual Result<std::vector<Mailbox>> mailboxes(AccountId account) = 0;  // by name
  virtual Result<std::optional<Mailbox>> mailbox(AccountId account, MailboxId id) = 0;
  // "INBOX" in any case is the inbox.
  virtual Result<std::optional<Mailbox>> mailbox_by_name(AccountId account,
                                                         const std::string& name) = 0;
  virtual Result<std::optional<Mailbox>> mailbox_by_role(AccountId account, MailboxRole role) = 0;
  // conflict: the name is taken. Superior levels are created with it (RFC 9051 §6.3.4).
  virtual Result<Mailbox> create_mailbox(AccountId account, const std::string& name,
                                         MailboxRole role) = 0;
  // Renames inferiors too. Renaming INBOX moves its messages (RFC 9051 §6.3.6).
  virtual Status rename_mailbox(AccountId account, MailboxId id, const std::string& name) = 0;
  // denied: the inbox.
  virtual Status delete_mailbox(AccountId account, MailboxId id) = 0;
  virtual Status set_subscribed(AccountId account, MailboxId id,
                                bool subscribed) = 0;  // lint: bool-ok the value itself

  // quota: no room (over-quota is judged for the account). not_found: no such account or mailbox.
  virtual Result<Appended> append(AccountId account, MailboxId mailbox, const EmailContent& content,
                                  const Flags& flags) = 0;
  // append() to the inbox of an account that may receive; not_found: it may not, or isn't there.
  virtual Result<Appended> deliver(AccountId account, const EmailContent& content) = 0;

  // Entries with UIDs from `first` on, ascending.
  virtual Result<std::vector<Entry>> entries(AccountId account, MailboxId mailbox, Uid first) = 0;
  // The same, one at a time; the entry is valid during the call. An error of `visit` ends it.
  virtual Status visit_entries(AccountId account, MailboxId mailbox, Uid first,
                               FunctionRef<Status(const Entry&)> visit) = 0;
  // All of them for a list, which costs a tenth of that.
  virtual Status visit_index(AccountId account, MailboxId mailbox,
                             FunctionRef<Status(const IndexedEntry&)> visit) = 0;
  virtual Result<std::optional<Email>> email(AccountId account, EmailId id) = 0;
  // The emails of those entries, in that order; entries that are gone are left out.
  virtual Result<std::vector<std::pair<Entry, Email>>> emails(AccountId account, MailboxId mailbox,
                                                              const std::vector<Uid>& uids) = 0;
  virtual Result<StoredFlags> store_flags(AccountId account, MailboxId mailbox,
                                          const StoreFlags& change) = 0;
  virtual Result<CopiedUids> copy(AccountId account, MailboxId from, const std::vector<Uid>& uids,
                                  MailboxId to) = 0;
  virtual Result<CopiedUids> move(AccountId account, MailboxId from, const std::vector<Uid>& uids,
                                  MailboxId to) = 0;
  // Expunges those of `uids` (nullopt: all) that carry \Deleted; returns what went, ascending.
  virtual Result<std::vector<Uid>> expunge(AccountId account, MailboxId mailbox,
                                           const std::optional<std::vector<Uid>>& uids) = 0;
  // Everything after `since`. not_found: `since` is older than what expunges are remembered for.
  virtual Result<MailboxChanges> changes(AccountId account, MailboxId mailbox, ModSeq since) = 0;
};

}  // namespace fumi
