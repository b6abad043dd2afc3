// Who may use a mailbox (RFC 4314 §3): asked and changed by those who have the a right, by the
// owner and by operators. Each change is an operation record of the tenant.
#include <algorithm>

#include "service/mailbox/mailboxes.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr const char* kDoing = "reading rights";

// 0: anyone. invalid: no account of this tenant has that address.
Result<AccountId> account_of(Tx& tx, const std::string& identifier) {
  if (identifier == kAnyone) return AccountId();
  const auto address = EmailAddress::parse(identifier);
  if (address) {
    FUMI_TRY(const auto account, tx.directory().account_by_address(*address));
    if (account) return account->id;
  }
  return fail(Code::invalid, kDoing, "there is no account of that name");
}

Result<std::string> address_of(Tx& tx, AccountId id) {
  FUMI_TRY(const auto account, tx.directory().account(id));
  if (!account || account->status == AccountStatus::deleted) return std::string();
  return account->address.text();
}

Result<std::vector<AclLine>> lines_of(Tx& tx, const Mailbox& mailbox) {
  std::vector<AclLine> lines;
  FUMI_TRY(const auto entries, tx.acls().acl(mailbox.owner, mailbox.id));
  for (const AclEntry& entry : entries) {
    std::string name = kAnyone;
    if (entry.account) {
      FUMI_TRY(name, address_of(tx, entry.account));
    }
    // Of a deleted account: nobody can use it.
    if (!name.empty()) lines.push_back({std::move(name), entry.granted, entry.denied});
  }
  return lines;
}

Result<AclEntry> edited(Tx& tx, const Mailbox& mailbox, AccountId account,
                        const std::vector<AclEdit>& edits) {
  FUMI_TRY(const auto entries, tx.acls().acl(mailbox.owner, mailbox.id));
  AclEntry entry;
  const auto known = std::ranges::find(entries, account, &AclEntry::account);
  if (known != entries.end()) entry = *known;
  entry.account = account;
  for (const AclEdit& edit : edits) {
    Rights& rights = edit.sign == AclEdit::Sign::grant ? entry.granted : entry.denied;
    switch (edit.change) {
      case AclEdit::Change::replace:
        rights = edit.rights;
        break;
      case AclEdit::Change::add:
        rights.bits |= edit.rights.bits;
        break;
      case AclEdit::Change::remove:
        rights.bits &= ~edit.rights.bits;
        break;
    }
  }
  return entry;
}

}  // namespace

Task<Result<std::vector<VisibleMailbox>>> Mailboxes::visible(MailAccount who) {
  auto work = [&](Tx& tx) { return Gate(tx, who).visible(); };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Permit>> Mailboxes::permit(MailAccount who, std::string name, std::uint32_t needed) {
  auto work = [&](Tx& tx) { return Gate(tx, who).by_name(name, needed); };
  co_return co_await store_.glance(who.scope, std::move(work));
}

Task<Result<Permit>> Mailboxes::my_rights(MailAccount who, std::string name) {
  // RFC 4314 §4: any of these is needed.
  constexpr std::uint32_t kAny = Rights::lookup | Rights::read | Rights::insert | Rights::create |
                                 Rights::remove | Rights::administer;
  auto work = [&](Tx& tx) { return Gate(tx, who).by_name_with_any(name, kAny); };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<MailboxAcl>> Mailboxes::acl(MailAccount who, std::string name) {
  auto work = [&](Tx& tx) -> Result<MailboxAcl> {
    FUMI_TRY(const Permit permit, Gate(tx, who).by_name(name, Rights::administer));
    MailboxAcl acl;
    acl.mailbox = permit.mailbox.name;
    FUMI_TRY(acl.owner, address_of(tx, permit.mailbox.owner));
    FUMI_TRY(acl.lines, lines_of(tx, permit.mailbox));
    return acl;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<std::vector<MailboxAcl>>> Mailboxes::acls(MailAccount who) {
  auto work = [&](Tx& tx) -> Result<std::vector<MailboxAcl>> {
    std::vector<MailboxAcl> all;
    FUMI_TRY(const auto mailboxes, Gate(tx, who).visible());
    for (const VisibleMailbox& one : mailboxes) {
      if (one.mailbox.owner != who.account) continue;
      MailboxAcl acl;
      acl.mailbox = one.mailbox.name;
      FUMI_TRY(acl.owner, address_of(tx, who.account));
      FUMI_TRY(acl.lines, lines_of(tx, one.mailbox));
      all.push_back(std::move(acl));
    }
    return all;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Rights>> Mailboxes::always_granted(MailAccount who, std::string name,
                                               std::string identifier) {
  auto work = [&](Tx& tx) -> Result<Rights> {
    FUMI_TRY(const Permit permit, Gate(tx, who).by_name(name, Rights::administer));
    FUMI_TRY(const AccountId account, account_of(tx, identifier));
    return account == permit.mailbox.owner ? Rights::all() : Rights();
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Status> Mailboxes::set_acl(MailAccount who, std::optional<std::string> name, AclEdit edit) {
  std::vector<AclEdit> edits(1, std::move(edit));
  co_return co_await edit_acl(std::move(who), std::move(name), std::move(edits));
}

Task<Status> Mailboxes::edit_acl(MailAccount who, std::optional<std::string> name,
                                 std::vector<AclEdit> edits) {
  if (edits.empty()) co_return Status();
  const std::string identifier = edits.front().identifier;
  auto work = [&](Tx& tx) -> Status {
    std::vector<Mailbox> targets;
    if (name) {
      FUMI_TRY(Permit permit, Gate(tx, who).by_name(*name, Rights::administer));
      targets.push_back(std::move(permit.mailbox));
    } else {
      FUMI_TRY(const auto mailboxes, Gate(tx, who).visible());
      for (const VisibleMailbox& one : mailboxes) {
        if (one.mailbox.owner == who.account) targets.push_back(one.mailbox);
      }
    }
    if (targets.empty()) return fail(Code::not_found, kDoing, "there is no mailbox");
    FUMI_TRY(const AccountId account, account_of(tx, identifier));
    for (const Mailbox& mailbox : targets) {
      FUMI_TRY(const AclEntry entry, edited(tx, mailbox, account, edits));
      FUMI_CHECK(tx.acls().set_acl(mailbox.owner, mailbox.id, entry));
      FUMI_TRY(std::string owner, address_of(tx, mailbox.owner));
      FUMI_CHECK(tx.records().append(operation(who.scope.actor, clock_.now(),
                                               entry.is_empty() ? "acl.remove" : "acl.set",
                                               std::move(owner),
                                               {{"mailbox", mailbox.name},
                                                {"identifier", identifier},
                                                {"granted", entry.granted.text()},
                                                {"denied", entry.denied.text()}})));
    }
    return {};
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

}  // namespace fumi::service
