// What a session with NOTIFY (RFC 5465) keeps: the table of what its client knows of the mailboxes
// that it watches, and which of them the change bus has rung for since it last looked.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "domain/change_bus.h"
#include "domain/mailbox.h"
#include "proto/imap/notify_table.h"
#include "service/mailbox/mailbox_values.h"

namespace fumi::server {

// Filled on the publisher's thread, taken on the session's. Bounded: beyond kMost mailboxes it only
// knows that all are to be looked at.
class ChangedMailboxes {
 public:
  static constexpr std::size_t kMost = 1'000;
  struct Taken {
    bool names = false;       // mailboxes came, went, were renamed or (un)subscribed
    bool everything = false;  // nobody knows what
    std::set<MailboxId> mailboxes;
    [[nodiscard]] bool empty() const { return !names && !everything && mailboxes.empty(); }
  };

  void add(const Change& change);
  void put_back(Taken taken);  // what could not be read: looked at again later
  [[nodiscard]] Taken take();

 private:
  void bound();
  std::mutex mutex_;
  Taken now_;
};

struct Notifier {
  explicit Notifier(imap::NotifyTable watched) : table(std::move(watched)) {}
  imap::NotifyTable table;
  std::shared_ptr<ChangedMailboxes> changed;            // with the bus's listener
  ChangeBus::Subscription subscription;                 // last: ends first
  std::map<AccountId, ChangeBus::Subscription> owners;  // of others' mailboxes that are watched
};

// Mailboxes as they were read, and as the table takes them.
struct Sight {
  std::vector<Mailbox> mailboxes;
  std::vector<imap::MailboxState> states;
  void add(service::Permit seen, AccountId reader);
};
[[nodiscard]] service::MailboxOf mailbox_of(const imap::MailboxState& state, AccountId reader);

}  // namespace fumi::server
