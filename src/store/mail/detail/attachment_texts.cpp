#include "store/mail/detail/attachment_texts.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

// As context.h's purposes.
constexpr std::string_view kPurpose = "attachment_texts.body";

#define FUMI_OF_EMAIL " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"

constexpr Statement kWant{
    "INSERT INTO attachment_tasks (tenant_id, account_id, email_id, stage, not_before, attempts,"
    " unread) SELECT tenant_id, account_id, email_id, 0, $4/*pg ::bigint*/, 0, 0 FROM "
    "emails" FUMI_OF_EMAIL " ON CONFLICT DO NOTHING"};
constexpr Statement kDue{
    "SELECT email_id, attempts FROM attachment_tasks WHERE tenant_id = $1 AND account_id = $2"
    " AND stage = 0 AND not_before <= $3 ORDER BY not_before, email_id LIMIT $4"
    "/*pg  FOR UPDATE SKIP LOCKED*/"};
constexpr Statement kLease{
    "UPDATE attachment_tasks SET not_before = $4, attempts = attempts + 1" FUMI_OF_EMAIL};
constexpr Statement kDone{"UPDATE attachment_tasks SET stage = 1, unread = $4" FUMI_OF_EMAIL};
constexpr Statement kPut{
    "INSERT INTO attachment_texts (tenant_id, account_id, email_id, body) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tenant_id, account_id, email_id) DO UPDATE SET body = excluded.body"};
constexpr Statement kFind{"SELECT body FROM attachment_texts" FUMI_OF_EMAIL};
constexpr Statement kUnindexed{
    "SELECT email_id FROM attachment_tasks WHERE tenant_id = $1 AND account_id = $2"
    " AND stage = 1 ORDER BY email_id LIMIT $3"};
constexpr Statement kIndexed{"UPDATE attachment_tasks SET stage = 2" FUMI_OF_EMAIL
                             " AND stage = 1"};
constexpr Statement kDropTask{"DELETE FROM attachment_tasks" FUMI_OF_EMAIL};
constexpr Statement kDropText{"DELETE FROM attachment_texts" FUMI_OF_EMAIL};
#define FUMI_GONE_BY                                                                 \
  " WHERE tenant_id = $1 AND account_id = $2 AND email_id IN (SELECT object_id FROM" \
  " gone WHERE tenant_id = $1 AND account_id = $2 AND modseq = $3 AND kind = 2)"
constexpr Statement kDropGoneTexts{"DELETE FROM attachment_texts" FUMI_GONE_BY};
constexpr Statement kDropGoneTasks{"DELETE FROM attachment_tasks" FUMI_GONE_BY};
constexpr Statement kWantAll{
    "UPDATE attachment_tasks SET stage = 0, not_before = $3, attempts = 0, unread = 0"
    " WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kProgress{
    "SELECT coalesce(sum(CASE WHEN stage < 2 THEN 1 ELSE 0 END), 0)/*pg ::bigint*/,"
    " coalesce(sum(unread), 0)/*pg ::bigint*/ FROM attachment_tasks"
    " WHERE tenant_id = $1 AND account_id = $2"};

}  // namespace

Status SqlAttachmentTexts::want(AccountId account, std::span<const EmailId> emails) {
  for (const EmailId email : emails)
    FUMI_CHECK(context_.run(kWant, account, email, context_.now()));
  return {};
}

Result<std::vector<AttachmentTask>> SqlAttachmentTexts::claim(AccountId account, Instant now,
                                                              Instant until, std::uint32_t limit) {
  std::vector<AttachmentTask> tasks;
  auto each = [&](const Row& row) {
    tasks.push_back({row.id<EmailId>(0), static_cast<std::uint32_t>(row.int64(1)) + 1});
  };
  FUMI_CHECK(context_.query(kDue, each, account, now, limit));
  for (const AttachmentTask& task : tasks)
    FUMI_CHECK(context_.run(kLease, account, task.email, until));
  return tasks;
}

Status SqlAttachmentTexts::put(AccountId account, EmailId email, const AttachmentText& text) {
  FUMI_TRY(const auto rows, context_.execute(kDone, account, email, text.unread));
  if (rows == 0) return {};
  FUMI_TRY(const std::string sealed, context_.seal(kPurpose, text.body, Aad(account, email)));
  return context_.run(kPut, account, email, Blob{sealed});
}

Result<std::optional<std::string>> SqlAttachmentTexts::find(AccountId account, EmailId email) {
  auto map = [&](const Row& row) {
    return context_.open(kPurpose, row.blob(0), Aad(account, email));
  };
  return context_.one(kFind, map, account, email);
}

Result<std::vector<EmailId>> SqlAttachmentTexts::unindexed(AccountId account, std::uint32_t limit) {
  std::vector<EmailId> emails;
  auto each = [&](const Row& row) { emails.push_back(row.id<EmailId>(0)); };
  FUMI_CHECK(context_.query(kUnindexed, each, account, limit));
  return emails;
}

Status SqlAttachmentTexts::mark_indexed(AccountId account, std::span<const EmailId> emails) {
  for (const EmailId email : emails)
    FUMI_CHECK(context_.run(kIndexed, account, email));
  return {};
}

// One statement for the mail that never had any, which is most.
Status SqlAttachmentTexts::dismiss(AccountId account, EmailId email) {
  FUMI_TRY(const auto rows, context_.execute(kDropTask, account, email));
  return rows == 0 ? Status() : context_.run(kDropText, account, email);
}

Status SqlAttachmentTexts::drop_gone(AccountId account, ModSeq modseq) {
  FUMI_TRY(const auto rows, context_.execute(kDropGoneTasks, account, modseq));
  return rows == 0 ? Status() : context_.run(kDropGoneTexts, account, modseq);
}

Status SqlAttachmentTexts::want_all(AccountId account) {
  return context_.run(kWantAll, account, context_.now());
}

Result<AttachmentProgress> SqlAttachmentTexts::progress(AccountId account) {
  auto map = [](const Row& row) {
    return AttachmentProgress{static_cast<std::uint64_t>(row.int64(0)),
                              static_cast<std::uint64_t>(row.int64(1))};
  };
  FUMI_TRY(const auto progress, context_.one(kProgress, map, account));
  return progress.value_or(AttachmentProgress());
}

}  // namespace fumi::store
