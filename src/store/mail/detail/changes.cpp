// Reading entries and emails, and what has changed since.
#include <algorithm>

#include "store/mail/detail/blocks.h"
#include "store/mail/detail/by_runs.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Next;
using sql::Row;
using sql::Statement;

#define FUMI_ENTRY_COLUMNS                                                  \
  "e.uid, e.email_id, e.flags, e.modseq, e.octets, e.received, e.keywords," \
  " e.saved"
#define FUMI_EMAIL_COLUMNS "m.email_id, m.thread_id, m.octets, m.received, m.blob, m.summary"
#define FUMI_IN_MAILBOX " WHERE e.tenant_id = $1 AND e.account_id = $2 AND e.mailbox_id = $3"
#define FUMI_SIXTEEN "($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"

constexpr Statement kEntries{"SELECT " FUMI_ENTRY_COLUMNS " FROM entries e" FUMI_IN_MAILBOX
                             " AND e.uid >= $4 ORDER BY e.uid LIMIT $5"};
// By their rows; whether blocks say the same is to be seen.
constexpr Statement kDeleted{
    "SELECT e.uid FROM entries e"
    " /*sqlite INDEXED BY entries_deleted*/" FUMI_IN_MAILBOX
    " AND (flags & 8) <> 0 ORDER BY e.uid"};
constexpr Statement kSixteen{"SELECT " FUMI_ENTRY_COLUMNS " FROM entries e" FUMI_IN_MAILBOX
                             " AND e.uid IN " FUMI_SIXTEEN " ORDER BY e.uid"};
constexpr Statement kEmails{"SELECT " FUMI_ENTRY_COLUMNS ", " FUMI_EMAIL_COLUMNS
                            " FROM entries e JOIN emails m ON m.tenant_id = e.tenant_id"
                            " AND m.account_id = e.account_id"
                            " AND m.email_id = e.email_id" FUMI_IN_MAILBOX
                            " AND e.uid IN " FUMI_SIXTEEN " ORDER BY e.uid"};
constexpr Statement kRange{"SELECT " FUMI_ENTRY_COLUMNS " FROM entries e" FUMI_IN_MAILBOX
                           " AND e.uid BETWEEN $4 AND $5 ORDER BY e.uid"};
constexpr Statement kEmailsRange{"SELECT " FUMI_ENTRY_COLUMNS ", " FUMI_EMAIL_COLUMNS
                                 " FROM entries e JOIN emails m ON m.tenant_id = e.tenant_id"
                                 " AND m.account_id = e.account_id"
                                 " AND m.email_id = e.email_id" FUMI_IN_MAILBOX
                                 " AND e.uid BETWEEN $4 AND $5 ORDER BY e.uid"};
constexpr Statement kEmail{
    "SELECT " FUMI_EMAIL_COLUMNS
    " FROM emails m WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.email_id = $3"};
constexpr Statement kAppended{"SELECT " FUMI_ENTRY_COLUMNS
                              ", e.appended FROM entries e" FUMI_IN_MAILBOX
                              " AND e.uid < $4 ORDER BY e.uid DESC LIMIT $5"};
// From before there were blocks: only then rows were changed.
constexpr Statement kChanged{"SELECT e.uid FROM entries e" FUMI_IN_MAILBOX
                             " AND modseq > appended AND modseq > $4"};
constexpr Statement kVanished{
    "SELECT uid FROM expunged WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"
    " AND modseq > $4"};
constexpr Statement kHorizon{
    "SELECT modseq, expunged_floor FROM mailboxes"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};

constexpr int kEntryColumns = 8;
constexpr std::int64_t kPageRows = 8192;

std::vector<Uid> sorted(std::vector<Uid> uids) {
  std::ranges::sort(uids);
  uids.erase(std::ranges::unique(uids).begin(), uids.end());
  return uids;
}

}  // namespace

Result<Entry> SqlMailboxes::entry_of(AccountId account, MailboxId mailbox, const Row& row) {
  Entry entry;
  entry.uid.value = static_cast<std::uint32_t>(row.int64(0));
  entry.email = row.id<EmailId>(1);
  entry.flags.bits = static_cast<std::uint32_t>(row.int64(2));
  entry.modseq = row.id<ModSeq>(3);
  entry.octets = static_cast<std::uint64_t>(row.int64(4));
  entry.received = row.instant(5);
  if (row.int64(7) != 0) entry.saved = row.instant(7);
  if (const auto sealed = row.blob(6); !sealed.empty()) {
    FUMI_TRY(const auto text,
             context_.open(purpose::kKeywords, sealed, Aad(account, mailbox, entry.uid.value)));
    entry.flags.keywords = keywords_of(text);
  }
  return entry;
}

