#include "store/mail/detail/mailboxes.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "store/mail/detail/acl.h"
#include "store/mail/detail/attachment_texts.h"
#include "store/mail/detail/blocks.h"
#include "store/mail/detail/held.h"
#include "store/mail/detail/metadata.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

#define FUMI_MAILBOX_COLUMNS                                                                    \
  "mailbox_id, name, role, subscribed, uid_validity, uid_next, modseq, total, unseen, deleted," \
  " octets, sort_order"

constexpr Statement kMailboxes{"SELECT " FUMI_MAILBOX_COLUMNS
                               " FROM mailboxes WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kMailbox{
    "SELECT " FUMI_MAILBOX_COLUMNS
    " FROM mailboxes WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kByRole{
    "SELECT " FUMI_MAILBOX_COLUMNS
    " FROM mailboxes WHERE tenant_id = $1 AND account_id = $2 AND role = $3"};
constexpr Statement kInsert{
    "INSERT INTO mailboxes (tenant_id, account_id, mailbox_id, role, subscribed, uid_validity,"
    " uid_next, modseq, total, unseen, deleted, octets, expunged_count, expunged_floor, name, "
    "created, named, sort_order)"
    " VALUES ($1, $2, $3, $4, 1, $5, 1, $6, 0, 0, 0, 0, 0, 0, $7, $6, $6, 0)"};
constexpr Statement kUidNext{
    "SELECT uid_next FROM mailboxes WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
// Ascends from the clock's seconds, so that a mailbox made anew under an old name has another one.
constexpr Statement kNextValidity{
    "UPDATE accounts SET uid_validity ="
    " CASE WHEN uid_validity >= $3 THEN uid_validity + 1 ELSE $3 END"
    " WHERE tenant_id = $1 AND account_id = $2 RETURNING uid_validity"};
constexpr Statement kRaise{
    "UPDATE accounts SET change = change + 1"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2 RETURNING change"};
constexpr Statement kSetInbox{
    "UPDATE accounts SET inbox_id = $3 WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kSetName{
    "UPDATE mailboxes SET name = $4, named = $5"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kTouch{
    "UPDATE mailboxes SET named = $4"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kSetSubscribed{
    "UPDATE mailboxes SET subscribed = $4, named = $5"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};

// Deleting a mailbox is set-based: it may hold a million entries. For EmailStore's changes: emails
// that go, emails that stay elsewhere (those too that had left the mailbox before: its list of
// expunged goes with it), and the mailbox itself.
constexpr Statement kRememberGone{
    "INSERT INTO gone (tenant_id, account_id, modseq, kind, object_id, thread_id, created)"
    " SELECT tenant_id, account_id, $4, 2, email_id, thread_id, created FROM emails WHERE "
    "tenant_id = $1"
    " AND account_id = $2 AND email_id IN (SELECT email_id FROM entries"
    "   WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3)" FUMI_NOT_HELD_BY(
        " AND f.mailbox_id <> $3", " AND c.mailbox_id <> $3")};
constexpr Statement kDropGone{
    "DELETE FROM emails WHERE tenant_id = $1 AND account_id = $2 AND email_id IN"
    " (SELECT object_id FROM gone"
    " WHERE tenant_id = $1 AND account_id = $2 AND modseq = $3 AND kind = 2) RETURNING octets"};
// What is left of them, once kDropGone has run.
constexpr Statement kRememberLeft{
    "INSERT INTO gone (tenant_id, account_id, modseq, kind, object_id, thread_id, created)"
    " SELECT tenant_id, account_id, $4, 3, email_id, thread_id, created FROM emails"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id IN"
    " (SELECT email_id FROM entries WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"
    "   UNION SELECT email_id FROM expunged"
    "   WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3)"};
constexpr Statement kRememberMailbox{
    "INSERT INTO gone (tenant_id, account_id, modseq, kind, object_id, thread_id, created)"
    " SELECT tenant_id, account_id, $4, 1, mailbox_id, 0, created FROM mailboxes"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kFreeOctets{
    "UPDATE accounts SET used_octets = used_octets - $3 WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kDropEntries{
    "DELETE FROM entries WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kDropExpunged{
    "DELETE FROM expunged WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kDropMailbox{
    "DELETE FROM mailboxes WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};

constexpr std::size_t kNameOctetsMax = 1000;
constexpr std::size_t kLevelsMax = 20;
constexpr std::string_view kInbox = "INBOX";

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + more >= text.size()) return false;
    char32_t point = more == 0 ? lead : lead & (0x3fU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80) return false;
      point = point << 6U | (next & 0x3fU);
    }
    if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000)) return false;
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += more + 1;
  }
  return true;
}

