// Rights (RFC 4314 §3), namespaces (RFC 2342), and what LIST shows of levels that are no mailboxes.
#include <algorithm>
#include <array>
#include <set>

#include "proto/imap/mailbox_name.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

service::AclEdit edit_of(const imap::AclIdentifier& who) {
  service::AclEdit edit;
  edit.identifier = who.name;
  if (who.sign == imap::AclIdentifier::Sign::deny) edit.sign = service::AclEdit::Sign::deny;
  return edit;
}

imap::AclPairs pairs_of(const service::MailboxAcl& acl) {
  imap::AclPairs pairs{{acl.owner, Rights::all().text_with_virtual()}};
  for (const service::AclLine& line : acl.lines) {
    if (line.granted.bits != 0) {
      pairs.emplace_back(line.identifier, line.granted.text_with_virtual());
    }
    if (line.denied.bits != 0) {
      pairs.emplace_back("-" + line.identifier, line.denied.text_with_virtual());
    }
  }
  return pairs;
}

}  // namespace

// Whether the step was one of these; it is done then.
Task<bool> ImapSession::act_on_rights(imap::Step& step) {
  if (auto* set = std::get_if<imap::SetAcl>(&step)) {
    service::AclEdit edit = edit_of(set->identifier);
    const auto rights = Rights::parse(set->rights);
    edit.rights = rights.value_or(Rights());
    if (set->change == imap::SetAcl::Change::add) edit.change = service::AclEdit::Change::add;
    if (set->change == imap::SetAcl::Change::remove) edit.change = service::AclEdit::Change::remove;
    std::optional<std::string> mailbox(std::move(set->mailbox));
    const Status done =
        co_await host_.mailboxes.set_acl(who(), std::move(mailbox), std::move(edit));
    imap::Reply reply = imap::ok("SETACL done");
    if (!done) reply = to_imap(done.error());
    co_await finish(std::move(reply));
  } else if (auto* gone = std::get_if<imap::DeleteAcl>(&step)) {
    service::AclEdit edit = edit_of(gone->identifier);
    std::optional<std::string> mailbox(std::move(gone->mailbox));
    const Status done =
        co_await host_.mailboxes.set_acl(who(), std::move(mailbox), std::move(edit));
    imap::Reply reply = imap::ok("DELETEACL done");
    if (!done) reply = to_imap(done.error());
    co_await finish(std::move(reply));
  } else if (auto* get = std::get_if<imap::GetAcl>(&step)) {
    const auto acl = co_await host_.mailboxes.acl(who(), std::move(get->mailbox));
    if (acl) engine_.writer().acl(acl->mailbox, pairs_of(*acl));
    imap::Reply reply = imap::ok("GETACL done");
    if (!acl) reply = to_imap(acl.error());
    co_await finish(std::move(reply));
  } else if (auto* list = std::get_if<imap::ListRights>(&step)) {
    const auto always =
        co_await host_.mailboxes.always_granted(who(), list->mailbox, list->identifier.name);
    if (always) {
      // Nothing is denied for ever.
      const bool denies = list->identifier.sign == imap::AclIdentifier::Sign::deny;
      engine_.writer().list_rights(list->mailbox, list->identifier,
                                   denies ? std::string() : always->text_with_virtual());
    }
    imap::Reply reply = imap::ok("LISTRIGHTS done");
    if (!always) reply = to_imap(always.error());
    co_await finish(std::move(reply));
  } else if (auto* mine = std::get_if<imap::MyRights>(&step)) {
    const auto permit = co_await host_.mailboxes.my_rights(who(), mine->mailbox);
    if (permit) engine_.writer().my_rights(mine->mailbox, permit->rights.text_with_virtual());
    imap::Reply reply = imap::ok("MYRIGHTS done");
    if (!permit) reply = to_imap(permit.error());
    co_await finish(std::move(reply));
  } else if (std::holds_alternative<imap::NamespaceQuery>(step)) {
    const std::array<imap::NamespaceEntry, 1> personal{imap::NamespaceEntry{""}};
    const std::array<imap::NamespaceEntry, 1> others{
        imap::NamespaceEntry{std::string(service::kOtherUsers)}};
    const std::array<imap::NamespaceEntry, 1> shared{
        imap::NamespaceEntry{std::string(service::kSharedAccounts)}};
    engine_.writer().namespaces(personal, others, shared);
    co_await finish(imap::ok("NAMESPACE done"));
  } else {
    co_return false;
  }
  co_return true;
}

