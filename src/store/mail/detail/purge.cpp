// What goes in the background: the mail of deleted accounts, and chained records past their time.
#include <array>
#include <map>

#include "store/mail/detail/blocks.h"
#include "store/mail/detail/mailboxes.h"
#include "store/mail/detail/records.h"

namespace fumi::store {
namespace {

using sql::Row;
using sql::Statement;

constexpr Statement kSomeEntries{
    "SELECT mailbox_id, uid, email_id, flags, octets FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 ORDER BY mailbox_id, uid LIMIT $3"};
constexpr Statement kDropEntry{
    "DELETE FROM entries"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND uid = $4"};
constexpr Statement kUncount{
    "UPDATE mailboxes SET total = total - $4, unseen = unseen - $5, deleted = deleted - $6,"
    " octets = octets - $7 WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kDropSomeExpunged{
    "DELETE FROM expunged WHERE (tenant_id, account_id, mailbox_id, modseq, uid) IN"
    " (SELECT tenant_id, account_id, mailbox_id, modseq, uid FROM expunged"
    "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"};
constexpr Statement kDropSomeThreads{
    "DELETE FROM thread_refs WHERE (tenant_id, account_id, ref_hash) IN"
    " (SELECT tenant_id, account_id, ref_hash FROM thread_refs"
    "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"};
// What hangs on an account beside its mail, by primary key; small, or cut by LIMIT.
constexpr std::array kDropRest{
    Statement{"DELETE FROM search_pages WHERE (tenant_id, account_id, segment_id, first_term) IN"
              " (SELECT tenant_id, account_id, segment_id, first_term FROM search_pages"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM search_segments WHERE (tenant_id, account_id, segment_id) IN"
              " (SELECT tenant_id, account_id, segment_id FROM search_segments"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM search_accounts WHERE (tenant_id, account_id) IN"
              " (SELECT tenant_id, account_id FROM search_accounts"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM mailbox_acl WHERE (tenant_id, account_id, mailbox_id, grantee_id) IN"
              " (SELECT tenant_id, account_id, mailbox_id, grantee_id FROM mailbox_acl"
              "   WHERE tenant_id = $1 AND (account_id = $2 OR grantee_id = $2) LIMIT $3)"},
    Statement{"DELETE FROM shared_subscriptions WHERE (tenant_id, account_id, mailbox_id) IN"
              " (SELECT tenant_id, account_id, mailbox_id FROM shared_subscriptions"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM attachment_texts WHERE (tenant_id, account_id, email_id) IN"
              " (SELECT tenant_id, account_id, email_id FROM attachment_texts"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM attachment_tasks WHERE (tenant_id, account_id, email_id) IN"
              " (SELECT tenant_id, account_id, email_id FROM attachment_tasks"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM mailbox_metadata WHERE (tenant_id, account_id, mailbox_id, entry_key) IN"
              " (SELECT tenant_id, account_id, mailbox_id, entry_key FROM mailbox_metadata"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM uploads WHERE (tenant_id, account_id, upload_id) IN"
              " (SELECT tenant_id, account_id, upload_id FROM uploads"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM objects WHERE (tenant_id, account_id, kind, object_id) IN"
              " (SELECT tenant_id, account_id, kind, object_id FROM objects"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM pace WHERE (tenant_id, kind, subject_id) IN"
              " (SELECT tenant_id, kind, subject_id FROM pace"
              "   WHERE tenant_id = $1 AND kind = 1 AND subject_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM push_states WHERE (tenant_id, account_id, object_id) IN"
              " (SELECT tenant_id, account_id, object_id FROM push_states"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM vacation_jobs WHERE (tenant_id, account_id, email_id) IN"
              " (SELECT tenant_id, account_id, email_id FROM vacation_jobs"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM vacation_replies WHERE (tenant_id, account_id, sender_hash) IN"
              " (SELECT tenant_id, account_id, sender_hash FROM vacation_replies"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
    Statement{"DELETE FROM gone WHERE (tenant_id, account_id, modseq, kind, object_id) IN"
              " (SELECT tenant_id, account_id, modseq, kind, object_id FROM gone"
              "   WHERE tenant_id = $1 AND account_id = $2 LIMIT $3)"},
};
// The inbox's row stays, empty: it belongs to the account's, which keeps the id from coming back.
constexpr Statement kDropMailboxes{
    "DELETE FROM mailboxes WHERE tenant_id = $1 AND account_id = $2 AND role <> $3"};
constexpr Statement kClearInbox{
    "UPDATE mailboxes SET expunged_count = 0"
    " WHERE tenant_id = $1 AND account_id = $2 AND expunged_count <> 0"};

// The record before the first that is kept; its hash is where the chain goes on.
constexpr Statement kAnchor{
    "SELECT max(record_id) FROM chain_records"
    " WHERE tenant_id = $1 AND stream = $2 AND record_id < $3"};
constexpr Statement kDropChained{
    "DELETE FROM chain_records WHERE (tenant_id, stream, record_id) IN"
    " (SELECT tenant_id, stream, record_id FROM chain_records"
    "   WHERE tenant_id = $1 AND stream = $2 AND record_id < $3 ORDER BY record_id LIMIT $4)"};

struct Gone {
  Uid uid;
  EmailId email;
  std::uint32_t bits = 0;
  std::int64_t octets = 0;
};

}  // namespace

Result<std::uint64_t> SqlMailboxes::purge(AccountId account, std::uint32_t rows_max) {
  std::map<MailboxId, std::vector<Gone>> entries;
  std::uint64_t rows = 0;
  auto take = [&](const Row& row) {
    ++rows;
    entries[row.id<MailboxId>(0)].push_back(
        {Uid{static_cast<std::uint32_t>(row.int64(1))}, row.id<EmailId>(2),
         static_cast<std::uint32_t>(row.int64(3)), row.int64(4)});
  };
  FUMI_CHECK(context_.query(kSomeEntries, take, account, rows_max));
  for (auto& [mailbox, gone] : entries) {
    SqlBlocks blocks(context_, account, mailbox);
    auto set = [&](std::size_t i, const EntryBlock&, const EntryState& state) {
      gone[i].bits = state.bits;
    };
    FUMI_CHECK(blocks.overlay(gone.size(), [&](std::size_t i) { return gone[i].uid; }, set));
    Delta delta;
    std::vector<Uid> uids;
    for (const Gone& entry : gone) {
      FUMI_CHECK(context_.run(kDropEntry, account, mailbox, entry.uid.value));
      // Nobody asks for its changes.
      FUMI_TRY(const std::uint64_t octets, release(account, entry.email, ModSeq()));
      FUMI_CHECK(free_octets(account, octets));
      ++delta.total;
      delta.add_flags(entry.bits, 1);
      delta.octets += entry.octets;
      uids.push_back(entry.uid);
    }
    FUMI_CHECK(blocks.remove(uids));
    FUMI_CHECK(context_.run(kUncount, account, mailbox, delta.total, delta.unseen, delta.deleted,
                            delta.octets));
  }
  if (rows > 0) return rows;
  FUMI_TRY(const auto expunged, context_.execute(kDropSomeExpunged, account, rows_max));
  if (expunged > 0) return static_cast<std::uint64_t>(expunged);
  FUMI_TRY(const auto threads, context_.execute(kDropSomeThreads, account, rows_max));
  if (threads > 0) return static_cast<std::uint64_t>(threads);
  for (const Statement& rest : kDropRest) {
    FUMI_TRY(const auto dropped, context_.execute(rest, account, rows_max));
    if (dropped > 0) return static_cast<std::uint64_t>(dropped);
  }
  FUMI_TRY(const auto mailboxes, context_.execute(kDropMailboxes, account, MailboxRole::inbox));
  FUMI_TRY(const auto cleared, context_.execute(kClearInbox, account));
  return static_cast<std::uint64_t>(mailboxes + cleared);
}

Result<std::uint64_t> SqlRecords::drop_chained(RecordStream stream, Instant before,
                                               std::uint32_t rows_max) {
  auto map = [](const Row& row) -> std::int64_t { return row.is_null(0) ? 0 : row.int64(0); };
  FUMI_TRY(const auto anchor, context_.one(kAnchor, map, stream, IdGenerator::first_at(before)));
  if (anchor.value_or(0) == 0) return 0;
  FUMI_TRY(const auto rows, context_.execute(kDropChained, stream, *anchor, rows_max));
  return static_cast<std::uint64_t>(rows);
}

}  // namespace fumi::store