const Mailbox* by_name(const std::vector<Mailbox>& known, std::string_view name) {
  const auto found = std::ranges::find(known, name, &Mailbox::name);
  return found == known.end() ? nullptr : &*found;
}

bool is_inferior(std::string_view name, std::string_view superior) {
  return name.size() > superior.size() + 1 && name.starts_with(superior) &&
         name[superior.size()] == '/';
}

}  // namespace

std::optional<std::string> canonical_mailbox_name(std::string_view name) {
  if (name.ends_with('/')) name.remove_suffix(1);
  if (name.empty() || name.size() > kNameOctetsMax || !is_utf8(name)) return std::nullopt;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
  }
  const auto levels = ascii::split(name, '/');
  if (levels.size() > kLevelsMax) return std::nullopt;
  for (const std::string_view level : levels) {
    if (level.empty()) return std::nullopt;
  }
  std::string out(name);
  if (ascii::iequals(levels.front(), kInbox)) out.replace(0, kInbox.size(), kInbox);
  return out;
}

Result<ModSeq> SqlMailboxes::raise(AccountId account) {
  FUMI_TRY(const auto change,
           context_.one(kRaise, [](const Row& row) { return row.id<ModSeq>(0); }, account));
  if (!change) return fail(Code::not_found, "changing an account", "no such account");
  return *change;
}

Result<Uid> SqlMailboxes::require(AccountId account, MailboxId mailbox) {
  auto map = [](const Row& row) { return Uid{static_cast<std::uint32_t>(row.int64(0))}; };
  FUMI_TRY(const auto next, context_.one(kUidNext, map, account, mailbox));
  if (!next) return fail(Code::not_found, "looking up a mailbox");
  return *next;
}

Result<Mailbox> SqlMailboxes::mailbox_of(AccountId account, const Row& row) {
  Mailbox mailbox;
  mailbox.id = row.id<MailboxId>(0);
  mailbox.owner = account;
  FUMI_TRY(mailbox.name,
           context_.open(purpose::kMailboxName, row.blob(1), Aad(account, mailbox.id)));
  mailbox.role = static_cast<MailboxRole>(row.int64(2));
  mailbox.subscribed = row.flag(3);
  mailbox.uid_validity.value = static_cast<std::uint32_t>(row.int64(4));
  mailbox.uid_next.value = static_cast<std::uint32_t>(row.int64(5));
  mailbox.modseq = row.id<ModSeq>(6);
  mailbox.total = static_cast<std::uint32_t>(row.int64(7));
  mailbox.unseen = static_cast<std::uint32_t>(row.int64(8));
  mailbox.deleted = static_cast<std::uint32_t>(row.int64(9));
  mailbox.octets = static_cast<std::uint64_t>(row.int64(10));
  mailbox.sort_order = static_cast<std::uint32_t>(row.int64(11));
  return mailbox;
}

Result<std::vector<Mailbox>> SqlMailboxes::mailboxes(AccountId account) {
  std::vector<Mailbox> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto mailbox, mailbox_of(account, row));
    found.push_back(std::move(mailbox));
    return {};
  };
  FUMI_CHECK(context_.query(kMailboxes, visit, account));
  std::ranges::sort(found, {}, &Mailbox::name);
  return found;
}

Result<std::optional<Mailbox>> SqlMailboxes::mailbox(AccountId account, MailboxId id) {
  return context_.one(
      kMailbox, [&](const Row& row) { return mailbox_of(account, row); }, account, id);
}