Result<Email> SqlMailboxes::email_of(AccountId account, const Row& row, int column) {
  Email email;
  email.id = row.id<EmailId>(column);
  email.thread = row.id<ThreadId>(column + 1);
  email.octets = static_cast<std::uint64_t>(row.int64(column + 2));
  email.received = row.instant(column + 3);
  const auto blob = BlobRef::decode(row.blob(column + 4));
  if (!blob) return fail(Code::corrupt, "reading a message's row", "bad blob reference");
  email.blob = *blob;
  FUMI_TRY(email.summary,
           context_.open(purpose::kSummary, row.blob(column + 5), Aad(account, email.id)));
  return email;
}

Result<std::vector<Entry>> SqlMailboxes::entries(AccountId account, MailboxId mailbox, Uid first) {
  std::vector<Entry> found;
  auto visit = [&](const Entry& entry) -> Status {
    found.push_back(entry);
    return {};
  };
  FUMI_CHECK(visit_entries(account, mailbox, first, visit));
  return found;
}

// In pages: PostgreSQL holds a whole result in memory.
Status SqlMailboxes::visit_entries(AccountId account, MailboxId mailbox, Uid first,
                                   FunctionRef<Status(const Entry&)> visit) {
  FUMI_CHECK(require(account, mailbox));
  std::int64_t next = first.value;
  std::vector<Entry> page;
  do {
    page.clear();
    auto each = [&](const Row& row) -> Status {
      FUMI_TRY(auto entry, entry_of(account, mailbox, row));
      page.push_back(std::move(entry));
      return {};
    };
    FUMI_CHECK(context_.query(kEntries, each, account, mailbox, next, kPageRows));
    FUMI_CHECK(decide(account, mailbox, page));
    for (const Entry& entry : page)
      FUMI_CHECK(visit(entry));
    if (!page.empty()) next = std::int64_t{page.back().uid.value} + 1;
  } while (page.size() == std::size_t(kPageRows));
  return {};
}

Status SqlMailboxes::visit_index(AccountId account, MailboxId mailbox,
                                 FunctionRef<Status(const IndexedEntry&)> visit) {
  FUMI_CHECK(require(account, mailbox));
  return SqlBlocks(context_, account, mailbox).visit_all(visit);
}

Status SqlMailboxes::decide(AccountId account, MailboxId mailbox, std::vector<Entry>& entries) {
  return SqlBlocks(context_, account, mailbox).overlay(entries);
}

Result<std::vector<Entry>> SqlMailboxes::deleted_entries(AccountId account, MailboxId mailbox) {
  FUMI_TRY(auto uids, SqlBlocks(context_, account, mailbox).deleted());
  auto add = [&](const Row& row) { uids.push_back(Uid{static_cast<std::uint32_t>(row.int64(0))}); };
  FUMI_CHECK(context_.query(kDeleted, add, account, mailbox));
  return find(account, mailbox, std::move(uids));
}

Result<std::vector<Entry>> SqlMailboxes::find(AccountId account, MailboxId mailbox,
                                              std::vector<Uid> uids) {
  uids = sorted(std::move(uids));
  std::vector<Entry> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto entry, entry_of(account, mailbox, row));
    found.push_back(std::move(entry));
    return {};
  };
  auto range = [&](Uid first, Uid last) {
    return context_.query(kRange, visit, account, mailbox, first.value, last.value);
  };
  auto sixteen = [&](const Sixteen& u) {
    return context_.query(kSixteen, visit, account, mailbox, u[0], u[1], u[2], u[3], u[4], u[5],
                          u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
  };
  FUMI_CHECK(by_runs(uids, range, sixteen));
  std::ranges::sort(found, {}, &Entry::uid);
  FUMI_CHECK(decide(account, mailbox, found));
  return found;
}

Result<std::optional<Email>> SqlMailboxes::email(AccountId account, EmailId id) {
  return context_.one(
      kEmail, [&](const Row& row) { return email_of(account, row, 0); }, account, id);
}

