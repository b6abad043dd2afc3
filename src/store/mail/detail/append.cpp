// New messages: the hot path. A delivery is five statements here, each on rows that lie together:
// account, mailbox, thread, email, entry.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "domain/ports/vacation_store.h"
#include "store/mail/detail/blocks.h"
#include "store/mail/detail/mailboxes.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kTakeDelivery{
    "UPDATE accounts SET change = change + 1, used_octets = used_octets + $3"
    " WHERE tenant_id = $1 AND account_id = $2 AND status = 0"
    " AND (quota_octets = 0 OR used_octets + $3 <= quota_octets) RETURNING change, inbox_id, away"};
constexpr Statement kTakeAppend{
    "UPDATE accounts SET change = change + 1, used_octets = used_octets + $3"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"
    " AND (quota_octets = 0 OR used_octets + $3 <= quota_octets) RETURNING change"};
constexpr Statement kVacationJob{
    "INSERT INTO vacation_jobs (tenant_id, account_id, email_id) VALUES ($1, $2, $3)"};
constexpr Statement kStatus{"SELECT status FROM accounts WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kPlace{
    "UPDATE mailboxes SET uid_next = uid_next + $4, modseq = $5, total = total + $6,"
    " unseen = unseen + $7, deleted = deleted + $8, octets = octets + $9"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"
    " RETURNING uid_next - $4, uid_validity"};
constexpr Statement kInsertEmail{
    "INSERT INTO emails (tenant_id, account_id, email_id, thread_id, octets, received,"
    " blob, summary, created, first_mailbox, first_uid)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement kInsertEntry{
    "INSERT INTO entries (tenant_id, account_id, mailbox_id, uid, email_id, flags, appended,"
    " modseq, octets, received, keywords, saved, copied)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12)"};
// Finds or founds the thread of a message that refers to no other.
constexpr Statement kThread{
    "INSERT INTO thread_refs (tenant_id, account_id, ref_hash, thread_id) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tenant_id, account_id, ref_hash)"
    " DO UPDATE SET thread_id = thread_refs.thread_id RETURNING thread_id"};
constexpr Statement kThreads{
    "SELECT ref_hash, thread_id FROM thread_refs WHERE tenant_id = $1 AND account_id = $2"
    " AND ref_hash IN ($3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kInsertRef{
    "INSERT INTO thread_refs (tenant_id, account_id, ref_hash, thread_id) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tenant_id, account_id, ref_hash) DO NOTHING"};

constexpr std::size_t kRefs = 8;  // looked at a message: its own id, the thread's first, the last 6
constexpr std::size_t kMessageIdOctetsMax = 998;

bool is_atom(std::string_view keyword) {
  const std::string_view rest =
      keyword.starts_with('\\') || keyword.starts_with('$') ? keyword.substr(1) : keyword;
  return !rest.empty() && std::ranges::all_of(rest, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f &&
           !std::string_view("(){%*\"\\]").contains(c);
  });
}

}  // namespace

Result<Flags> checked_flags(const Flags& flags) {
  constexpr std::uint32_t kKnown =
      Flags::seen | Flags::answered | Flags::flagged | Flags::deleted | Flags::draft;
  std::size_t octets = 0;
  for (const std::string& keyword : flags.keywords) {
    octets += keyword.size() + 1;
    if (!is_atom(keyword)) return fail(Code::invalid, "checking flags", "a keyword isn't an atom");
  }
  if (flags.keywords.size() > 64 || octets > 4096) {
    return fail(Code::too_large, "checking flags", "too many keywords");
  }
  Flags checked = apply(Flags{}, FlagsOperation::replace, flags);
  checked.bits &= kKnown;
  return checked;
}

void SqlMailboxes::Delta::add(const Entry& entry, std::int64_t sign) {
  total += sign;
  add_flags(entry.flags.bits, sign);
  octets += sign * static_cast<std::int64_t>(entry.octets);
}

void SqlMailboxes::Delta::add_flags(std::uint32_t bits, std::int64_t sign) {
  if ((bits & Flags::seen) == 0) unseen += sign;
  if ((bits & Flags::deleted) != 0) deleted += sign;
}

