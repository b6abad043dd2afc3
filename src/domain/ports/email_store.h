// EmailStore: an account's emails each once, with all the places they lie in, and what happened to
// them since a state: what JMAP asks (RFC 8621). MailboxStore is the same mail as IMAP sees it.
//
// A state is the account's change counter. Asking for changes costs what changed, not what is
// there; adding mail writes nothing for it but an index. One method is one step of a transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "domain/mailbox.h"

namespace fumi {

// Where an email lies. The same email may lie twice in one mailbox (an IMAP COPY onto itself).
struct Place {
  MailboxId mailbox;
  Uid uid;
  Flags flags;
};

// What lists, filters and sorts need, without the summary.
struct EmailFacts {
  EmailId id;
  ThreadId thread;
  std::uint64_t octets = 0;
  Instant received;
  std::vector<Place> places;
};

struct FoundEmail {
  Email email;
  std::vector<Place> places;
};

struct ThreadEmails {
  ThreadId thread;
  std::vector<EmailId> emails;  // by time of receipt, oldest first
};

// RFC 8621 §2: an email is unread without \Seen and \Draft; a thread is where any of its emails is.
// Emails in the trash alone count nowhere else, and in the trash nothing else counts.
struct MailboxCounts {
  MailboxId mailbox;
  std::uint32_t emails = 0, unread_emails = 0, threads = 0, unread_threads = 0;
};

template <class Id>
struct ObjectChanges {
  ModSeq state;  // what the lists lead to
  enum class Rest : std::uint8_t { none, more } rest = Rest::none;
  std::vector<Id> created, updated, destroyed;
};

struct MailboxListChanges : ObjectChanges<MailboxId> {
  enum class Kind : std::uint8_t { counts, any } kind = Kind::any;  // of what was updated
};

// Bytes that a client has sent ahead (RFC 8620 §6.1); not part of any email yet.
struct Upload {
  UploadId id;
  std::vector<BlobRef> parts;  // their contents one behind the other; 1 to kUploadPartsMax
  std::string type;            // media type as sent
  std::uint64_t octets = 0;
  Instant expires;
};

// What lies beside an email's body. Views are valid during the call that gives them.
struct StoredSummary {
  EmailId id;
  ThreadId thread;
  std::string_view summary;  // mime::encode() form
  std::string_view blob;     // BlobRef::encode() form
};
enum class Visit : std::uint8_t { more, stop };

inline constexpr std::size_t kUploadPartsMax = 1024;

// What the uploads of one account may come to that wait to be used.
struct UploadLimits {
  std::uint32_t count = 1'000;
  std::uint64_t octets = 1ULL << 30U;
};

class EmailStore {
 public:
  virtual ~EmailStore() = default;

  virtual Result<ModSeq> state(AccountId account) = 0;  // not_found: no such account

  // In the order asked for; ids that aren't there are left out.
  virtual Result<std::vector<FoundEmail>> find(AccountId account,
                                               const std::vector<EmailId>& ids) = 0;
  // The summaries of `ids`, which ascend; ids that aren't there are left out. For long lists: mail
  // that came one after the other is read in one sweep.
  virtual Status visit_summaries(AccountId account, std::span<const EmailId> ids,
                                 FunctionRef<Result<Visit>(const StoredSummary&)> visit) = 0;
  // All emails, or those of one mailbox (with their place in it alone); ascending by id.
  virtual Result<std::vector<EmailFacts>> list(AccountId account,
                                               std::optional<MailboxId> mailbox) = 0;
  // In the order asked for; threads that aren't there are left out.
  virtual Result<std::vector<ThreadEmails>> threads(AccountId account,
                                                    const std::vector<ThreadId>& ids) = 0;
  // Of every mailbox, by id. Reads the whole account.
  virtual Result<std::vector<MailboxCounts>> counts(AccountId account) = 0;

  // RFC 8620 §5.2. At most `most` ids (0: no limit), then `state` is one in between. not_found: the
  // state is older than what is remembered, newer than now, or one step of it exceeds `most`.
  virtual Result<ObjectChanges<EmailId>> email_changes(AccountId account, ModSeq since,
                                                       std::size_t most) = 0;
  virtual Result<ObjectChanges<ThreadId>> thread_changes(AccountId account, ModSeq since,
                                                         std::size_t most) = 0;
  // The same for a reader of these mailboxes alone, of which none has come or gone since: an email
  // that has left them is `updated` if it lies elsewhere. Nothing of others' emails is told. Of
  // threads, also those that such an email belongs to.
  virtual Result<ObjectChanges<EmailId>> email_changes_in(AccountId account,
                                                          const std::vector<MailboxId>& mailboxes,
                                                          ModSeq since, std::size_t most) = 0;
  virtual Result<ObjectChanges<ThreadId>> thread_changes_in(AccountId account,
                                                            const std::vector<MailboxId>& mailboxes,
                                                            ModSeq since, std::size_t most) = 0;
  virtual Result<MailboxListChanges> mailbox_changes(AccountId account, ModSeq since,
                                                     std::size_t most) = 0;

  // Puts the email into exactly these mailboxes (at least one). not_found: no such email or
  // mailbox.
  virtual Status set_mailboxes(AccountId account, EmailId id,
                               const std::vector<MailboxId>& mailboxes) = 0;
  // Gives all its places these flags; \Deleted, which JMAP doesn't know, stays as it is.
  virtual Status set_flags(AccountId account, EmailId id, const Flags& flags) = 0;
  virtual Status destroy(AccountId account, EmailId id) = 0;
  virtual Status set_sort_order(AccountId account, MailboxId mailbox, std::uint32_t order) = 0;
  // conflict: another mailbox has the role; denied: the inbox stays the inbox, and alone.
  virtual Status set_role(AccountId account, MailboxId mailbox, MailboxRole role) = 0;

  // Drops what has expired before `now`; then quota: the account would be over its limits.
  virtual Status add_upload(AccountId account, const Upload& upload, Instant now,
                            const UploadLimits& limits) = 0;
  virtual Result<std::optional<Upload>> upload(AccountId account, UploadId id, Instant now) = 0;
};

}  // namespace fumi