Result<std::vector<std::pair<Entry, Email>>> SqlMailboxes::emails(AccountId account,
                                                                  MailboxId mailbox,
                                                                  const std::vector<Uid>& uids) {
  FUMI_CHECK(require(account, mailbox));
  std::vector<std::pair<Entry, Email>> found;
  found.reserve(uids.size());
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto entry, entry_of(account, mailbox, row));
    FUMI_TRY(auto email, email_of(account, row, kEntryColumns));
    found.emplace_back(std::move(entry), std::move(email));
    return {};
  };
  auto range = [&](Uid first, Uid last) {
    return context_.query(kEmailsRange, visit, account, mailbox, first.value, last.value);
  };
  auto sixteen = [&](const Sixteen& u) {
    return context_.query(kEmails, visit, account, mailbox, u[0], u[1], u[2], u[3], u[4], u[5],
                          u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
  };
  FUMI_CHECK(by_runs(sorted(uids), range, sixteen));
  const auto uid_of = [](const std::pair<Entry, Email>& one) { return one.first.uid; };
  std::ranges::sort(found, {}, uid_of);
  auto decided = [&](std::size_t i, const EntryBlock& block, const EntryState& state) {
    Entry& entry = found[i].first;
    entry.flags.bits = state.bits;
    entry.flags.keywords = block.keywords(state.keywords);
    entry.modseq = ModSeq(state.modseq);
  };
  const auto nth = [&](std::size_t i) { return found[i].first.uid; };
  FUMI_CHECK(SqlBlocks(context_, account, mailbox).overlay(found.size(), nth, decided));
  if (std::ranges::is_sorted(uids, std::ranges::less_equal())) return found;  // or not unique
  std::vector<std::pair<Entry, Email>> out;
  for (const Uid uid : uids) {
    const auto at = std::ranges::lower_bound(found, uid, {}, uid_of);
    if (at != found.end() && at->first.uid == uid) out.push_back(*at);
  }
  return out;
}

Result<MailboxChanges> SqlMailboxes::changes(AccountId account, MailboxId mailbox, ModSeq since) {
  auto map = [](const Row& row) { return std::pair(row.id<ModSeq>(0), row.id<ModSeq>(1)); };
  FUMI_TRY(const auto horizon, context_.one(kHorizon, map, account, mailbox));
  if (!horizon) return fail(Code::not_found, "reading changes", "no such mailbox");
  if (since < horizon->second) {
    return fail(Code::not_found, "reading changes", "expunges that old aren't remembered");
  }
  MailboxChanges changes;
  if (since >= horizon->first) return changes;
  FUMI_CHECK(appended_after(account, mailbox, since, changes.changed));
  std::ranges::sort(changes.changed, {}, &Entry::uid);
  FUMI_CHECK(decide(account, mailbox, changes.changed));
  // Those that were there: of the blocks that have changed, and rows from before blocks.
  FUMI_TRY(auto uids, SqlBlocks(context_, account, mailbox).changed_after(since));
  auto add = [&](const Row& row) { uids.push_back(Uid{static_cast<std::uint32_t>(row.int64(0))}); };
  FUMI_CHECK(context_.query(kChanged, add, account, mailbox, since));
  const std::size_t fresh = changes.changed.size();
  std::erase_if(uids, [&](Uid uid) {
    return std::ranges::binary_search(changes.changed, uid, {}, &Entry::uid);
  });
  FUMI_TRY(auto old, find(account, mailbox, std::move(uids)));
  for (Entry& entry : old) {
    if (entry.modseq > since) changes.changed.push_back(std::move(entry));
  }
  if (changes.changed.size() > fresh) std::ranges::sort(changes.changed, {}, &Entry::uid);
  FUMI_CHECK(context_.query(
      kVanished,
      [&](const Row& row) {
        changes.vanished.push_back(Uid{static_cast<std::uint32_t>(row.int64(0))});
      },
      account, mailbox, since));
  std::ranges::sort(changes.vanished);
  return changes;
}

// From the newest backwards, in growing steps, until an entry that was there already.
Status SqlMailboxes::appended_after(AccountId account, MailboxId mailbox, ModSeq since,
                                    std::vector<Entry>& into) {
  std::int64_t below = std::int64_t{1} << 32U;
  for (std::int64_t step = 64;; step = std::min<std::int64_t>(step * 4, 4096)) {
    std::int64_t rows = 0;
    bool reached = false;
    auto visit = [&](const Row& row) -> Result<Next> {
      if (row.id<ModSeq>(kEntryColumns) <= since) {
        reached = true;
        return Next::stop;
      }
      FUMI_TRY(auto entry, entry_of(account, mailbox, row));
      below = entry.uid.value;
      into.push_back(std::move(entry));
      ++rows;
      return Next::more;
    };
    FUMI_CHECK(context_.query(kAppended, visit, account, mailbox, below, step));
    if (reached || rows < step) return {};
  }
}

}  // namespace fumi::store