Result<std::optional<Mailbox>> SqlMailboxes::mailbox_by_name(AccountId account,
                                                             const std::string& name) {
  const auto canonical = canonical_mailbox_name(name);
  if (!canonical) return std::nullopt;
  FUMI_TRY(const auto known, mailboxes(account));
  const Mailbox* const found = by_name(known, *canonical);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<std::optional<Mailbox>> SqlMailboxes::mailbox_by_role(AccountId account, MailboxRole role) {
  if (role == MailboxRole::none) return std::nullopt;
  return context_.one(
      kByRole, [&](const Row& row) { return mailbox_of(account, row); }, account, role);
}

Result<Mailbox> SqlMailboxes::insert(AccountId account, const std::string& name, MailboxRole role,
                                     ModSeq modseq) {
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(context_.now()).time_since_epoch().count();
  FUMI_TRY(const auto validity, context_.one(
                                    kNextValidity, [](const Row& row) { return row.int64(0); },
                                    account, std::max<std::int64_t>(seconds, 1)));
  if (!validity) return fail(Code::not_found, "creating a mailbox", "no such account");
  Mailbox mailbox;
  mailbox.id = context_.next_id<MailboxId>();
  mailbox.owner = account;
  mailbox.name = name;
  mailbox.role = role;
  mailbox.uid_validity.value = static_cast<std::uint32_t>(*validity);
  mailbox.uid_next.value = 1;
  mailbox.modseq = modseq;
  FUMI_TRY(const auto sealed, context_.seal(purpose::kMailboxName, name, Aad(account, mailbox.id)));
  FUMI_CHECK(context_.run(kInsert, account, mailbox.id, role, *validity, modseq, Blob{sealed}));
  return mailbox;
}

Status SqlMailboxes::create_standard(AccountId account) {
  constexpr std::array<std::pair<const char*, MailboxRole>, 6> kStandard{{
      {"INBOX", MailboxRole::inbox},
      {"Drafts", MailboxRole::drafts},
      {"Sent", MailboxRole::sent},
      {"Trash", MailboxRole::trash},
      {"Junk", MailboxRole::junk},
      {"Archive", MailboxRole::archive},
  }};
  for (const auto& [name, role] : kStandard) {
    FUMI_TRY(const Mailbox made, insert(account, name, role, ModSeq(1)));
    if (role == MailboxRole::inbox) FUMI_CHECK(context_.run(kSetInbox, account, made.id));
  }
  return {};
}

Result<Mailbox> SqlMailboxes::insert_path(AccountId account, const std::vector<Mailbox>& known,
                                          const std::string& name, MailboxRole role,
                                          ModSeq modseq) {
  std::size_t missing = 1;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
    if (by_name(known, std::string_view(name).substr(0, at)) == nullptr) ++missing;
  }
  if (known.size() + missing > context_.shared().options.mailboxes_max) {
    return fail(Code::too_large, "creating a mailbox", "the account has too many");
  }
  MailboxId above;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
    const std::string superior = name.substr(0, at);
    const Mailbox* const there = by_name(known, superior);
    if (there != nullptr) {
      above = there->id;
      continue;
    }
    FUMI_TRY(const Mailbox made, insert(account, superior, MailboxRole::none, modseq));
    if (above) FUMI_CHECK(SqlAcl::inherit(context_, account, above, made.id));
    above = made.id;
    FUMI_CHECK(touch_inferiors(account, known, superior, modseq));
  }
  FUMI_CHECK(touch_inferiors(account, known, name, modseq));
  FUMI_TRY(auto made, insert(account, name, role, modseq));
  if (above) FUMI_CHECK(SqlAcl::inherit(context_, account, above, made.id));
  return made;
}

Status SqlMailboxes::touch(AccountId account, MailboxId mailbox) {
  FUMI_CHECK(require(account, mailbox));
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_CHECK(context_.run(kTouch, account, mailbox, modseq));
  context_.changed(account, MailboxId());
  return {};
}

// A level that comes or goes changes what those below it are called from their parent's view
// (RFC 8621 §2: name and parentId).
Status SqlMailboxes::touch_inferiors(AccountId account, const std::vector<Mailbox>& known,
                                     std::string_view name, ModSeq modseq) {
  for (const Mailbox& other : known) {
    if (is_inferior(other.name, name)) FUMI_CHECK(context_.run(kTouch, account, other.id, modseq));
  }
  return {};
}

Result<Mailbox> SqlMailboxes::create_mailbox(AccountId account, const std::string& name,
                                             MailboxRole role) {
  const auto canonical = canonical_mailbox_name(name);
  if (!canonical) return fail(Code::invalid, "creating a mailbox", "bad name");
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_TRY(const auto known, mailboxes(account));
  if (by_name(known, *canonical) != nullptr) {
    return fail(Code::conflict, "creating a mailbox", "the name is taken");
  }
  if (role != MailboxRole::none && std::ranges::find(known, role, &Mailbox::role) != known.end()) {
    return fail(Code::conflict, "creating a mailbox", "another mailbox has that role");
  }
  FUMI_TRY(auto made, insert_path(account, known, *canonical, role, modseq));
  context_.changed(account, MailboxId());
  return made;
}

Status SqlMailboxes::write_name(AccountId account, MailboxId id, const std::string& name,
                                ModSeq modseq) {
  FUMI_TRY(const auto sealed, context_.seal(purpose::kMailboxName, name, Aad(account, id)));
  return context_.run(kSetName, account, id, Blob{sealed}, modseq);
}

