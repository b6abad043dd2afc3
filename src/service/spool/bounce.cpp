#include "service/spool/bounce.h"

#include <algorithm>

#include "base/ascii.h"
#include "crypto/random.h"
#include "mime/preview.h"
#include "mime/report.h"
#include "mime/structure.h"

namespace fumi::service {
namespace {

constexpr std::size_t kSeedOctets = 16;

mime::DsnAction action_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::failed:
      return mime::DsnAction::failed;
    case NoticeKind::delayed:
      return mime::DsnAction::delayed;
    case NoticeKind::relayed:
      return mime::DsnAction::relayed;
    case NoticeKind::delivered:
      return mime::DsnAction::delivered;
  }
  return mime::DsnAction::failed;
}

// The enhanced code of "550 5.1.1 text", or what the kind of notice implies (RFC 3463 §2). A peer's
// code of the wrong class would contradict the action.
std::string status_of(const std::string& answer, NoticeKind kind) {
  const char wanted = kind == NoticeKind::failed ? '5' : kind == NoticeKind::delayed ? '4' : '2';
  const auto words = ascii::split(answer, ' ');
  if (words.size() > 1 && words[1].size() >= 5 && words[1].size() <= 9) {
    const auto numbers = ascii::split(words[1], '.');
    bool good = numbers.size() == 3;
    for (const std::string_view number : numbers) {
      if (number.empty() || number.size() > 3) good = false;
      for (const char c : number)
        good = good && ascii::is_digit(c);
    }
    if (good && numbers[0].size() == 1) {
      std::string status(words[1]);
      status[0] = wanted;
      return status;
    }
  }
  return std::string(1, wanted) + ".0.0";
}

bool is_ascii(const EmailAddress& address) {
  const auto seven_bit = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  return std::ranges::all_of(address.local, seven_bit) &&
         std::ranges::all_of(address.domain, seven_bit);
}

std::string subject_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::failed:
      return "Undelivered mail / 配信できませんでした";
    case NoticeKind::delayed:
      return "Delayed mail / 配信が遅れています";
    case NoticeKind::relayed:
    case NoticeKind::delivered:
      return "Delivered mail / 配信されました";
  }
  return {};
}

}  // namespace

bool Bouncer::is_owed(const QueueMessage& message, const QueueRecipient& recipient,
                      NoticeKind kind) {
  if (message.reverse_path.is_null()) return false;
  const std::uint8_t bits = recipient.notify.bits;
  switch (kind) {
    case NoticeKind::failed:
      return bits == DsnNotify::unspecified || (bits & DsnNotify::failure) != 0;
    case NoticeKind::delayed:
      return bits == DsnNotify::unspecified || (bits & DsnNotify::delay) != 0;
    case NoticeKind::relayed:
    case NoticeKind::delivered:
      return (bits & DsnNotify::success) != 0;
  }
  return false;
}

