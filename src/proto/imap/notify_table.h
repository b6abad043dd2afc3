// NotifyTable: what a client that gave NOTIFY SET knows of the mailboxes that it watches, and so
// what it is to be told when they are read again (RFC 5465 §5). The host feeds it with states and
// writes the notices; the selected mailbox's messages are not its concern.
//
// Memory: one state a mailbox; names of annotations where those are watched. One session's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "proto/imap/list.h"
#include "proto/imap/notify.h"

namespace fumi::imap {

// A mailbox as the store has it now.
struct MailboxState {
  // What the client may do with it (RFC 5465 §5): `full` is the l and r rights of RFC 4314;
  // `listed` l alone; `none`: it is there, and the client, who could list it once, may not any
  // more.
  enum class Access : std::uint8_t { full, listed, none };
  std::uint64_t key = 0;    // stays when the mailbox is renamed
  std::uint64_t owner = 0;  // the host's number of whose it is; 0: the client's own
  Access access = Access::full;
  std::string name;
  bool subscribed = false;
  UidValidity uid_validity;
  Uid uid_next;
  std::uint32_t messages = 0, unseen = 0;
  ModSeq highest_modseq;
};

struct Notice {
  enum class Kind : std::uint8_t {
    status,     // STATUS with `items`
    list,       // LIST of a mailbox that is there
    gone,       // LIST (\NonExistent)
    no_access,  // LIST (\NoAccess)
    metadata    // METADATA with the names in `entries`; an empty name: the server's
  };
  Kind kind = Kind::status;
  MailboxState mailbox;
  StatusItems items;
  std::string old_name;  // list: it was renamed; else empty
  std::vector<std::string> entries;
};

class NotifyTable {
 public:
  NotifyTable(Notify asked, std::vector<MailboxState> all);

  [[nodiscard]] const Notify& asked() const { return asked_; }
  [[nodiscard]] std::size_t size() const { return known_.size(); }

  // The mailbox that is selected now, 0: none: FETCH and EXISTS tell of its messages.
  void select(std::uint64_t key) { selected_ = key; }
  // What the client has heard of the messages of a mailbox already, by its own commands or while it
  // was selected; `messages` may be less or more than before.
  void heard(const std::string& name, Uid uid_next, std::int64_t messages_more);
  void heard(const MailboxState& state);
  // The selected mailbox is left: messages, uid_next and highest_modseq are what it has told.
  void left(const MailboxState& told);

  // Its own doing, which is not told (RFC 5465 §5): a name that comes, goes, is (un)subscribed.
  enum class Own : std::uint8_t { comes, goes, subscribed, unsubscribed };
  void own(std::string name, Own what) { own_.emplace_back(std::move(name), what); }

  // Which of them have messages that are watched: what NOTIFY SET STATUS answers.
  [[nodiscard]] std::vector<Notice> first() const;
  // Which of them are asked for in vain: what NOTIFY SET answers in any case (RFC 5465 §3.1).
  [[nodiscard]] std::vector<Notice> without_access() const;
  // All mailboxes as they are now.
  [[nodiscard]] std::vector<Notice> refresh(std::vector<MailboxState> all, Features on);
  // Some of them, whose messages may have changed. What else has changed waits for refresh().
  [[nodiscard]] std::vector<Notice> update(const std::vector<MailboxState>& some, Features on);

  [[nodiscard]] const MailboxState* state(std::uint64_t key) const;  // null: unknown
  // Others' mailboxes that a group names, those with Access::none too: the host listens to their
  // owners, and sees whether those that it can't list any more are still there.
  [[nodiscard]] std::vector<MailboxState> others() const;
  // Whether changes of the mailbox's messages (annotations) are told.
  [[nodiscard]] bool watches_messages(std::uint64_t key) const;
  [[nodiscard]] bool watches_metadata(std::uint64_t key) const;  // 0: the server's

  // Annotations of a mailbox (key 0: the server) as they are now. The first time they are learnt;
  // then those that came, changed or went are told.
  using Annotations = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] std::vector<Notice> annotations(std::uint64_t key, const Annotations& now);
  void heard_annotations(const std::string& name, const Annotations& set,
                         const std::vector<std::string>& removed);
  [[nodiscard]] std::size_t annotation_octets() const { return annotation_octets_; }

 private:
  using Known = std::map<std::uint64_t, MailboxState>;
  using Entries = std::map<std::string, std::size_t>;  // name in lower case → hash of the value
  [[nodiscard]] NotifyEvents asked_of(const MailboxState& mailbox) const;
  [[nodiscard]] NotifyEvents events_of(const MailboxState& mailbox) const;  // if it has access
  [[nodiscard]] bool is_own(const std::string& name, Own what) const;
  void compare_messages(const MailboxState& was, const MailboxState& is, Features on,
                        std::vector<Notice>& out) const;
  void compare_names(const Known& now, std::vector<Notice>& out) const;
  void compare_access(const Known& now, std::vector<Notice>& out) const;
  [[nodiscard]] bool moved_with_superior(const MailboxState& was, const MailboxState& is,
                                         const Known& now) const;
  [[nodiscard]] MailboxState* by_name(const std::string& name);

  Notify asked_;
  Known known_;
  std::map<std::uint64_t, Entries> entries_;
  std::vector<std::pair<std::string, Own>> own_;
  std::uint64_t selected_ = 0;
  std::size_t annotation_octets_ = 0;
};

}  // namespace fumi::imap
