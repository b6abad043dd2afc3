// Rights on mailboxes (RFC 4314 §7).
#include "codec/utf8.h"
#include "proto/imap/acl.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

constexpr std::size_t kIdentifierOctetsMax = 1'000;

// identifier = astring
// DEVIATION: instead of SASLprep (§3), control characters are refused; names are addresses, which
// the host compares without case.
std::optional<AclIdentifier> identifier(Parser& p) {
  auto name = p.astring();
  if (!name) return std::nullopt;
  AclIdentifier out;
  if (name->starts_with('-')) {
    out.sign = AclIdentifier::Sign::deny;
    name->erase(0, 1);
  }
  if (name->empty() || name->size() > kIdentifierOctetsMax || !codec::is_utf8(*name)) {
    return p.fail("bad identifier");
  }
  for (const char c : *name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return p.fail("bad identifier");
  }
  out.name = std::move(*name);
  return out;
}

std::optional<std::string> only_mailbox(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name || !p.end()) return std::nullopt;
  return name;
}

bool mailbox_and_identifier(Parser& p, std::string& mailbox, AclIdentifier& who) {
  if (!p.sp()) return false;
  auto name = p.mailbox();
  if (!name || !p.sp()) return false;
  auto named = identifier(p);
  if (!named) return false;
  mailbox = std::move(*name);
  who = std::move(*named);
  return true;
}

}  // namespace

// setacl = "SETACL" SP mailbox SP identifier SP mod-rights; mod-rights = astring
Parsed parse_setacl(Parser& p) {
  SetAcl out;
  if (!mailbox_and_identifier(p, out.mailbox, out.identifier) || !p.sp()) return std::nullopt;
  auto rights = p.astring();
  if (!rights || !p.end()) return std::nullopt;
  if (rights->starts_with('+') || rights->starts_with('-')) {
    out.change = rights->front() == '+' ? SetAcl::Change::add : SetAcl::Change::remove;
    rights->erase(0, 1);
  }
  // §3.1: an unrecognized right is BAD, never ignored.
  if (rights->find_first_not_of(kRightLetters) != std::string::npos) {
    return p.fail("there is no such right");
  }
  out.rights = std::move(*rights);
  return out;
}

// deleteacl = "DELETEACL" SP mailbox SP identifier
Parsed parse_deleteacl(Parser& p) {
  DeleteAcl out;
  if (!mailbox_and_identifier(p, out.mailbox, out.identifier) || !p.end()) return std::nullopt;
  return out;
}

// getacl = "GETACL" SP mailbox
Parsed parse_getacl(Parser& p) {
  auto name = only_mailbox(p);
  if (!name) return std::nullopt;
  return GetAcl{std::move(*name)};
}

// listrights = "LISTRIGHTS" SP mailbox SP identifier
Parsed parse_listrights(Parser& p) {
  ListRights out;
  if (!mailbox_and_identifier(p, out.mailbox, out.identifier) || !p.end()) return std::nullopt;
  return out;
}

// myrights = "MYRIGHTS" SP mailbox
Parsed parse_myrights(Parser& p) {
  auto name = only_mailbox(p);
  if (!name) return std::nullopt;
  return MyRights{std::move(*name)};
}

}  // namespace fumi::imap::detail
