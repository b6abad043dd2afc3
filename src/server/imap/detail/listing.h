// A mailbox as LIST shows it (RFC 9051 §7.3.1, RFC 5258, RFC 6154).
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "domain/mailbox.h"
#include "proto/imap/list.h"

namespace fumi::server {

// Which names have others under them: one pass over all, then each question costs nothing.
class MailboxTree {
 public:
  // The mailboxes must stay.
  explicit MailboxTree(const std::vector<Mailbox>& all);
  [[nodiscard]] bool has_children(const std::string& name) const {
    return superiors_.contains(name);
  }

 private:
  std::unordered_set<std::string_view> superiors_;
};

// The names above `name`, put into a set of views of it.
void add_superiors(std::string_view name, std::unordered_set<std::string_view>& into);

[[nodiscard]] std::string_view special_use_of(MailboxRole role);  // empty: none
// none: that use is not offered.
[[nodiscard]] MailboxRole role_of(std::string_view special_use);

// Name, \HasChildren or \HasNoChildren, and the special use; \Subscribed is the caller's to add.
[[nodiscard]] imap::ListEntry list_entry(const Mailbox& mailbox, const MailboxTree& tree);

}  // namespace fumi::server
