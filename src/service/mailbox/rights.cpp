#include "service/mailbox/rights.h"

#include <algorithm>

namespace fumi::service {
namespace {

using Namespace = VisibleMailbox::Namespace;

constexpr const char* kDoing = "opening a mailbox";

std::unexpected<Error> absent(const std::string& name) {
  return fail(Code::not_found, kDoing, "there is no mailbox " + name);
}

Status verdict(Rights rights, std::uint32_t needed, const std::string& name) {
  if (rights.bits != 0 && rights.has(needed)) return {};
  if (!rights.has(Rights::lookup)) return absent(name);
  return fail(Code::denied, kDoing, "no right to do that");
}

struct ForeignName {
  Namespace in;
  EmailAddress owner;
  std::string path;
};

// "Other Users/" address "/" path; the address ends at the first "/" behind its "@".
std::optional<ForeignName> read_foreign(std::string_view name) {
  const bool shared = name.starts_with(kSharedAccounts);
  if (!shared && !name.starts_with(kOtherUsers)) return std::nullopt;
  name.remove_prefix(shared ? kSharedAccounts.size() : kOtherUsers.size());
  const std::size_t at = name.find('@');
  const std::size_t end = at == std::string_view::npos ? at : name.find('/', at);
  if (end == std::string_view::npos || end + 1 == name.size()) return std::nullopt;
  auto address = EmailAddress::parse(name.substr(0, end));
  if (!address) return std::nullopt;
  return ForeignName{shared ? Namespace::shared : Namespace::other_users, std::move(*address),
                     std::string(name.substr(end + 1))};
}

// Whether new mailboxes of one's own may not be called that.
bool is_reserved(const std::string& name) {
  const std::string with_separator = name + '/';
  return with_separator.starts_with(kOtherUsers) || with_separator.starts_with(kSharedAccounts);
}

}  // namespace

// Administrators have been judged by their grants before they come here.
bool Gate::may_all() const {
  switch (who_.scope.actor.kind) {
    case Actor::Kind::system:
    case Actor::Kind::operator_:
    case Actor::Kind::admin:
    case Actor::Kind::token:
      return true;
    case Actor::Kind::account:
    case Actor::Kind::api_user:
    case Actor::Kind::peer:
      return false;
  }
  return false;
}

AccountId Gate::home() const {
  if (may_all()) return who_.account;
  if (who_.scope.actor.kind == Actor::Kind::account) return AccountId(who_.scope.actor.id);
  return {};
}

Result<Rights> Gate::rights(AccountId owner, MailboxId mailbox) {
  if (is_own(owner)) return Rights::all();
  if (!home()) return Rights();
  return tx_.acls().rights(home(), owner, mailbox);
}

Status Gate::check(MailboxId mailbox, std::uint32_t needed) {
  FUMI_TRY(const Rights granted, rights(who_.account, mailbox));
  return verdict(granted, needed, "");
}

Result<Permit> Gate::by_id(MailboxId id, std::uint32_t needed) {
  FUMI_TRY(const Rights granted, rights(who_.account, id));
  FUMI_CHECK(verdict(granted, needed, ""));
  FUMI_TRY(auto found, tx_.mailboxes().mailbox(who_.account, id));
  if (!found) return absent("");
  if (!is_own(who_.account)) {
    FUMI_TRY(const auto whose, owner(who_.account));
    if (!whose) return absent("");
    found->name = whose->prefix + found->name;
    found->role = MailboxRole::none;
  }
  return Permit{std::move(*found), granted};
}

Result<std::optional<Gate::Owner>> Gate::owner(AccountId id) {
  FUMI_TRY(const auto account, tx_.directory().account(id));
  if (!account || account->status == AccountStatus::deleted) return std::nullopt;
  const bool shared = account->kind == AccountKind::shared;
  Owner found{id, std::string(shared ? kSharedAccounts : kOtherUsers),
              shared ? Namespace::shared : Namespace::other_users};
  found.prefix += account->address.text() + "/";
  return found;
}

Result<std::optional<std::pair<Gate::Owner, std::string>>> Gate::foreign(const std::string& name) {
  if (may_all() || !home()) return std::nullopt;
  auto read = read_foreign(name);
  if (!read) return std::nullopt;
  FUMI_TRY(const auto account, tx_.directory().account_by_address(read->owner));
  // By the address that LIST shows, not by an alias or a sub-address.
  if (!account || account->address.exact_key() != read->owner.exact_key()) return std::nullopt;
  FUMI_TRY(auto whose, owner(account->id));
  if (!whose || whose->in != read->in || whose->id == home()) return std::nullopt;
  return std::pair(std::move(*whose), std::move(read->path));
}

Result<std::optional<Mailbox>> Gate::known_as(const std::string& name) {
  FUMI_TRY(const auto other, foreign(name));
  if (other) {
    FUMI_TRY(auto found, tx_.mailboxes().mailbox_by_name(other->first.id, other->second));
    if (found) {
      found->name = other->first.prefix + found->name;
      found->role = MailboxRole::none;
      return found;
    }
  }
  if (!home()) return std::nullopt;
  return tx_.mailboxes().mailbox_by_name(home(), name);
}

Result<Permit> Gate::by_name(const std::string& name, std::uint32_t needed) {
  FUMI_TRY(auto found, known_as(name));
  if (!found) return absent(name);
  FUMI_TRY(const Rights granted, rights(found->owner, found->id));
  FUMI_CHECK(verdict(granted, needed, name));
  return Permit{std::move(*found), granted};
}

Result<Permit> Gate::by_name_with_any(const std::string& name, std::uint32_t some) {
  FUMI_TRY(auto found, known_as(name));
  if (!found) return absent(name);
  FUMI_TRY(const Rights granted, rights(found->owner, found->id));
  if (!granted.has_any(some)) return absent(name);
  return Permit{std::move(*found), granted};
}

Result<Gate::NewName> Gate::for_new(const std::string& name) {
  if (may_all()) return NewName{home(), name};
  if (!home()) return fail(Code::denied, "naming a mailbox");
  if (!is_reserved(name)) return NewName{home(), name};
  FUMI_TRY(auto other, foreign(name));
  if (!other) return fail(Code::denied, "naming a mailbox", "that namespace is not yours");
  auto& [whose, path] = *other;
  if (path.ends_with('/')) path.pop_back();
  FUMI_TRY(const auto known, tx_.mailboxes().mailboxes(whose.id));
  for (std::size_t end = path.rfind('/'); end != std::string::npos && end > 0;
       end = path.rfind('/', end - 1)) {
    const auto above = std::ranges::find(known, path.substr(0, end), &Mailbox::name);
    if (above == known.end()) continue;
    FUMI_TRY(const Rights granted, rights(whose.id, above->id));
    if (!granted.has(Rights::create)) break;
    return NewName{whose.id, std::move(path)};
  }
  return fail(Code::denied, "naming a mailbox", "no right to make mailboxes there");
}

Result<std::vector<VisibleMailbox>> Gate::visible() {
  std::vector<VisibleMailbox> out;
  if (!home()) return out;
  FUMI_TRY(auto own, tx_.mailboxes().mailboxes(home()));
  for (Mailbox& mailbox : own)
    out.push_back({std::move(mailbox), Rights::all(), Namespace::personal});
  if (may_all()) return out;
  FUMI_TRY(const auto shared, tx_.acls().shared_with(home()));
  if (shared.empty()) return out;
  FUMI_TRY(const auto subscribed, tx_.acls().subscribed(home()));
  std::optional<Owner> whose;
  for (const SharedMailbox& one : shared) {
    if (!one.rights.has(Rights::lookup)) continue;
    if (!whose || whose->id != one.owner) {
      FUMI_TRY(whose, owner(one.owner));
      if (!whose) continue;
    }
    FUMI_TRY(auto mailbox, tx_.mailboxes().mailbox(one.owner, one.mailbox));
    if (!mailbox) continue;
    mailbox->name = whose->prefix + mailbox->name;
    mailbox->role = MailboxRole::none;
    mailbox->subscribed = std::ranges::binary_search(subscribed, mailbox->id);
    out.push_back({std::move(*mailbox), one.rights, whose->in});
  }
  std::ranges::sort(
      out, {}, [](const VisibleMailbox& one) -> const std::string& { return one.mailbox.name; });
  return out;
}

std::uint32_t settable_bits(Rights rights) {
  std::uint32_t bits = 0;
  if (rights.has(Rights::seen)) bits |= Flags::seen;
  if (rights.has(Rights::mark_deleted)) bits |= Flags::deleted;
  if (rights.has(Rights::write)) bits |= Flags::answered | Flags::flagged | Flags::draft;
  return bits;
}

Flags permitted(Flags flags, Rights rights) {
  flags.bits &= settable_bits(rights);
  if (!rights.has(Rights::write)) flags.keywords.clear();
  return flags;
}

}  // namespace fumi::service
