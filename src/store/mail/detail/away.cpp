#include "store/mail/detail/away.h"

namespace fumi::store {
namespace {

using sql::Row;
using sql::Statement;

constexpr Statement kTold{
    "SELECT told FROM push_states"
    " WHERE tenant_id = $1 AND account_id = $2 AND object_id = $3"};
constexpr Statement kClaim{
    "INSERT INTO push_states (tenant_id, account_id, object_id, told) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tenant_id, account_id, object_id) DO UPDATE SET told = $4"
    " WHERE push_states.told < $4"};
constexpr Statement kRelease{
    "UPDATE push_states SET told = $5"
    " WHERE tenant_id = $1 AND account_id = $2 AND object_id = $3 AND told = $4"};
constexpr Statement kForget{
    "DELETE FROM push_states WHERE tenant_id = $1 AND account_id = $2 AND object_id = $3"};

constexpr Statement kSetAway{
    "UPDATE accounts SET away = $3"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};
constexpr Statement kForgetReplies{
    "DELETE FROM vacation_replies WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kEndJob{
    "DELETE FROM vacation_jobs WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"};
constexpr Statement kForgetOld{
    "DELETE FROM vacation_replies"
    " WHERE tenant_id = $1 AND account_id = $2 AND replied <= $3"};
constexpr Statement kReplied{
    "SELECT replied FROM vacation_replies"
    " WHERE tenant_id = $1 AND account_id = $2 AND sender_hash = $3"};
constexpr Statement kCount{
    "SELECT count(*) FROM vacation_replies WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kNote{
    "INSERT INTO vacation_replies (tenant_id, account_id, sender_hash, replied)"
    " VALUES ($1, $2, $3, $4)"};

}  // namespace

Result<std::optional<ModSeq>> SqlPush::claim(AccountId account, ObjectId subscription,
                                             ModSeq state) {
  auto map = [](const Row& row) { return row.id<ModSeq>(0); };
  FUMI_TRY(const auto told, context_.one(kTold, map, account, subscription));
  FUMI_TRY(const auto rows, context_.execute(kClaim, account, subscription, state));
  if (rows == 0) return std::nullopt;
  return told.value_or(ModSeq());
}

Status SqlPush::release(AccountId account, ObjectId subscription, ModSeq state, ModSeq before) {
  return context_.run(kRelease, account, subscription, state, before);
}

Status SqlPush::forget(AccountId account, ObjectId subscription) {
  return context_.run(kForget, account, subscription);
}

Status SqlVacation::set_away(AccountId account, Away away) {
  FUMI_TRY(const auto rows, context_.execute(kSetAway, account, static_cast<int>(away)));
  if (rows == 0) return fail(Code::not_found, "setting who is away", "no such account");
  if (away == Away::no) FUMI_CHECK(context_.run(kForgetReplies, account));
  return {};
}

Status SqlVacation::end_job(AccountId account, EmailId email) {
  FUMI_TRY(const auto rows, context_.execute(kEndJob, account, email));
  if (rows == 0) return fail(Code::not_found, "ending a vacation job", "it has been ended");
  return {};
}

Result<ReplyVerdict> SqlVacation::note_reply(AccountId account, const std::string& sender,
                                             Instant now, const ReplyLimits& limits) {
  FUMI_CHECK(context_.run(kForgetOld, account, now - limits.interval));
  const std::string text = account.text() + " " + sender;
  FUMI_TRY(const auto hash, context_.blind63(purpose::kVacation, text));
  auto number = [](const Row& row) { return row.int64(0); };
  FUMI_TRY(const auto replied, context_.one(kReplied, number, account, hash));
  if (replied) return ReplyVerdict::repeated;
  FUMI_TRY(const auto count, context_.one(kCount, number, account));
  if (count.value_or(0) >= std::int64_t{limits.senders_max}) return ReplyVerdict::too_many;
  FUMI_CHECK(context_.run(kNote, account, hash, now));
  return ReplyVerdict::may;
}

}  // namespace fumi::store
