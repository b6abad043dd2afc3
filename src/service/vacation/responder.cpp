#include "service/vacation/responder.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/random.h"
#include "mime/header.h"
#include "mime/structure.h"
#include "service/vacation/reply.h"

namespace fumi::service {
namespace {

constexpr std::uint32_t kJobsAtATime = 200;
constexpr std::uint64_t kHeaderOctetsMax = 256 * 1024;  // of a mail that is looked at
constexpr std::size_t kSeedOctets = 16;

// What will never go better: the mail stays unanswered.
bool is_lasting(Code code) {
  return code == Code::corrupt || code == Code::not_found || code == Code::invalid ||
         code == Code::too_large;
}

bool is_eight_bit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

struct VacationResponder::Mail {
  Judgement judgement;
  Absence absence;
  mime::Summary summary;
  std::string name;  // of the account's owner
};

struct VacationResponder::Reply {
  QueueMessage message;
  std::string key;  // the sender's, for the note
};

VacationResponder::VacationResponder(Platform& platform, Store& store, BlobStore& blobs,
                                     Runtime& runtime, Signer& signer, Spool& spool,
                                     IdGenerator& ids, const Clock& clock, VacationOptions options)
    : platform_(platform),
      store_(store),
      blobs_(blobs),
      runtime_(runtime),
      signer_(signer),
      spool_(spool),
      ids_(ids),
      clock_(clock),
      options_(std::move(options)) {}

void VacationResponder::start() { runtime_.spawn("vacation", run()); }

Task<void> VacationResponder::run() {
  for (;;) {
    const Status slept = co_await runtime_.sleep_for(options_.interval);
    if (!slept) co_return;
    Result<std::uint64_t> done = co_await answer_all();
    if (done) continue;
    if (done.error().code == Code::cancelled) co_return;
    log::warning("vacation", "mail not answered yet", {{"why", done.error().text()}});
  }
}

// Goes on as long as jobs end: one that fails for now must not keep us from resting.
Task<Result<std::uint64_t>> VacationResponder::answer_all() {
  std::uint64_t replies = 0;
  for (;;) {
    auto look = [](PlatformTx& tx) { return tx.platform().vacation_jobs(kJobsAtATime); };
    Result<std::vector<VacationJob>> jobs = co_await platform_.read(std::move(look));
    if (!jobs) co_return std::unexpected(std::move(jobs).error());
    for (const VacationJob& job : *jobs) {
      Result<bool> replied = co_await answer(job);
      if (!replied) co_return std::unexpected(std::move(replied).error());
      replies += *replied ? 1U : 0U;
    }
    if (jobs->size() < kJobsAtATime) co_return replies;
  }
}

Task<Result<bool>> VacationResponder::answer(VacationJob job) {
  Result<std::optional<Mail>> mail = co_await read(job);
  std::optional<Error> failed;
  if (!mail) failed = mail.error();
  if (mail && *mail && (*mail)->judgement.decision == Decision::reply) {
    Result<Reply> reply = co_await compose(job, **mail);
    if (reply) co_return co_await send(job, std::move(*reply));
    failed = reply.error();
  }
  if (failed && !is_lasting(failed->code)) co_return std::unexpected(std::move(*failed));
  if (failed) {
    log::warning("vacation", "a mail can't be answered",
                 {{"email", job.email.text()}, {"why", failed->text()}});
  }
  const Status ended = co_await end(job);
  if (!ended) co_return std::unexpected(ended.error());
  co_return false;
}

// nullopt: the mail or the absence has gone meanwhile.
Task<Result<std::optional<VacationResponder::Mail>>> VacationResponder::read(
    const VacationJob& job) {
  struct Rows {
    std::optional<Email> email;
    std::vector<StoredObject> absence;
    std::vector<EmailAddress> own;
    std::optional<Account> account;
  };
  auto look = [&job](Tx& tx) -> Result<Rows> {
    Rows rows;
    FUMI_TRY(rows.email, tx.mailboxes().email(job.account, job.email));
    FUMI_TRY(rows.absence, tx.objects().list(job.account, ObjectKind::vacation));
    FUMI_TRY(rows.own, tx.directory().addresses(job.account));
    FUMI_TRY(rows.account, tx.directory().account(job.account));
    return rows;
  };
  const TenantScope scope{job.tenant, {}};
  Result<Rows> rows = co_await store_.read(scope, std::move(look));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  const bool open = rows->account && rows->account->status == AccountStatus::active;
  if (!rows->email || rows->absence.empty() || !open) co_return std::nullopt;
  const BlobRange begin{0, kHeaderOctetsMax};
  Result<std::string> bytes = co_await blobs_.get_range(scope, rows->email->blob, begin);
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  Result<Absence> absence = read_absence(rows->absence.front().body);
  if (!absence) co_return std::unexpected(std::move(absence).error());
  Mail mail;
  mail.absence = std::move(*absence);
  mail.judgement = decide({*bytes, rows->email->received}, mail.absence, rows->own);
  mail.name = rows->account->display_name;
  auto summary = mime::decode(rows->email->summary);
  mail.summary = summary ? std::move(*summary) : mime::parse(*bytes);
  log::debug("vacation", "mail looked at",
             {{"email", job.email.text()}, {"decision", to_string(mail.judgement.decision)}});
  co_return mail;
}

Task<Result<VacationResponder::Reply>> VacationResponder::compose(const VacationJob& job,
                                                                  const Mail& mail) {
  const TenantScope scope{job.tenant, {}};
  Reply reply;
  reply.key = mail.judgement.sender.lookup_key();
  QueueMessage& message = reply.message;
  message.id = ids_.next<QueueId>();
  message.tenant = job.tenant;
  message.message_id = "<" + message.id.text() + "@" + options_.hostname + ">";
  ReplyFacts facts;
  facts.from = mail.judgement.own;
  facts.from_name = mail.name;
  facts.to = mail.judgement.sender;
  facts.date = clock_.now();
  facts.message_id = message.message_id;
  facts.boundary_seed = crypto::random_bytes(kSeedOctets);
  Result<std::string> written = write_reply(mail.summary, mail.absence, facts);
  if (!written) co_return std::unexpected(std::move(written).error());
  Result<std::string> signature = co_await signer_.sign(scope, facts.from.domain, *written);
  if (!signature) co_return std::unexpected(std::move(signature).error());
  const std::string bytes = *signature + *written;
  Result<BlobRef> blob = co_await blobs_.put(scope, bytes);
  if (!blob) co_return std::unexpected(std::move(blob).error());
  message.blob = *blob;
  message.octets = bytes.size();
  message.created = facts.date;
  message.expires = facts.date + spool_.options().lifetime;
  message.header_from = facts.from.text();
  message.subject = mime::decode_unstructured(mime::parse(*written).envelope.subject);
  message.eight_bit = is_eight_bit(bytes);
  message.smtputf8 = is_eight_bit(facts.to.text()) || is_eight_bit(facts.from.text());
  QueueRecipient recipient;
  recipient.address = facts.to;
  recipient.notify.bits = DsnNotify::never;
  recipient.due = facts.date;
  message.recipients.push_back(std::move(recipient));
  co_return reply;
}

Task<Status> VacationResponder::end(VacationJob job) {
  auto work = [&job](Tx& tx) -> Status {
    const Status ended = tx.vacation().end_job(job.account, job.email);
    if (!ended && ended.error().code != Code::not_found) return ended;
    return {};
  };
  const TenantScope scope{job.tenant, {}};
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<bool>> VacationResponder::send(VacationJob job, Reply reply) {
  const ReplyLimits limits{options_.reply_interval, options_.senders_max};
  auto work = [&](Tx& tx) -> Result<bool> {
    const Status ended = tx.vacation().end_job(job.account, job.email);
    if (!ended && ended.error().code == Code::not_found) return false;  // another node's
    if (!ended) return std::unexpected(ended.error());
    const QueueMessage& message = reply.message;
    FUMI_TRY(const ReplyVerdict verdict,
             tx.vacation().note_reply(job.account, reply.key, message.created, limits));
    if (verdict != ReplyVerdict::may) return false;
    Record record;
    record.at = message.created;
    record.message = message.id;
    record.kind = RecordKind::accepted;
    record.to = message.recipients.front().address.text();
    record.header_from = message.header_from;
    record.subject = message.subject;
    record.message_id = message.message_id;
    record.protocol = "vacation";
    record.octets = message.octets;
    FUMI_CHECK(tx.records().append(record));
    FUMI_CHECK(tx.queue().enqueue(message, Instant{}));
    record.kind = RecordKind::queued;
    FUMI_CHECK(tx.records().append(record));
    return true;
  };
  const TenantScope scope{job.tenant, {}};
  Result<bool> sent = co_await store_.write(scope, std::move(work));
  if (sent && *sent) {
    ++replies_;
    spool_.wake();
  }
  co_return sent;
}

}  // namespace fumi::service
