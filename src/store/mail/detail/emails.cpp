// Reading emails with their places, and changing where they lie and what flags they carry.
#include "store/mail/detail/emails.h"

#include <algorithm>
#include <unordered_map>

#include "store/mail/detail/blocks.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kState{
    "SELECT change FROM accounts WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};
constexpr Statement kPlaces{
    "SELECT uid, email_id, flags, modseq, octets, received, keywords, saved,"
    " mailbox_id FROM entries /*sqlite INDEXED BY entries_by_email*/"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3 AND copied <> 0"
    " UNION ALL SELECT e.uid, e.email_id, e.flags, e.modseq, e.octets, e.received, e.keywords,"
    " e.saved,"
    " e.mailbox_id FROM emails m, entries e WHERE m.tenant_id = $1 AND m.account_id = $2"
    " AND m.email_id = $3 AND e.tenant_id = $1 AND e.account_id = $2"
    " AND e.mailbox_id = m.first_mailbox AND e.uid = m.first_uid AND e.email_id = $3"
    " AND e.copied = 0 ORDER BY mailbox_id, uid"};
constexpr Statement kAll{
    "SELECT uid, email_id, flags, modseq, octets, received, keywords, saved,"
    " mailbox_id FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 ORDER BY mailbox_id, uid"};
constexpr Statement kOfMailbox{
    "SELECT uid, email_id, flags, modseq, octets, received, keywords, saved,"
    " mailbox_id FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 ORDER BY uid"};
constexpr Statement kThreads{
    "SELECT email_id, thread_id FROM emails WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kThreadOf{
    "SELECT thread_id FROM emails WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"};
