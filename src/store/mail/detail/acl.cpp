#include "store/mail/detail/acl.h"

namespace fumi::store {
namespace {

using sql::Row;
using sql::Statement;

constexpr Statement kAcl{
    "SELECT grantee_id, granted, denied FROM mailbox_acl"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 ORDER BY grantee_id"};
constexpr Statement kRights{
    "SELECT l.granted, l.denied FROM mailbox_acl l JOIN accounts a"
    " ON a.tenant_id = l.tenant_id AND a.account_id = l.account_id"
    " WHERE l.tenant_id = $1 AND l.account_id = $2 AND l.mailbox_id = $3"
    " AND l.grantee_id IN (0, $4) AND a.status <> 2"};
constexpr Statement kOwns{
    "SELECT 1 FROM mailboxes m JOIN accounts a"
    " ON a.tenant_id = m.tenant_id AND a.account_id = m.account_id"
    " WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.mailbox_id = $3 AND a.status <> 2"};
constexpr Statement kShared{
    "SELECT l.account_id, l.mailbox_id, l.granted, l.denied FROM mailbox_acl l JOIN accounts a"
    " ON a.tenant_id = l.tenant_id AND a.account_id = l.account_id"
    " WHERE l.tenant_id = $1 AND l.grantee_id IN (0, $2) AND l.account_id <> $2 AND a.status <> 2"
    " ORDER BY l.account_id, l.mailbox_id LIMIT $3"};
constexpr Statement kSet{
    "INSERT INTO mailbox_acl (tenant_id, account_id, mailbox_id, grantee_id, granted, denied)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (tenant_id, account_id, mailbox_id, grantee_id)"
    " DO UPDATE SET granted = excluded.granted, denied = excluded.denied"};
constexpr Statement kRemove{
    "DELETE FROM mailbox_acl"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND grantee_id = $4"};
constexpr Statement kCount{
    "SELECT count(*) FROM mailbox_acl"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kLives{
    "SELECT 1 FROM accounts WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};
constexpr Statement kInherit{
    "INSERT INTO mailbox_acl (tenant_id, account_id, mailbox_id, grantee_id, granted, denied)"
    " SELECT tenant_id, account_id, $4, grantee_id, granted, denied FROM mailbox_acl"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kDropAll{
    "DELETE FROM mailbox_acl WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kDropSubscriptions{
    "DELETE FROM shared_subscriptions WHERE tenant_id = $1 AND mailbox_id = $2"};
constexpr Statement kSubscribe{
    "INSERT INTO shared_subscriptions (tenant_id, account_id, mailbox_id) VALUES ($1, $2, $3)"
    " ON CONFLICT (tenant_id, account_id, mailbox_id) DO NOTHING"};
constexpr Statement kUnsubscribe{
    "DELETE FROM shared_subscriptions"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kSubscribed{
    "SELECT mailbox_id FROM shared_subscriptions"
    " WHERE tenant_id = $1 AND account_id = $2 ORDER BY mailbox_id"};

Rights rights_in(const Row& row, int column) {
  return {static_cast<std::uint32_t>(row.int64(column)) & Rights::everything};
}

}  // namespace

Result<std::vector<AclEntry>> SqlAcl::acl(AccountId owner, MailboxId mailbox) {
  std::vector<AclEntry> found;
  auto visit = [&](const Row& row) {
    found.push_back({row.id<AccountId>(0), rights_in(row, 1), rights_in(row, 2)});
  };
  FUMI_CHECK(context_.query(kAcl, visit, owner, mailbox));
  return found;
}

Result<Rights> SqlAcl::rights(AccountId reader, AccountId owner, MailboxId mailbox) {
  if (reader == owner) {
    FUMI_TRY(const auto owns, context_.one(kOwns, [](const Row&) { return true; }, owner, mailbox));
    return owns ? Rights::all() : Rights();
  }
  Rights granted;
  Rights denied;
  auto visit = [&](const Row& row) {
    granted.bits |= rights_in(row, 0).bits;
    denied.bits |= rights_in(row, 1).bits;
  };
  FUMI_CHECK(context_.query(kRights, visit, owner, mailbox, reader));
  return Rights{granted.bits & ~denied.bits};
}

Result<std::vector<SharedMailbox>> SqlAcl::shared_with(AccountId reader) {
  std::vector<SharedMailbox> found;
  std::uint32_t denied = 0;  // of the last mailbox
  auto visit = [&](const Row& row) {
    const auto owner = row.id<AccountId>(0);
    const auto mailbox = row.id<MailboxId>(1);
    if (found.empty() || found.back().mailbox != mailbox) {
      denied = 0;
      found.push_back({owner, mailbox, {}});
    }
    denied |= rights_in(row, 3).bits;
    Rights& rights = found.back().rights;
    rights.bits = (rights.bits | rights_in(row, 2).bits) & ~denied;
  };
  // Two rows a mailbox at most: anyone's and the reader's.
  FUMI_CHECK(context_.query(kShared, visit, reader, 2 * kSharedMax));
  std::erase_if(found, [](const SharedMailbox& one) { return one.rights.bits == 0; });
  if (found.size() > kSharedMax) found.resize(kSharedMax);
  return found;
}

Status SqlAcl::set_acl(AccountId owner, MailboxId mailbox, const AclEntry& entry) {
  constexpr const char* kDoing = "changing an ACL";
  if (entry.account == owner) return fail(Code::invalid, kDoing, "the owner has all rights");
  FUMI_CHECK(mailboxes_.touch(owner, mailbox));
  if (entry.is_empty()) {
    FUMI_CHECK(context_.run(kRemove, owner, mailbox, entry.account));
  } else {
    if (entry.account) {
      FUMI_TRY(const auto lives,
               context_.one(kLives, [](const Row&) { return true; }, entry.account));
      if (!lives) return fail(Code::not_found, kDoing, "no such account");
    }
    FUMI_CHECK(
        context_.run(kSet, owner, mailbox, entry.account, entry.granted.bits, entry.denied.bits));
    FUMI_TRY(const auto entries,
             context_.one(kCount, [](const Row& row) { return row.int64(0); }, owner, mailbox));
    if (entries.value_or(0) > static_cast<std::int64_t>(kAclMax)) {
      return fail(Code::too_large, kDoing, "too many entries");
    }
  }
  // Of the mailbox itself: who has it open asks for their rights anew.
  context_.changed(owner, mailbox);
  if (entry.account) context_.changed(entry.account, MailboxId());
  return {};
}

Status SqlAcl::inherit(Context& context, AccountId owner, MailboxId superior, MailboxId made) {
  return context.run(kInherit, owner, superior, made);
}

Status SqlAcl::drop_all(Context& context, AccountId owner, MailboxId mailbox) {
  FUMI_CHECK(context.run(kDropSubscriptions, mailbox));
  return context.run(kDropAll, owner, mailbox);
}

Status SqlAcl::set_subscribed(AccountId reader, MailboxId mailbox,
                              bool subscribed) {  // lint: bool-ok the value itself
  if (!subscribed) return context_.run(kUnsubscribe, reader, mailbox);
  return context_.run(kSubscribe, reader, mailbox);
}

Result<std::vector<MailboxId>> SqlAcl::subscribed(AccountId reader) {
  std::vector<MailboxId> found;
  auto visit = [&](const Row& row) { found.push_back(row.id<MailboxId>(0)); };
  FUMI_CHECK(context_.query(kSubscribed, visit, reader));
  return found;
}

}  // namespace fumi::store
