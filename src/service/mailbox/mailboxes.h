// Mailboxes: what reading protocols do with an account's mail. One method is one command's worth of
// work in one transaction; sessions know nothing of transactions.
//
// Each asks the Gate (rights.h) whether the actor of `who` may: not_found and denied are as it
// says. Names are as the actor sees them; a Mailbox tells whose it is (`owner`), and its id goes
// with who.account = owner.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/change_bus.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/store.h"
#include "service/mailbox/acl.h"
#include "service/mailbox/mailbox_index.h"
#include "service/mailbox/mailbox_values.h"
#include "service/mailbox/rights.h"

namespace fumi::service {

class Mailboxes {
 public:
  Mailboxes(Store& store, BlobStore& blobs, ChangeBus& bus, const Clock& clock,
            MailboxIndexOptions indexes = {})
      : store_(store), blobs_(blobs), bus_(bus), clock_(clock), indexes_(bus, indexes) {}

  Task<Result<std::vector<Mailbox>>> list(MailAccount who);            // the account's own
  Task<Result<std::vector<VisibleMailbox>>> visible(MailAccount who);  // and others', by name
  Task<Result<Account>> account(MailAccount who);                      // quota and use
  Task<Result<Mailbox>> find(MailAccount who, std::string name);       // to read it
  Task<Result<Permit>> permit(MailAccount who, std::string name, std::uint32_t needed);
  Task<Result<OpenedMailbox>> open(MailAccount who, std::string name);  // with its entries

  // The same by the shared index: costs what changed since anybody here had it open.
  Task<Result<WatchedMailbox>> watch(MailAccount who, std::string name);
  Task<Result<WatchedMailbox>> watch(MailAccount who, MailboxId mailbox);
  // told: what the change bus has told of, without the store if the index has it already.
  // certain: asks the store in any case. not_found: the mailbox is gone.
  enum class Freshness { told, certain };
  using Snapshot = std::shared_ptr<const MailboxSnapshot>;
  Task<Result<Snapshot>> refresh(MailAccount who, std::shared_ptr<MailboxIndex> index,
                                 Freshness freshness);
  // In a transaction of the account's scope: the same, at least as new as the transaction. small:
  // null where more is to be read for it than a glance of the store may.
  enum class Effort { any, small };
  Result<Snapshot> snapshot(Tx& tx, const MailAccount& who, MailboxId mailbox,
                            Effort effort = Effort::any);

  Task<Result<Mailbox>> create(MailAccount who, std::string name, MailboxRole role);
  Task<Status> rename(MailAccount who, std::string from, std::string to);
  Task<Status> remove(MailAccount who, std::string name);
  enum class Subscription { off, on };
  Task<Status> subscribe(MailAccount who, std::string name, Subscription subscription);

  // Durable when it returns; all messages or none (RFC 3502). not_found: no such mailbox. quota.
  Task<Result<std::vector<Appended>>> append(MailAccount who, std::string mailbox,
                                             std::vector<NewMessage> messages);

  // The same, and what must be durable together with it, in one transaction. `also` is told where
  // the messages are, and may run more than once.
  using Also = std::function<Status(Tx&, const std::vector<Appended>&)>;
  Task<Result<std::vector<Appended>>> append_and(MailAccount who, std::string mailbox,
                                                 std::vector<NewMessage> messages, Also also);

  // REPLACE (RFC 8508 §3.4): the same, and the message `replaced` of `from` goes in the same
  // transaction; quota judges what is there in the end. not_found: one of them is not there.
  Task<Result<std::vector<Appended>>> replace(MailAccount who, std::string mailbox,
                                              std::vector<NewMessage> messages, MailboxId from,
                                              std::optional<Uid> replaced);

