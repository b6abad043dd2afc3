// Flags, copies, moves and expunges.
#include <algorithm>
#include <set>

#include "store/mail/detail/by_runs.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kUpdateFlags{
    "UPDATE entries SET flags = $5, keywords = $6, modseq = $7"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND uid = $4"};
// System flags of many at once: $4 off, $5 on. Entries that this doesn't change are not touched,
// nor those changed after $7; $8 = 1 leaves out entries with keywords.
#define FUMI_SET_BITS                                                                        \
  "UPDATE entries SET flags = (flags & ~$4/*pg ::bigint*/) | $5/*pg ::bigint*/, modseq = $6" \
  " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"                            \
  " AND ((flags & ~$4/*pg ::bigint*/) | $5/*pg ::bigint*/) <> flags AND modseq <= $7"        \
  " AND ($8 = 0 OR length(keywords) = 0) AND uid "
constexpr Statement kSetBitsRange{FUMI_SET_BITS "BETWEEN $9 AND $10"};
constexpr Statement kSetBitsSixteen{
    FUMI_SET_BITS
    "IN ($9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)"};
constexpr Statement kCount{
    "UPDATE mailboxes SET modseq = $4, total = total + $5, unseen = unseen + $6,"
    " deleted = deleted + $7, octets = octets + $8"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kCountExpunged{
    "UPDATE mailboxes SET expunged_count = expunged_count + $4"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 RETURNING expunged_count"};
constexpr Statement kDeleteEntry{
    "DELETE FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND uid = $4"};
constexpr Statement kInsertExpunged{
    "INSERT INTO expunged (tenant_id, account_id, mailbox_id, modseq, uid, email_id)"
    " VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement kShare{
    "UPDATE emails SET copies = copies + 1"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"};
constexpr Statement kRelease{
    "UPDATE emails SET copies = copies - 1"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"
    " RETURNING copies, octets, thread_id, created"};
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
constexpr Statement kDeleteEmail{
    "DELETE FROM emails WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"};
constexpr Statement kFreeOctets{
    "UPDATE accounts SET used_octets = used_octets - $3 WHERE tenant_id = $1 AND account_id = $2"};
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

}  // namespace

Status SqlMailboxes::count(AccountId account, MailboxId mailbox, ModSeq modseq,
                           const Delta& delta) {
  return context_.run(kCount, account, mailbox, modseq, delta.total, delta.unseen, delta.deleted,
                      delta.octets);
}

Result<StoredFlags> SqlMailboxes::store_flags(AccountId account, MailboxId mailbox,
                                              const StoreFlags& change) {
  FUMI_TRY(const Flags flags, checked_flags(change.flags));
  FUMI_CHECK(require(account, mailbox));
  FUMI_TRY(auto found, find(account, mailbox, change.uids));
  StoredFlags stored;
  Delta delta;
  const bool replaces = change.operation == FlagsOperation::replace;
  std::set<Uid> with_keywords;  // that a replacing change takes away
  for (Entry& entry : found) {
    if (change.unchanged_since && entry.modseq > *change.unchanged_since) {
      stored.modified.push_back(entry.uid);
      continue;
    }
    // Only keywords can make it too much.
    Flags next = apply(entry.flags, change.operation, flags);
    if (next == entry.flags) continue;
    if (!flags.keywords.empty()) {
      FUMI_TRY(next, checked_flags(next));
    }
    delta.add(entry, -1);
    if (replaces && !entry.flags.keywords.empty()) with_keywords.insert(entry.uid);
    entry.flags = std::move(next);
    delta.add(entry, 1);
    stored.changed.push_back(std::move(entry));
  }
  if (stored.changed.empty()) return stored;
  FUMI_TRY(stored.modseq, raise(account));
  const bool in_runs = flags.keywords.empty();
  if (in_runs) FUMI_CHECK(set_bits(account, mailbox, change, flags.bits, stored));
  for (Entry& entry : stored.changed) {
    entry.modseq = stored.modseq;
    // What set_bits() has done: all but the entries that lose their keywords.
    if (in_runs && !(replaces && with_keywords.contains(entry.uid))) continue;
    FUMI_TRY(const auto keywords, seal_keywords(account, mailbox, entry));
    FUMI_CHECK(context_.run(kUpdateFlags, account, mailbox, entry.uid.value, entry.flags.bits,
                            Blob{keywords}, entry.modseq));
  }
  FUMI_CHECK(count(account, mailbox, stored.modseq, delta));
  context_.changed(account, mailbox);
  return stored;
}

// The change to the bits of all of its UIDs, in few statements.
Status SqlMailboxes::set_bits(AccountId account, MailboxId mailbox, const StoreFlags& change,
                              std::uint32_t bits, const StoredFlags& stored) {
  const bool replaces = change.operation == FlagsOperation::replace;
  const std::uint32_t on = change.operation == FlagsOperation::remove ? 0 : bits;
  const std::uint32_t off = replaces ? 31 : change.operation == FlagsOperation::remove ? bits : 0;
  // Below the MODSEQ of this change: all there are.
  const ModSeq most = change.unchanged_since.value_or(stored.modseq);
  const std::int64_t plain_only = replaces ? 1 : 0;
  std::vector<Uid> uids;
  uids.reserve(stored.changed.size());
  for (const Entry& entry : stored.changed)
    uids.push_back(entry.uid);
  auto range = [&](Uid first, Uid last) {
    return context_.run(kSetBitsRange, account, mailbox, off, on, stored.modseq, most, plain_only,
                        first.value, last.value);
  };
  auto sixteen = [&](const Sixteen& u) {
    return context_.run(kSetBitsSixteen, account, mailbox, off, on, stored.modseq, most, plain_only,
                        u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11],
                        u[12], u[13], u[14], u[15]);
  };
  return by_runs(uids, range, sixteen);
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
  Uid next = placed.first;
  for (const Entry& entry : entries) {
    Entry made = entry;
    made.uid = next;
    made.modseq = modseq;
    made.saved = context_.now();  // RFC 8514 §4: anew, for copies and moves
    FUMI_CHECK(insert_entry(account, to, made, Placing::copy));
    FUMI_CHECK(context_.run(kShare, account, entry.email));
    copied.source.push_back(entry.uid);
    copied.destination.push_back(next);
    ++next.value;
  }
  context_.changed(account, to);
  if (after == After::goes) {
    FUMI_CHECK(take_out(account, from, entries, modseq));
    context_.changed(account, from);
  }
  return copied;
}

Result<std::vector<Uid>> SqlMailboxes::expunge(AccountId account, MailboxId mailbox,
                                               const std::optional<std::vector<Uid>>& uids) {
  FUMI_CHECK(require(account, mailbox));
  FUMI_TRY(auto gone, deleted_entries(account, mailbox));
  if (uids) {
    std::vector<Uid> wanted = *uids;
    std::ranges::sort(wanted);
    std::erase_if(
        gone, [&](const Entry& entry) { return !std::ranges::binary_search(wanted, entry.uid); });
  }
  std::vector<Uid> out;
  if (gone.empty()) return out;
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_CHECK(take_out(account, mailbox, gone, modseq));
  for (const Entry& entry : gone)
    out.push_back(entry.uid);
  context_.changed(account, mailbox);
  return out;
}

Status SqlMailboxes::take_out(AccountId account, MailboxId mailbox,
                              const std::vector<Entry>& entries, ModSeq modseq) {
  Delta delta;
  for (const Entry& entry : entries) {
    delta.add(entry, -1);
    FUMI_CHECK(context_.run(kDeleteEntry, account, mailbox, entry.uid.value));
    FUMI_CHECK(release(account, entry.email, modseq));
    FUMI_CHECK(
        context_.run(kInsertExpunged, account, mailbox, modseq, entry.uid.value, entry.email));
  }
  FUMI_CHECK(forget_gone(account, modseq, entries.size()));
  FUMI_CHECK(count(account, mailbox, modseq, delta));
  FUMI_TRY(const auto remembered, context_.one(
                                      kCountExpunged, [](const Row& row) { return row.int64(0); },
                                      account, mailbox, entries.size()));
  const auto most = std::int64_t{context_.shared().options.expunged_max};
  return remembered.value_or(0) > most ? forget_expunged(account, mailbox) : Status();
}

Status SqlMailboxes::release(AccountId account, EmailId email, ModSeq modseq) {
  struct Left {
    std::int64_t copies, octets;
    ThreadId thread;
    ModSeq created;
  };
  auto map = [](const Row& row) {
    return Left{row.int64(0), row.int64(1), row.id<ThreadId>(2), row.id<ModSeq>(3)};
  };
  FUMI_TRY(const auto left, context_.one(kRelease, map, account, email));
  if (!left) return fail(Code::corrupt, "releasing a message", "an entry without its email");
  if (left->copies > 0) return {};
  FUMI_CHECK(context_.run(kDeleteEmail, account, email));
  FUMI_CHECK(context_.run(kRememberGone, account, modseq, email, left->thread, left->created));
  return context_.run(kFreeOctets, account, left->octets);
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
