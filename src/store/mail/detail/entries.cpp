// Copies, moves and expunges.
#include <algorithm>

#include "store/mail/detail/attachment_texts.h"
#include "store/mail/detail/blocks.h"
#include "store/mail/detail/by_runs.h"
#include "store/mail/detail/held.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kCount{
    "UPDATE mailboxes SET modseq = $4, total = total + $5, unseen = unseen + $6,"
    " deleted = deleted + $7, octets = octets + $8"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kCountExpunged{
    "UPDATE mailboxes SET modseq = $4, total = total + $5, unseen = unseen + $6,"
    " deleted = deleted + $7, octets = octets + $8, expunged_count = expunged_count + $9"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 RETURNING expunged_count"};
constexpr Statement kDeleteEntry{
    "DELETE FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND uid = $4"};
constexpr Statement kInsertExpunged{
    "INSERT INTO expunged (tenant_id, account_id, mailbox_id, modseq, uid, email_id)"
    " VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement kRelease{
    "DELETE FROM emails WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3" FUMI_NOT_HELD
    " RETURNING octets, thread_id, created"};
// Of what one change expunged from a mailbox, all that is nowhere else.
constexpr Statement kRememberUnused{
    "INSERT INTO gone (tenant_id, account_id, modseq, kind, object_id, thread_id, created)"
    " SELECT tenant_id, account_id, $4, 2, email_id, thread_id, created FROM emails"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id IN (SELECT email_id FROM expunged"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND modseq = $4)" FUMI_NOT_HELD};
constexpr Statement kDropGone{
    "DELETE FROM emails WHERE tenant_id = $1 AND account_id = $2 AND email_id IN"
    " (SELECT object_id FROM gone"
    " WHERE tenant_id = $1 AND account_id = $2 AND modseq = $3 AND kind = 2) RETURNING octets"};
constexpr Statement kRememberGone{
    "INSERT INTO gone (tenant_id, account_id, modseq, kind, object_id, thread_id, created)"
    " VALUES ($1, $2, $3, 2, $4, $5, $6)"};
constexpr Statement kNthGone{
    "SELECT modseq FROM gone WHERE tenant_id = $1 AND account_id = $2"
    " ORDER BY modseq DESC, kind, object_id LIMIT 1 OFFSET $3"};
constexpr Statement kForgetGone{
    "DELETE FROM gone WHERE tenant_id = $1 AND account_id = $2 AND modseq <= $3"};
constexpr Statement kSetGoneFloor{
    "UPDATE accounts SET gone_floor = $3 WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kFreeOctets{
    "UPDATE accounts SET used_octets = used_octets - $3 WHERE tenant_id = $1 AND account_id = $2"};
// The same for all entries of a range of UIDs.
#define FUMI_RANGE                                                             \
  " FROM entries WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3" \
  " AND uid BETWEEN $4 AND $5"
// Their flags are told by blocks.
constexpr Statement kCopyRange{
    "INSERT INTO entries (tenant_id, account_id, mailbox_id, uid, email_id, flags, appended,"
    " modseq, octets, received, keywords, saved, copied)"
    " SELECT tenant_id, account_id, $6, uid + $7, email_id, 0, $8, $8, octets, received, $9, $10,"
    " 1" FUMI_RANGE};
constexpr Statement kExpungeRange{
    "INSERT INTO expunged (tenant_id, account_id, mailbox_id, modseq, uid, email_id)"
    " SELECT tenant_id, account_id, mailbox_id, $6, uid, email_id" FUMI_RANGE};
constexpr Statement kDeleteRange{"DELETE" FUMI_RANGE};
constexpr Statement kNthExpunged{
    "SELECT modseq FROM expunged WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"
    " ORDER BY modseq, uid LIMIT 1 OFFSET $4"};
constexpr Statement kForget{
    "DELETE FROM expunged"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND modseq <= $4"};
constexpr Statement kSetFloor{
    "UPDATE mailboxes SET expunged_floor = $4, expunged_count = expunged_count - $5"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kUidValidity{
    "SELECT uid_validity FROM mailboxes"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};

// Shorter runs of UIDs are cheaper one by one.
constexpr std::size_t kRunFrom = 8;
// An EXPUNGE of so many UIDs looks each up.
constexpr std::size_t kNamedMax = 16;

// Behind the last of the entries from `at` on whose UIDs follow each other.
std::size_t run_end(const std::vector<Entry>& entries, std::size_t at) {
  std::size_t end = at + 1;
  while (end < entries.size() && entries[end].uid.value == entries[end - 1].uid.value + 1)
    ++end;
  return end;
}

}  // namespace

Status SqlMailboxes::count(AccountId account, MailboxId mailbox, ModSeq modseq,
                           const Delta& delta) {
  return context_.run(kCount, account, mailbox, modseq, delta.total, delta.unseen, delta.deleted,
                      delta.octets);
}

Result<CopiedUids> SqlMailboxes::copy(AccountId account, MailboxId from,
                                      const std::vector<Uid>& uids, MailboxId to) {
  FUMI_CHECK(require(account, from));
  FUMI_TRY(const auto found, find(account, from, uids));
  return transfer(account, from, found, to, After::stays, ModSeq());
}

Result<CopiedUids> SqlMailboxes::move(AccountId account, MailboxId from,
                                      const std::vector<Uid>& uids, MailboxId to) {
  FUMI_CHECK(require(account, from));
  FUMI_TRY(const auto found, find(account, from, uids));
  return transfer(account, from, found, to, After::goes, ModSeq());
}

Result<CopiedUids> SqlMailboxes::transfer(AccountId account, MailboxId from,
                                          const std::vector<Entry>& entries, MailboxId to,
                                          After after, ModSeq modseq) {
  CopiedUids copied;
  if (entries.empty()) {
    auto map = [](const Row& row) { return static_cast<std::uint32_t>(row.int64(0)); };
    FUMI_TRY(const auto validity, context_.one(kUidValidity, map, account, to));
    if (!validity) return fail(Code::not_found, "copying messages", "no such mailbox");
    copied.uid_validity.value = *validity;
    return copied;
  }
  if (!modseq) {
    FUMI_TRY(modseq, raise(account));
  }
  Delta delta;
  for (const Entry& entry : entries)
    delta.add(entry, 1);
  FUMI_TRY(const Placed placed,
           place(account, to, static_cast<std::uint32_t>(entries.size()), modseq, delta));
  copied.uid_validity = placed.uid_validity;
  std::vector<Entry> made = entries;
  Uid next = placed.first;
  for (Entry& entry : made) {
    copied.source.push_back(entry.uid);
    copied.destination.push_back(next);
    entry.uid = next;
    entry.modseq = modseq;
    entry.saved = context_.now();  // RFC 8514 §4: anew, for copies and moves
    ++next.value;
  }
  FUMI_CHECK(insert_copies(account, from, entries, to, made));
  context_.changed(account, to);
  if (after == After::goes) {
    FUMI_CHECK(take_out(account, from, entries, modseq, Emails::stay));
    context_.changed(account, from);
  }
  return copied;
}

// Many are copied from row to row, without flags: those go straight into blocks.
Status SqlMailboxes::insert_copies(AccountId account, MailboxId from,
                                   const std::vector<Entry>& entries, MailboxId to,
                                   const std::vector<Entry>& made) {
  const std::string no_keywords;
  std::vector<Entry> plain;  // whose row says nothing
  for (std::size_t at = 0; at < entries.size();) {
    const std::size_t end = run_end(entries, at);
    if (end - at < kRunFrom) {
      for (; at < end; ++at)
        FUMI_CHECK(insert_entry(account, to, made[at], Placing::copy));
      continue;
    }
    const std::uint32_t first = entries[at].uid.value;
    const std::uint32_t last = entries[end - 1].uid.value;
    const auto step = std::int64_t{made[at].uid.value} - std::int64_t{first};
    FUMI_CHECK(context_.run(kCopyRange, account, from, first, last, to, step, made[at].modseq,
                            Blob{no_keywords}, made[at].saved));
    plain.insert(plain.end(), made.begin() + std::ptrdiff_t(at),
                 made.begin() + std::ptrdiff_t(end));
    at = end;
  }
  SqlBlocks blocks(context_, account, to);
  const Uid uid_next{made.back().uid.value + 1};
  FUMI_CHECK(blocks.place(plain, uid_next));
  // Blocks that these UIDs have ended, the one before them too if they began one.
  const auto first = std::max<std::int64_t>(block_of(made.front().uid.value - 1), 0);
  for (std::int64_t number = first; number < block_of(uid_next.value); ++number)
    FUMI_CHECK(blocks.seal(number, uid_next));
  return {};
}

Result<std::vector<Uid>> SqlMailboxes::expunge(AccountId account, MailboxId mailbox,
                                               const std::optional<std::vector<Uid>>& uids) {
  FUMI_CHECK(require(account, mailbox));
  // Of many that are named, mostly all that a client knows, few are \Deleted: those are looked up.
  const bool named = uids && uids->size() <= kNamedMax;
  FUMI_TRY(auto gone, named ? find(account, mailbox, *uids) : deleted_entries(account, mailbox));
  std::erase_if(gone, [](const Entry& entry) { return !entry.flags.has(Flags::deleted); });
  if (uids && !named) {
    std::vector<Uid> meant = *uids;
    std::ranges::sort(meant);
    std::erase_if(
        gone, [&](const Entry& entry) { return !std::ranges::binary_search(meant, entry.uid); });
  }
  std::vector<Uid> out;
  if (gone.empty()) return out;
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_CHECK(take_out(account, mailbox, gone, modseq, Emails::released));
  for (const Entry& entry : gone)
    out.push_back(entry.uid);
  context_.changed(account, mailbox);
  return out;
}

Status SqlMailboxes::take_out(AccountId account, MailboxId mailbox,
                              const std::vector<Entry>& entries, ModSeq modseq, Emails emails) {
  Delta delta;
  std::vector<Uid> uids;
  uids.reserve(entries.size());
  for (const Entry& entry : entries) {
    delta.add(entry, -1);
    uids.push_back(entry.uid);
  }
  for (std::size_t at = 0; at < entries.size();) {
    const std::size_t end = run_end(entries, at);
    if (end - at >= kRunFrom) {
      const Uid last = entries[end - 1].uid;
      FUMI_CHECK(take_out_range(account, mailbox, entries[at].uid, last, modseq));
      at = end;
    }
    for (; at < end; ++at) {
      const Entry& entry = entries[at];
      FUMI_CHECK(context_.run(kDeleteEntry, account, mailbox, entry.uid.value));
      FUMI_CHECK(
          context_.run(kInsertExpunged, account, mailbox, modseq, entry.uid.value, entry.email));
    }
  }
  FUMI_CHECK(SqlBlocks(context_, account, mailbox).remove(uids));
  if (emails == Emails::released) {
    FUMI_TRY(const std::uint64_t freed, release_all(account, mailbox, entries, modseq));
    FUMI_CHECK(forget_gone(account, modseq, entries.size()));
    if (freed != 0) FUMI_CHECK(free_octets(account, freed));
  }
  FUMI_TRY(const auto remembered,
           context_.one(
               kCountExpunged, [](const Row& row) { return row.int64(0); }, account, mailbox,
               modseq, delta.total, delta.unseen, delta.deleted, delta.octets, entries.size()));
  const auto most = std::int64_t{context_.shared().options.expunged_max};
  return remembered.value_or(0) > most ? forget_expunged(account, mailbox) : Status();
}

// Of entries that are gone, and remembered as expunged by this change: the octets that go with
// them.
Result<std::uint64_t> SqlMailboxes::release_all(AccountId account, MailboxId mailbox,
                                                const std::vector<Entry>& entries, ModSeq modseq) {
  std::uint64_t freed = 0;
  if (entries.size() < kRunFrom) {
    for (const Entry& entry : entries) {
      FUMI_TRY(const std::uint64_t octets, release(account, entry.email, modseq));
      freed += octets;
    }
    return freed;
  }
  FUMI_CHECK(context_.run(kRememberUnused, account, mailbox, modseq));
  FUMI_CHECK(SqlAttachmentTexts(context_).drop_gone(account, modseq));
  auto add = [&](const Row& row) { freed += static_cast<std::uint64_t>(row.int64(0)); };
  FUMI_CHECK(context_.query(kDropGone, add, account, modseq));
  return freed;
}

Status SqlMailboxes::take_out_range(AccountId account, MailboxId mailbox, Uid first, Uid last,
                                    ModSeq modseq) {
  FUMI_CHECK(context_.run(kExpungeRange, account, mailbox, first.value, last.value, modseq));
  return context_.run(kDeleteRange, account, mailbox, first.value, last.value);
}

Result<std::uint64_t> SqlMailboxes::release(AccountId account, EmailId email, ModSeq modseq) {
  struct Gone {
    std::uint64_t octets;
    ThreadId thread;
    ModSeq created;
  };
  auto map = [](const Row& row) {
    return Gone{static_cast<std::uint64_t>(row.int64(0)), row.id<ThreadId>(1), row.id<ModSeq>(2)};
  };
  FUMI_TRY(const auto gone, context_.one(kRelease, map, account, email));
  if (!gone) return 0;  // another entry has it
  FUMI_CHECK(SqlAttachmentTexts(context_).dismiss(account, email));
  FUMI_CHECK(context_.run(kRememberGone, account, modseq, email, gone->thread, gone->created));
  return gone->octets;
}

Status SqlMailboxes::free_octets(AccountId account, std::uint64_t octets) {
  return context_.run(kFreeOctets, account, octets);
}

// Looking costs a walk over the index, so it is done for one change in 256, which no rhythm of
// changes evades, and for large ones.
Status SqlMailboxes::forget_gone(AccountId account, ModSeq modseq, std::size_t added) {
  constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15U;
  if (modseq.value() * kMix >> 56U != 0 && added < 256) return {};
  auto map = [](const Row& row) { return row.int64(0); };
  FUMI_TRY(const auto last,
           context_.one(kNthGone, map, account, context_.shared().options.gone_max));
  if (!last) return {};
  FUMI_CHECK(context_.run(kForgetGone, account, *last));
  return context_.run(kSetGoneFloor, account, *last);
}

// Clients that have been away for longer start anew (RFC 7162 §3.2.5.2 allows it).
Status SqlMailboxes::forget_expunged(AccountId account, MailboxId mailbox) {
  const std::uint32_t half = context_.shared().options.expunged_max / 2;
  FUMI_TRY(const auto last,
           context_.one(
               kNthExpunged, [](const Row& row) { return row.int64(0); }, account, mailbox, half));
  if (!last) return {};
  FUMI_TRY(const auto rows, context_.execute(kForget, account, mailbox, *last));
  return context_.run(kSetFloor, account, mailbox, *last, rows);
}

}  // namespace fumi::store