Status SqlMailboxes::rename_mailbox(AccountId account, MailboxId id, const std::string& name) {
  constexpr const char* kDoing = "renaming a mailbox";
  const auto canonical = canonical_mailbox_name(name);
  if (!canonical) return fail(Code::invalid, kDoing, "bad name");
  FUMI_TRY(const auto known, mailboxes(account));
  const auto found = std::ranges::find(known, id, &Mailbox::id);
  if (found == known.end()) return fail(Code::not_found, kDoing);
  if (by_name(known, *canonical) != nullptr) {
    return fail(Code::conflict, kDoing, "the name is taken");
  }
  if (found->role == MailboxRole::inbox) return rename_inbox(account, known, id, *canonical);
  if (is_inferior(*canonical, found->name)) {
    return fail(Code::invalid, kDoing, "into a mailbox below itself");
  }
  FUMI_TRY(const ModSeq modseq, raise(account));
  for (const Mailbox& other : known) {
    if (!is_inferior(other.name, found->name)) continue;
    const std::string moved = *canonical + other.name.substr(found->name.size());
    if (moved.size() > kNameOctetsMax) return fail(Code::invalid, kDoing, "a name gets too long");
    if (by_name(known, moved) != nullptr) {
      return fail(Code::conflict, kDoing, "the name of a mailbox below it is taken");
    }
    FUMI_CHECK(write_name(account, other.id, moved, modseq));
  }
  FUMI_CHECK(write_name(account, id, *canonical, modseq));
  FUMI_CHECK(touch_inferiors(account, known, *canonical, modseq));
  const std::size_t last = canonical->rfind('/');
  if (last != std::string::npos && by_name(known, canonical->substr(0, last)) == nullptr) {
    FUMI_TRY([[maybe_unused]] const Mailbox superior,
             insert_path(account, known, canonical->substr(0, last), MailboxRole::none, modseq));
  }
  context_.changed(account, MailboxId());
  return {};
}

// RFC 9051 §6.3.6: the messages go to a new mailbox, INBOX stays and is empty; its inferiors stay.
Status SqlMailboxes::rename_inbox(AccountId account, const std::vector<Mailbox>& known,
                                  MailboxId inbox, const std::string& name) {
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_TRY(const Mailbox made, insert_path(account, known, name, MailboxRole::none, modseq));
  FUMI_TRY(const auto all, entries(account, inbox, Uid{1}));
  FUMI_TRY([[maybe_unused]] const auto moved,
           transfer(account, inbox, all, made.id, After::goes, modseq));
  context_.changed(account, MailboxId());
  return {};
}

Status SqlMailboxes::delete_mailbox(AccountId account, MailboxId id) {
  FUMI_TRY(const auto found, mailbox(account, id));
  if (!found) return fail(Code::not_found, "deleting a mailbox");
  if (found->role == MailboxRole::inbox) {
    return fail(Code::denied, "deleting a mailbox", "the inbox stays");
  }
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_TRY(const auto known, mailboxes(account));
  FUMI_CHECK(touch_inferiors(account, known, found->name, modseq));
  FUMI_TRY(const auto gone, context_.execute(kRememberGone, account, id, modseq));
  FUMI_CHECK(SqlAttachmentTexts(context_).drop_gone(account, modseq));
  std::int64_t octets = 0;
  auto add = [&](const Row& row) { octets += row.int64(0); };
  FUMI_CHECK(context_.query(kDropGone, add, account, modseq));
  FUMI_TRY(const auto left, context_.execute(kRememberLeft, account, id, modseq));
  FUMI_CHECK(context_.run(kRememberMailbox, account, id, modseq));
  FUMI_CHECK(forget_gone(account, modseq, static_cast<std::size_t>(left + gone) + 1));
  FUMI_CHECK(context_.run(kFreeOctets, account, octets));
  FUMI_CHECK(context_.run(kDropEntries, account, id));
  FUMI_CHECK(SqlBlocks(context_, account, id).drop_all());
  FUMI_CHECK(context_.run(kDropExpunged, account, id));
  FUMI_CHECK(SqlMetadata(context_).drop_all(account, id));
  FUMI_CHECK(SqlAcl::drop_all(context_, account, id));
  FUMI_CHECK(context_.run(kDropMailbox, account, id));
  context_.changed(account, id);
  context_.changed(account, MailboxId());
  return {};
}

Status SqlMailboxes::set_subscribed(AccountId account, MailboxId id,
                                    bool subscribed) {  // lint: bool-ok the value itself
  FUMI_CHECK(require(account, id));
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_CHECK(context_.run(kSetSubscribed, account, id, subscribed, modseq));
  context_.changed(account, MailboxId());
  return {};
}

}  // namespace fumi::store