// Levels above others' mailboxes that are no mailboxes themselves, where the patterns name them but
// none of the mailboxes below: "%" walks down the hierarchy (RFC 9051 §6.3.9).
std::vector<std::string> levels_without_mailbox(const std::vector<service::VisibleMailbox>& all,
                                                const std::vector<std::string>& patterns,
                                                Counted counted) {
  std::set<std::string> names;
  std::set<std::string> levels;
  const auto matches = [&](const std::string& name) {
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return imap::list_matches(pattern, name); });
  };
  for (const service::VisibleMailbox& one : all)
    names.insert(one.mailbox.name);
  for (const service::VisibleMailbox& one : all) {
    if (one.in == service::VisibleMailbox::Namespace::personal) continue;
    if (counted == Counted::subscribed && !one.mailbox.subscribed) continue;
    const std::string& name = one.mailbox.name;
    if (matches(name)) continue;
    for (std::size_t end = name.find('/'); end != std::string::npos;
         end = name.find('/', end + 1)) {
      std::string level = name.substr(0, end);
      if (!names.contains(level) && matches(level)) levels.insert(std::move(level));
    }
  }
  return {levels.begin(), levels.end()};
}

void ImapSession::list_levels(const imap::List& list,
                              const std::vector<service::VisibleMailbox>& all) {
  const bool by_subscription = list.select.subscribed;
  if (list.select.special_use || (by_subscription && !list.select.recursive_match)) return;
  for (std::string& level : levels_without_mailbox(
           all, list.patterns, by_subscription ? Counted::subscribed : Counted::all)) {
    imap::ListEntry entry;
    entry.attributes = {"\\Noselect", "\\NonExistent", "\\HasChildren"};
    entry.name = std::move(level);
    entry.child_subscribed = by_subscription;
    engine_.writer().list(entry);
  }
}

// Of somebody else's mailbox that is selected: a session on a fresh index asks the store for
// nothing else.
Task<Status> ImapSession::follow_rights() {
  if (selected_->owner == principal_->account) co_return Status();
  const auto now = co_await host_.mailboxes.rights_on(whose(), selected_->id);
  if (!now) co_return std::unexpected(now.error());
  if (!now->has(Rights::read)) co_return fail(Code::denied, "reading changes", "rights are lost");
  if (*now != selected_->rights) take_rights(*now);
  co_return Status();
}

imap::Select::Access access_by(Rights rights, imap::Select::Access asked) {
  constexpr std::uint32_t kChanges = service::kFlagRights | Rights::insert | Rights::expunge;
  return rights.has_any(kChanges) ? asked : imap::Select::Access::read_only;
}

// RFC 4314 §5.1.1: what may be changed is told anew; RFC 9051 §7.1: and whether anything may.
void ImapSession::take_rights(Rights now) {
  const imap::Select::Access access = access_by(now, selected_->asked);
  const bool writable = access == imap::Select::Access::read_write;
  imap::Writer& writer = engine_.writer();
  if (access != selected_->access) {
    const auto code = writable ? imap::code::Plain::read_write : imap::code::Plain::read_only;
    writer.status_ok("Your rights have changed", imap::code::plain(code));
  }
  selected_->rights = now;
  selected_->access = access;
  const Flags used = used_flags(*selected_->now);
  writer.flags(names_of(used));
  std::vector<std::string> permanent;
  if (writable) permanent = permanent_flags(used, now);
  writer.permanent_flags(permanent);
}

// All that messages have, or may be given.
Flags used_flags(const service::MailboxSnapshot& now) {
  Flags used;
  used.keywords = now.keyword_names();
  used.bits = Flags::seen | Flags::answered | Flags::flagged | Flags::deleted | Flags::draft;
  return apply({}, FlagsOperation::replace, used);
}

// Which of FLAGS the rights let the client change (RFC 4314 §5.1.1).
std::vector<std::string> ImapSession::permanent_flags(const Flags& used, Rights rights) {
  Flags flags = service::permitted(used, rights);
  std::vector<std::string> names = names_of(flags);
  if (rights.has(Rights::write)) names.emplace_back("\\*");
  return names;
}

}  // namespace fumi::server
