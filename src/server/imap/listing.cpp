#include "server/imap/detail/listing.h"

#include <array>

#include "base/ascii.h"

namespace fumi::server {
namespace {

struct RoleName {
  MailboxRole role;
  std::string_view attribute;
};
// RFC 6154 §2.
constexpr std::array<RoleName, 5> kRoles{
    RoleName{MailboxRole::drafts, "\\Drafts"}, RoleName{MailboxRole::sent, "\\Sent"},
    RoleName{MailboxRole::trash, "\\Trash"}, RoleName{MailboxRole::junk, "\\Junk"},
    RoleName{MailboxRole::archive, "\\Archive"}};

}  // namespace

MailboxTree::MailboxTree(const std::vector<Mailbox>& all) {
  for (const Mailbox& mailbox : all)
    add_superiors(mailbox.name, superiors_);
}

void add_superiors(std::string_view name, std::unordered_set<std::string_view>& into) {
  for (std::size_t at = name.rfind('/'); at != std::string_view::npos && at > 0;
       at = name.rfind('/', at - 1)) {
    into.insert(name.substr(0, at));
  }
}

std::string_view special_use_of(MailboxRole role) {
  for (const RoleName& known : kRoles) {
    if (known.role == role) return known.attribute;
  }
  return {};
}

MailboxRole role_of(std::string_view special_use) {
  for (const RoleName& known : kRoles) {
    if (ascii::iequals(known.attribute, special_use)) return known.role;
  }
  return MailboxRole::none;
}

imap::ListEntry list_entry(const Mailbox& mailbox, const MailboxTree& tree) {
  imap::ListEntry entry;
  entry.name = mailbox.name;
  entry.attributes.emplace_back(tree.has_children(mailbox.name) ? "\\HasChildren"
                                                                : "\\HasNoChildren");
  const std::string_view use = special_use_of(mailbox.role);
  if (!use.empty()) entry.attributes.emplace_back(use);
  return entry;
}

}  // namespace fumi::server