Task<Result<std::optional<Notice>>> Bouncer::compose(TenantScope scope, const QueueMessage& message,
                                                     NoticeKind kind,
                                                     std::vector<NoticeRecipient> recipients,
                                                     const std::string& original,
                                                     std::optional<Instant> will_retry_until) {
  std::erase_if(recipients, [&](const NoticeRecipient& one) {
    return !is_owed(message, *one.recipient, kind);
  });
  if (recipients.empty()) co_return std::nullopt;
  Notice notice;
  notice.kind = kind;
  notice.id = ids_.next<QueueId>();
  notice.to = message.reverse_path;
  notice.smtputf8 = !is_ascii(notice.to);
  for (const NoticeRecipient& one : recipients)
    notice.smtputf8 = notice.smtputf8 || !is_ascii(one.recipient->address);
  notice.message_id = "<" + notice.id.text() + "@" + hostname_ + ">";
  notice.subject = subject_of(kind);
  Result<Route> route = co_await routing_.resolve(notice.to);
  if (!route) co_return std::unexpected(std::move(route).error());
  notice.route = *route;
  mime::Dsn dsn;
  dsn.from = {"Mail Delivery System", "MAILER-DAEMON", hostname_};
  dsn.to = {"", notice.to.local, notice.to.domain};
  dsn.message_id = notice.message_id;
  dsn.date = clock_.now();
  dsn.reporting_mta = hostname_;
  dsn.envelope_id = message.envid;
  dsn.arrival = message.created;
  dsn.original = original;
  dsn.content = message.dsn_return == DsnReturn::full && kind == NoticeKind::failed
                    ? mime::DsnReturn::full
                    : mime::DsnReturn::headers;
  dsn.boundary_seed = crypto::random_bytes(kSeedOctets);
  for (const NoticeRecipient& one : recipients) {
    mime::DsnRecipient row;
    row.final_recipient = one.recipient->address.text();
    row.original_recipient = one.recipient->orcpt;
    row.action = action_of(kind);
    row.status = status_of(one.answer, kind);
    if (one.host != "mailbox") row.remote_mta = one.host.substr(0, one.host.find(' '));
    row.diagnostic_code = one.answer;
    row.last_attempt = clock_.now();
    row.will_retry_until = will_retry_until;
    row.final_log_id = message.id.text();
    dsn.recipients.push_back(std::move(row));
  }
  Result<std::string> written = mime::write_dsn(dsn);
  if (!written) co_return std::unexpected(std::move(written).error());
  const bool local = notice.route.kind == Route::Kind::local && notice.route.tenant == scope.tenant;
  notice.bytes = local ? "Return-Path: <>\r\n" + *written : std::move(*written);
  const mime::Summary summary = mime::parse(notice.bytes);
  notice.summary = mime::encode(summary, mime::preview(summary, notice.bytes));
  Result<BlobRef> blob = co_await blobs_.put(scope, notice.bytes);
  if (!blob) co_return std::unexpected(std::move(blob).error());
  notice.blob = *blob;
  co_return notice;
}

Status Bouncer::send(Tx& tx, const Notice& notice, Duration lifetime) const {
  const Instant now = clock_.now();
  Record record;
  record.at = now;
  record.message = notice.id;
  record.to = notice.to.text();
  record.subject = notice.subject;
  record.message_id = notice.message_id;
  record.protocol = "dsn";
  record.octets = notice.bytes.size();
  record.kind = RecordKind::accepted;
  FUMI_CHECK(tx.records().append(record));
  if (notice.route.kind == Route::Kind::local && notice.route.tenant == tx.scope().tenant) {
    EmailContent content;
    content.blob = notice.blob;
    content.summary = notice.summary;
    content.message_id = notice.message_id;
    content.octets = notice.bytes.size();
    content.received = now;
    const Result<Appended> appended = tx.mailboxes().deliver(notice.route.account, content);
    // A full or vanished mailbox can't be told about by yet another notice.
    const bool lost = !appended && (appended.error().code == Code::quota ||
                                    appended.error().code == Code::not_found);
    if (!appended && !lost) return std::unexpected(appended.error());
    record.kind = lost ? RecordKind::bounced : RecordKind::delivered;
    record.host = "mailbox";
    record.answer = lost ? "552 5.2.2 The sender's mailbox took no notice" : "250 2.1.5 Delivered";
    return tx.records().append(record);
  }
  QueueMessage message;
  message.id = notice.id;
  message.tenant = tx.scope().tenant;
  message.blob = notice.blob;
  message.octets = notice.bytes.size();
  message.created = now;
  message.expires = now + lifetime;
  message.message_id = notice.message_id;
  message.subject = notice.subject;
  message.smtputf8 = notice.smtputf8;
  for (const char c : notice.bytes)
    message.eight_bit |= static_cast<unsigned char>(c) >= 0x80;
  QueueRecipient recipient;
  recipient.address = notice.to;
  recipient.notify.bits = DsnNotify::never;
  recipient.due = now;
  message.recipients.push_back(std::move(recipient));
  FUMI_CHECK(tx.queue().enqueue(message, Instant{}));
  record.kind = RecordKind::queued;
  return tx.records().append(record);
}

}  // namespace fumi::service
