// NOTIFY (RFC 5465): what a client wants to be told of without asking.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/imap/fetch.h"
#include "proto/imap/search.h"

namespace fumi::imap {

enum class NotifyEvent : std::uint8_t {
  message_new = 1,
  message_expunge = 2,
  flag_change = 4,
  mailbox_name = 8,
  subscription_change = 16,
  mailbox_metadata_change = 32,
  server_metadata_change = 64,
};

struct NotifyEvents {
  std::uint8_t bits = 0;
  [[nodiscard]] bool has(NotifyEvent event) const {
    return (bits & static_cast<unsigned>(event)) != 0;
  }
  // MessageNew and MessageExpunge, which come together, perhaps with FlagChange (RFC 5465 §5).
  [[nodiscard]] bool messages() const { return has(NotifyEvent::message_new); }
  void add(NotifyEvent event) {
    bits = static_cast<std::uint8_t>(bits | static_cast<unsigned>(event));
  }
  void add(NotifyEvents events) { bits = static_cast<std::uint8_t>(bits | events.bits); }
  friend bool operator==(NotifyEvents, NotifyEvents) = default;
};

// What the command calls them; also what BADEVENT lists.
struct NotifyEventName {
  std::string_view name;
  NotifyEvent event;
};
[[nodiscard]] const std::vector<NotifyEventName>& notify_event_names();

struct NotifyGroup {
  MailboxFilter filter;  // never `selected`
  NotifyEvents events;
};

struct Notify {  // (answer) NOTIFY NONE: nothing is set
  // NOTIFY SET STATUS: a STATUS response first for each mailbox whose messages are watched.
  enum class First : std::uint8_t { nothing, status };
  // SELECTED tells of expunges between commands too, SELECTED-DELAYED only during those that allow
  // it (RFC 5465 §6.1).
  enum class Selected : std::uint8_t { nothing, delayed, at_once };
  First first = First::nothing;
  Selected selected = Selected::nothing;
  NotifyEvents selected_events;
  std::vector<FetchItem> fetch;  // of messages that are new in the selected mailbox; never \Seen
  std::vector<NotifyGroup> groups;
  [[nodiscard]] bool wants(NotifyEvent event) const;  // in one of the groups
  // Whether a group may be about mailboxes outside the client's own namespace.
  enum class Reach : std::uint8_t { own, others };
  [[nodiscard]] Reach reach() const;
};

}  // namespace fumi::imap
