// What Mailboxes takes and gives.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "domain/mailbox.h"
#include "domain/ports/email_store.h"
#include "service/mailbox/mailbox_index.h"
#include "service/mailbox/rights.h"

namespace fumi::service {

// A mailbox by its number, and whose it is.
struct MailboxOf {
  AccountId owner;
  MailboxId mailbox;
  friend bool operator==(const MailboxOf&, const MailboxOf&) = default;
};

struct OpenedMailbox {
  Mailbox mailbox;
  std::vector<Entry> entries;  // ascending by UID
};

// A mailbox that somebody has open: keep `index` as long, and ask refresh() for newer snapshots.
struct WatchedMailbox {
  Mailbox mailbox;
  Rights rights;
  std::shared_ptr<MailboxIndex> index;  // shared with all who have it open
  std::shared_ptr<const MailboxSnapshot> now;
};

struct NewMessage {
  std::string bytes;  // RFC 5322 message
  Flags flags;
  std::optional<Instant> received;
};

// What changed since some moment, and the mailbox as it is now, in one snapshot.
struct MailboxNews {
  Mailbox mailbox;
  MailboxChanges changes;
};

using EntryEmail = std::pair<Entry, Email>;

// What a POP3 session leaves behind (RFC 1939 §6).
struct Departure {
  std::vector<Uid> removed;
  std::vector<Uid> seen;  // to be marked with \Seen
};

// Takes summaries in the store's threads, while the coroutine that asked for them waits.
class SummaryReader {
 public:
  virtual ~SummaryReader() = default;
  virtual void begin() = 0;  // from the first on: once, or again if the store begins anew
  virtual Result<Visit> take(const StoredSummary& summary) = 0;
};

}  // namespace fumi::service