  // All entries with UIDs from `first` on, ascending.
  Task<Result<std::vector<Entry>>> entries(MailAccount who, MailboxId mailbox, Uid first);
  // Those of `uids` that are there, in ascending order.
  Task<Result<std::vector<EntryEmail>>> emails(MailAccount who, MailboxId mailbox,
                                               std::vector<Uid> uids);
  // EmailStore::visit_summaries() of emails that a snapshot of the mailbox tells of; they ascend.
  // `emails` and `reader` must stay until it returns.
  Task<Status> read_summaries(MailAccount who, MailboxId mailbox, std::span<const EmailId> emails,
                              SummaryReader& reader);
  Task<Result<std::string>> body(MailAccount who, BlobRef blob);
  // BlobStore::get_each().
  Task<Status> bodies(MailAccount who, std::span<const BlobRef> blobs,
                      FunctionRef<void(Result<std::string>)> visit);
  Task<Result<StoredFlags>> store_flags(MailAccount who, MailboxId mailbox, StoreFlags change);
  Task<Result<CopiedUids>> copy(MailAccount who, MailboxId from, std::vector<Uid> uids,
                                std::string to);  // not_found: no such destination
  Task<Result<CopiedUids>> move(MailAccount who, MailboxId from, std::vector<Uid> uids,
                                std::string to);
  Task<Result<std::vector<Uid>>> expunge(MailAccount who, MailboxId mailbox,
                                         std::optional<std::vector<Uid>> uids);
  // Expunges and marks, all or nothing; those that are gone already are no error. Returns what this
  // call expunged, ascending.
  Task<Result<std::vector<Uid>>> depart(MailAccount who, MailboxId mailbox, Departure departure);
  Task<Result<MailboxNews>> changes(MailAccount who, MailboxId mailbox, ModSeq since);

  // Rights (acl.cpp). invalid: the identifier is nobody of the tenant, or the owner.
  Task<Result<Permit>> my_rights(MailAccount who, std::string name);
  Task<Result<MailboxAcl>> acl(MailAccount who, std::string name);
  Task<Result<std::vector<MailboxAcl>>> acls(MailAccount who);  // of all of who.account's
  // What the identifier has whatever the ACL says: all for the owner, else nothing.
  Task<Result<Rights>> always_granted(MailAccount who, std::string name, std::string identifier);
  // nullopt: of each mailbox of who.account.
  Task<Status> set_acl(MailAccount who, std::optional<std::string> name, AclEdit edit);
  // Several edits of one identifier in one transaction.
  Task<Status> edit_acl(MailAccount who, std::optional<std::string> name,
                        std::vector<AclEdit> edits);

  // Of some mailboxes, those that the actor may list, or read the annotations of (0: the account).
  using Some = std::vector<MailboxOf>;
  Task<Result<std::vector<Permit>>> rows(MailAccount who, Some mailboxes);
  using Annotated = std::vector<std::pair<MailboxId, std::vector<Metadata>>>;
  Task<Result<Annotated>> annotations(MailAccount who, Some mailboxes);
  // Which of them are still there, for who could list them once; nothing else is told of them.
  Task<Result<Some>> still_there(MailAccount who, Some mailboxes);
  // The actor's on a mailbox of who.account. not_found: none, or it is gone.
  Task<Result<Rights>> rights_on(MailAccount who, MailboxId mailbox);

  // Annotations of a mailbox; of the account where the name is empty (RFC 5464).
  Task<Result<std::vector<Metadata>>> metadata(MailAccount who, std::string mailbox);
  // All of them or none. quota: more than kMetadataMax of one mailbox. denied: shared annotations
  // of the account, which are the administrator's.
  using MetadataChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;
  Task<Status> set_metadata(MailAccount who, std::string mailbox, MetadataChanges changes);
  static constexpr std::size_t kMetadataMax = 100;
  static constexpr std::size_t kMetadataOctetsMax = 65'536;  // of one value: too_large

  [[nodiscard]] ChangeBus& bus() { return bus_; }
  [[nodiscard]] const MailboxIndexes& indexes() const { return indexes_; }

 private:
  using Replaced = std::pair<MailboxId, Uid>;
  Task<Result<std::vector<Appended>>> put(MailAccount who, std::string mailbox,
                                          std::vector<NewMessage> messages,
                                          std::optional<Replaced> replaced, Also also);

  Store& store_;
  BlobStore& blobs_;
  ChangeBus& bus_;
  const Clock& clock_;
  MailboxIndexes indexes_;
};

}  // namespace fumi::service