Result<SqlMailboxes::Placed> SqlMailboxes::place(AccountId account, MailboxId mailbox,
                                                 std::uint32_t count, ModSeq modseq,
                                                 const Delta& delta) {
  auto map = [](const Row& row) { return std::pair(row.int64(0), row.int64(1)); };
  FUMI_TRY(const auto placed, context_.one(kPlace, map, account, mailbox, count, modseq,
                                           delta.total, delta.unseen, delta.deleted, delta.octets));
  if (!placed) return fail(Code::not_found, "putting into a mailbox", "no such mailbox");
  if (placed->first + count > std::int64_t{0xffff'ffff}) {
    return fail(Code::too_large, "putting into a mailbox", "the UIDs are used up");
  }
  return Placed{Uid{static_cast<std::uint32_t>(placed->first)},
                UidValidity{static_cast<std::uint32_t>(placed->second)}};
}

// Why the account didn't take it; `worst` is the worst status that would have.
std::unexpected<Error> SqlMailboxes::refusal(AccountId account, const char* doing,
                                             AccountStatus worst) {
  auto status = context_.one(
      kStatus, [](const Row& row) { return static_cast<AccountStatus>(row.int64(0)); }, account);
  if (!status) return fail(std::move(status));
  if (!*status || **status > worst) return fail(Code::not_found, doing, "no such account");
  return fail(Code::quota, doing, "the account is full");
}

Result<Appended> SqlMailboxes::append(AccountId account, MailboxId mailbox,
                                      const EmailContent& content, const Flags& flags) {
  FUMI_TRY(const Flags checked, checked_flags(flags));
  FUMI_TRY(const auto modseq, context_.one(
                                  kTakeAppend, [](const Row& row) { return row.id<ModSeq>(0); },
                                  account, content.octets));
  if (!modseq) return refusal(account, "appending a message", AccountStatus::disabled);
  return put_in(account, mailbox, content, checked, *modseq);
}

Result<Appended> SqlMailboxes::deliver(AccountId account, const EmailContent& content) {
  struct Taken {
    ModSeq modseq;
    MailboxId inbox;
    Away away = Away::no;
  };
  auto map = [](const Row& row) {
    return Taken{row.id<ModSeq>(0), row.id<MailboxId>(1), static_cast<Away>(row.int64(2))};
  };
  FUMI_TRY(const auto taken, context_.one(kTakeDelivery, map, account, content.octets));
  if (!taken) return refusal(account, "delivering a message", AccountStatus::active);
  FUMI_TRY(const Appended put, put_in(account, taken->inbox, content, Flags{}, taken->modseq));
  if (taken->away == Away::yes) FUMI_CHECK(context_.run(kVacationJob, account, put.email));
  return put;
}

Result<Appended> SqlMailboxes::put_in(AccountId account, MailboxId mailbox,
                                      const EmailContent& content, const Flags& flags,
                                      ModSeq modseq) {
  Entry entry;
  entry.email = context_.next_id<EmailId>();
  entry.flags = flags;
  entry.modseq = modseq;
  entry.octets = content.octets;
  entry.received = content.received;
  entry.saved = context_.now();
  Delta delta;
  delta.add(entry, 1);
  FUMI_TRY(const Placed placed, place(account, mailbox, 1, modseq, delta));
  entry.uid = placed.first;
  FUMI_TRY(const ThreadId thread, thread_of(account, content, entry.email));
  FUMI_TRY(const auto summary,
           context_.seal(purpose::kSummary, content.summary, Aad(account, entry.email)));
  const std::string blob = content.blob.encode();
  FUMI_CHECK(context_.run(kInsertEmail, account, entry.email, thread, content.octets,
                          content.received, Blob{blob}, Blob{summary}, modseq, mailbox,
                          entry.uid.value));
  FUMI_CHECK(insert_entry(account, mailbox, entry, Placing::first));
  // The first of a block's UIDs: none comes into the block before it any more.
  if (entry.uid.value % kBlockUids == 0) {
    SqlBlocks blocks(context_, account, mailbox);
    FUMI_CHECK(blocks.seal(block_of(entry.uid.value) - 1, entry.uid));
  }
  context_.changed(account, mailbox);
  return Appended{mailbox, placed.uid_validity, entry.uid, modseq, entry.email};
}

Result<std::string> SqlMailboxes::seal_keywords(AccountId account, MailboxId mailbox,
                                                const Entry& entry) {
  if (entry.flags.keywords.empty()) return std::string();
  return context_.seal(purpose::kKeywords, keywords_text(entry.flags.keywords),
                       Aad(account, mailbox, entry.uid.value));
}

Status SqlMailboxes::insert_entry(AccountId account, MailboxId mailbox, const Entry& entry,
                                  Placing placing) {
  FUMI_TRY(const auto keywords, seal_keywords(account, mailbox, entry));
  return context_.run(kInsertEntry, account, mailbox, entry.uid.value, entry.email,
                      entry.flags.bits, entry.modseq, entry.octets, entry.received, Blob{keywords},
                      entry.saved, placing == Placing::copy);
}

// RFC 8621 §3 leaves the method open: messages are of one thread when one names the other, or both
// name a third, in their message ids. A thread never changes its id and is never merged.
Result<ThreadId> SqlMailboxes::thread_of(AccountId account, const EmailContent& content,
                                         EmailId email) {
  const ThreadId fresh(email.value());
  std::vector<std::string_view> ids;
  auto add = [&](std::string_view id) {
    if (id.empty() || id.size() > kMessageIdOctetsMax || ids.size() == kRefs) return;
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  };
  add(content.message_id);
  for (std::size_t i = 0; i < std::min(content.references.size(), kRefs - 2); ++i)
    add(content.references[content.references.size() - 1 - i]);  // the nearest first
  if (!content.references.empty()) add(content.references.front());
  if (ids.empty()) return fresh;

  std::array<std::int64_t, kRefs> hashes{};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string text = account.text().append(" ").append(ids[i]);
    FUMI_TRY(hashes[i], context_.blind63(purpose::kThread, text));
  }
  if (ids.size() == 1) {
    FUMI_TRY(const auto thread, context_.one(
                                    kThread, [](const Row& row) { return row.id<ThreadId>(0); },
                                    account, hashes[0], fresh));
    return thread.value_or(fresh);
  }
  for (std::size_t i = ids.size(); i < kRefs; ++i)
    hashes[i] = hashes[0];
  std::array<ThreadId, kRefs> threads{};
  auto visit = [&](const Row& row) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (hashes[i] == row.int64(0)) threads[i] = row.id<ThreadId>(1);
    }
  };
  FUMI_CHECK(context_.query(kThreads, visit, account, hashes[0], hashes[1], hashes[2], hashes[3],
                            hashes[4], hashes[5], hashes[6], hashes[7]));
  const auto known = std::ranges::find_if(threads, [](ThreadId id) { return bool(id); });
  const ThreadId thread = known == threads.end() ? fresh : *known;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!threads[i]) FUMI_CHECK(context_.run(kInsertRef, account, hashes[i], thread));
  }
  return thread;
}

}  // namespace fumi::store