constexpr Statement kOfThread{
    "SELECT email_id, received FROM emails /*sqlite INDEXED BY emails_by_thread*/"
    " WHERE tenant_id = $1 AND account_id = $2 AND thread_id = $3 AND thread_id <> email_id"
    " UNION ALL SELECT email_id, received FROM emails"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3 AND thread_id = $3"};
constexpr Statement kFlagsOnly{
    "SELECT uid, email_id, flags FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 ORDER BY uid"};
constexpr Statement kSetSortOrder{
    "UPDATE mailboxes SET sort_order = $4, named = $5"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kRoles{
    "SELECT mailbox_id, role FROM mailboxes WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kSetRole{
    "UPDATE mailboxes SET role = $4, named = $5"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kDropExpired{
    "DELETE FROM uploads WHERE tenant_id = $1 AND account_id = $2 AND expires <= $3"};
constexpr Statement kCountUploads{
    "SELECT count(*), COALESCE(sum(octets), 0) FROM uploads"
    " WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kAddUpload{
    "INSERT INTO uploads (tenant_id, account_id, upload_id, expires, octets, blob, type)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr Statement kUpload{
    "SELECT expires, octets, blob, type FROM uploads"
    " WHERE tenant_id = $1 AND account_id = $2 AND upload_id = $3 AND expires > $4"};

constexpr int kMailboxColumn = 8;

std::unexpected<Error> no_email(const char* doing) {
  return fail(Code::not_found, doing, "no such email");
}

// Beyond so many emails one sweep over the index is cheaper than look-ups.
constexpr std::size_t kSweep = 256;

}  // namespace

Result<ModSeq> SqlEmails::state(AccountId account) {
  FUMI_TRY(const auto change,
           context_.one(kState, [](const Row& row) { return row.id<ModSeq>(0); }, account));
  if (!change) return fail(Code::not_found, "reading an account's state", "no such account");
  return *change;
}

Result<std::vector<std::pair<MailboxId, Entry>>> SqlEmails::places(AccountId account, EmailId id) {
  std::vector<std::pair<MailboxId, Entry>> found;
  auto visit = [&](const Row& row) -> Status {
    const auto mailbox = row.id<MailboxId>(kMailboxColumn);
    FUMI_TRY(auto entry, mailboxes_.entry_of(account, mailbox, row));
    found.emplace_back(mailbox, std::move(entry));
    return {};
  };
  FUMI_CHECK(context_.query(kPlaces, visit, account, id));
  FUMI_CHECK(decide(account, found));
  return found;
}

// Overlays what blocks say; by mailbox and UID.
Status SqlEmails::decide(AccountId account, std::vector<std::pair<MailboxId, Entry>>& places) {
  for (std::size_t at = 0; at < places.size();) {
    std::size_t end = at;
    while (end < places.size() && places[end].first == places[at].first)
      ++end;
    auto set = [&](std::size_t i, const EntryBlock& block, const EntryState& state) {
      Entry& entry = places[at + i].second;
      entry.flags.bits = state.bits;
      entry.flags.keywords = block.keywords(state.keywords);
      entry.modseq = ModSeq(state.modseq);
    };
    const auto uid_of = [&](std::size_t i) { return places[at + i].second.uid; };
    SqlBlocks blocks(context_, account, places[at].first);
    FUMI_CHECK(blocks.overlay(end - at, uid_of, set));
    at = end;
  }
  return {};
}

Result<std::vector<FoundEmail>> SqlEmails::find(AccountId account,
                                                const std::vector<EmailId>& ids) {
  std::vector<FoundEmail> found;
  for (const EmailId id : ids) {
    FUMI_TRY(auto email, mailboxes_.email(account, id));
    if (!email) continue;
    FUMI_TRY(auto where, places(account, id));
    FoundEmail one{std::move(*email), {}};
    for (auto& [mailbox, entry] : where)
      one.places.push_back({mailbox, entry.uid, std::move(entry.flags)});
    found.push_back(std::move(one));
  }
  return found;
}

Result<std::vector<EmailFacts>> SqlEmails::list(AccountId account,
                                                std::optional<MailboxId> mailbox) {
  std::vector<EmailFacts> found;
  std::unordered_map<EmailId, std::size_t> at;
  std::vector<std::pair<MailboxId, Entry>> everywhere;
  auto visit = [&](const Row& row) -> Status {
    const auto where = row.id<MailboxId>(kMailboxColumn);
    FUMI_TRY(auto entry, mailboxes_.entry_of(account, where, row));
    everywhere.emplace_back(where, std::move(entry));
    return {};
  };
  if (mailbox) {
    FUMI_CHECK(mailboxes_.require(account, *mailbox));
    FUMI_CHECK(context_.query(kOfMailbox, visit, account, *mailbox));
  } else {
    FUMI_CHECK(context_.query(kAll, visit, account));
  }
  FUMI_CHECK(decide(account, everywhere));
  for (auto& [where, entry] : everywhere) {
    const auto [known, fresh] = at.emplace(entry.email, found.size());
    if (fresh) found.push_back({entry.email, {}, entry.octets, entry.received, {}});
    found[known->second].places.push_back({where, entry.uid, std::move(entry.flags)});
  }
  auto thread = [](const Row& row) { return row.id<ThreadId>(0); };
  if (mailbox && found.size() < kSweep) {
    for (EmailFacts& facts : found) {
      FUMI_TRY(const auto id, context_.one(kThreadOf, thread, account, facts.id));
      if (id) facts.thread = *id;
    }
  } else {
    auto join = [&](const Row& row) {
      const auto known = at.find(row.id<EmailId>(0));
      if (known != at.end()) found[known->second].thread = row.id<ThreadId>(1);
    };
    FUMI_CHECK(context_.query(kThreads, join, account));
  }
  std::ranges::sort(found, {}, &EmailFacts::id);
  return found;
}

Result<std::vector<ThreadEmails>> SqlEmails::threads(AccountId account,
                                                     const std::vector<ThreadId>& ids) {
  std::vector<ThreadEmails> found;
  for (const ThreadId id : ids) {
    std::vector<std::pair<Instant, EmailId>> emails;
    auto visit = [&](const Row& row) { emails.emplace_back(row.instant(1), row.id<EmailId>(0)); };
    FUMI_CHECK(context_.query(kOfThread, visit, account, id));
    if (emails.empty()) continue;
    std::ranges::sort(emails);
    ThreadEmails& thread = found.emplace_back();
    thread.thread = id;
    for (const auto& [received, email] : emails)
      thread.emails.push_back(email);
  }
  return found;
}

Result<std::vector<MailboxCounts>> SqlEmails::counts(AccountId account) {
  FUMI_TRY(const auto known, mailboxes_.mailboxes(account));
  MailboxId trash;
  for (const Mailbox& mailbox : known)
    if (mailbox.role == MailboxRole::trash) trash = mailbox.id;
  std::unordered_map<EmailId, ThreadId> thread_of;
  auto join = [&](const Row& row) { thread_of[row.id<EmailId>(0)] = row.id<ThreadId>(1); };
  FUMI_CHECK(context_.query(kThreads, join, account));
  // An email's keywords are those of all its places, wherever it is counted.
  struct InPlaces {
    std::int64_t flags = 0;
    std::set<MailboxId> mailboxes;
  };
  std::unordered_map<EmailId, InPlaces> emails;
  struct Placed {
    Uid uid;
    EmailId email;
    std::uint32_t bits;
  };
  std::vector<Placed> placed;
  auto visit = [&](const Row& row) {
    placed.push_back({Uid{static_cast<std::uint32_t>(row.int64(0))}, row.id<EmailId>(1),
                      static_cast<std::uint32_t>(row.int64(2))});
  };
  auto set = [&](std::size_t i, const EntryBlock&, const EntryState& state) {
    placed[i].bits = state.bits;
  };
  const auto uid_of = [&](std::size_t i) { return placed[i].uid; };
  for (const Mailbox& mailbox : known) {
    placed.clear();
    FUMI_CHECK(context_.query(kFlagsOnly, visit, account, mailbox.id));
    SqlBlocks blocks(context_, account, mailbox.id);
    FUMI_CHECK(blocks.overlay(placed.size(), uid_of, set));
    for (const Placed& entry : placed) {
      InPlaces& email = emails[entry.email];
      email.flags |= entry.bits;
      email.mailboxes.insert(mailbox.id);
    }
  }
  std::set<std::pair<MailboxId, ThreadId>> threads;
  std::set<ThreadId> unread_in_trash;
  std::set<ThreadId> unread_elsewhere;
  std::map<MailboxId, MailboxCounts> counted;
  for (const Mailbox& mailbox : known)
    counted[mailbox.id].mailbox = mailbox.id;
  for (const auto& [id, email] : emails) {
    const bool unread = (email.flags & (Flags::seen | Flags::draft)) == 0;
    const ThreadId thread = thread_of[id];
    for (const MailboxId mailbox : email.mailboxes) {
      MailboxCounts& counts = counted[mailbox];
      ++counts.emails;
      if (unread) ++counts.unread_emails;
      if (unread) (mailbox == trash ? unread_in_trash : unread_elsewhere).insert(thread);
      threads.emplace(mailbox, thread);
    }
  }
  for (const auto& [mailbox, thread] : threads) {
    MailboxCounts& counts = counted[mailbox];
    ++counts.threads;
    const auto& unread = mailbox == trash ? unread_in_trash : unread_elsewhere;
    if (unread.contains(thread)) ++counts.unread_threads;
  }
  std::vector<MailboxCounts> out;
  for (const auto& [mailbox, counts] : counted)
    out.push_back(counts);
  return out;
}

// Entries are copied from one that is there, so the email never goes in between; those that leave
// go last.
Status SqlEmails::set_mailboxes(AccountId account, EmailId id,
                                const std::vector<MailboxId>& mailboxes) {
  constexpr const char* kDoing = "moving an email";
  if (mailboxes.empty()) return fail(Code::invalid, kDoing, "an email is in some mailbox");
  FUMI_TRY(const auto here, places(account, id));
  if (here.empty()) return no_email(kDoing);
  const auto& [from, model] = here.front();
  ModSeq modseq;
  for (const MailboxId to : std::set<MailboxId>(mailboxes.begin(), mailboxes.end())) {
    FUMI_CHECK(mailboxes_.require(account, to));
    const bool there = std::ranges::any_of(here, [to](const auto& at) { return at.first == to; });
    if (there) continue;
    if (!modseq) {
      FUMI_TRY(modseq, mailboxes_.raise(account));
    }
    FUMI_TRY([[maybe_unused]] const auto copied,
             mailboxes_.transfer(account, from, {model}, to, SqlMailboxes::After::stays, modseq));
  }
  for (const auto& [mailbox, entry] : here) {
    if (std::ranges::find(mailboxes, mailbox) != mailboxes.end()) continue;
    if (!modseq) {
      FUMI_TRY(modseq, mailboxes_.raise(account));
    }
    FUMI_CHECK(
        mailboxes_.take_out(account, mailbox, {entry}, modseq, SqlMailboxes::Emails::released));
    context_.changed(account, mailbox);
  }
  return {};
}

Status SqlEmails::set_flags(AccountId account, EmailId id, const Flags& flags) {
  FUMI_TRY(const auto here, places(account, id));
  if (here.empty()) return no_email("changing an email");
  for (const auto& [mailbox, entry] : here) {
    StoreFlags change{{entry.uid}, FlagsOperation::replace, flags, std::nullopt};
    change.flags.bits = (flags.bits & ~Flags::deleted) | (entry.flags.bits & Flags::deleted);
    FUMI_TRY([[maybe_unused]] const auto stored, mailboxes_.store_flags(account, mailbox, change));
  }
  return {};
}

Status SqlEmails::destroy(AccountId account, EmailId id) {
  FUMI_TRY(const auto here, places(account, id));
  if (here.empty()) return no_email("destroying an email");
  FUMI_TRY(const ModSeq modseq, mailboxes_.raise(account));
  for (const auto& [mailbox, entry] : here) {
    FUMI_CHECK(
        mailboxes_.take_out(account, mailbox, {entry}, modseq, SqlMailboxes::Emails::released));
    context_.changed(account, mailbox);
  }
  return {};
}

Status SqlEmails::set_sort_order(AccountId account, MailboxId mailbox, std::uint32_t order) {
  FUMI_CHECK(mailboxes_.require(account, mailbox));
  FUMI_TRY(const ModSeq modseq, mailboxes_.raise(account));
  FUMI_CHECK(context_.run(kSetSortOrder, account, mailbox, order, modseq));
  context_.changed(account, MailboxId());
  return {};
}

Status SqlEmails::set_role(AccountId account, MailboxId mailbox, MailboxRole role) {
  constexpr auto kDoing = "setting a mailbox's role";
  FUMI_CHECK(mailboxes_.require(account, mailbox));
  bool taken = false;
  bool inbox = role == MailboxRole::inbox;
  auto visit = [&](const Row& row) {
    const auto other = static_cast<MailboxRole>(row.int64(1));
    const bool same = row.id<MailboxId>(0) == mailbox;
    taken |= !same && role != MailboxRole::none && other == role;
    inbox |= same && other == MailboxRole::inbox;
  };
  FUMI_CHECK(context_.query(kRoles, visit, account));
  if (inbox) return fail(Code::denied, kDoing, "the inbox stays the inbox");
  if (taken) return fail(Code::conflict, kDoing, "another mailbox has it");
  FUMI_TRY(const ModSeq modseq, mailboxes_.raise(account));
  FUMI_CHECK(context_.run(kSetRole, account, mailbox, role, modseq));
  context_.changed(account, MailboxId());
  return {};
}

Result<std::vector<BlobRef>> decode_parts(std::string_view bytes) {
  constexpr std::size_t kRefOctets = 48;
  std::vector<BlobRef> parts;
  for (; !bytes.empty(); bytes.remove_prefix(kRefOctets)) {
    const auto part = BlobRef::decode(bytes.substr(0, kRefOctets));
    if (!part) return fail(Code::corrupt, "reading an upload", "bad blob reference");
    parts.push_back(*part);
  }
  if (parts.empty()) return fail(Code::corrupt, "reading an upload", "no blob reference");
  return parts;
}

Status SqlEmails::add_upload(AccountId account, const Upload& upload, Instant now,
                             const UploadLimits& limits) {
  FUMI_TRY([[maybe_unused]] const ModSeq there, state(account));
  FUMI_CHECK(context_.run(kDropExpired, account, now));
  FUMI_TRY(const auto held,
           context_.one(
               kCountUploads, [](const Row& row) { return std::pair(row.int64(0), row.int64(1)); },
               account));
  const auto [count, octets] = held.value_or(std::pair(0, 0));
  if (count >= std::int64_t{limits.count} ||
      octets + std::int64_t(upload.octets) > std::int64_t(limits.octets)) {
    return fail(Code::quota, "keeping an upload", "too many uploads wait to be used");
  }
  if (upload.parts.empty() || upload.parts.size() > kUploadPartsMax) {
    return fail(Code::invalid, "keeping an upload", "number of parts");
  }
  std::string blob;
  for (const BlobRef& part : upload.parts)
    blob += part.encode();
  FUMI_TRY(const auto type, context_.seal(purpose::kUpload, upload.type, Aad(account, upload.id)));
  return context_.run(kAddUpload, account, upload.id, upload.expires, upload.octets, Blob{blob},
                      Blob{type});
}

Result<std::optional<Upload>> SqlEmails::upload(AccountId account, UploadId id, Instant now) {
  auto map = [&](const Row& row) -> Result<Upload> {
    Upload found;
    found.id = id;
    found.expires = row.instant(0);
    found.octets = static_cast<std::uint64_t>(row.int64(1));
    FUMI_TRY(found.parts, decode_parts(row.blob(2)));
    FUMI_TRY(found.type, context_.open(purpose::kUpload, row.blob(3), Aad(account, id)));
    return found;
  };
  return context_.one(kUpload, map, account, id, now);
}

}  // namespace fumi::store
