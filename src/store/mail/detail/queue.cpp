#include "store/mail/detail/queue.h"

#include <algorithm>

#include "store/mail/detail/wire.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kInsertMessage{
    "INSERT INTO queue_messages (tenant_id, queue_id, created, expires, waiting, recipients,"
    " delay_notified, octets, blob, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kInsertRecipient{
    "INSERT INTO queue_recipients (tenant_id, queue_id, number, domain, state, attempts, due_at,"
    " next_at, lease_owner, body, last) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement kMessage{
    "SELECT queue_id, created, expires, delay_notified, octets, blob, body FROM queue_messages"
    " WHERE tenant_id = $1 AND queue_id = $2"};
constexpr Statement kList{
    "SELECT queue_id FROM queue_messages WHERE tenant_id = $1 AND queue_id > $2"
    " ORDER BY queue_id LIMIT $3"};
constexpr Statement kListDomain{
    "SELECT DISTINCT queue_id FROM queue_recipients WHERE tenant_id = $1 AND queue_id > $2"
    " AND domain = $4 ORDER BY queue_id LIMIT $3"};
constexpr Statement kRecipients{
    "SELECT number, state, attempts, due_at, body, last FROM queue_recipients"
    " WHERE tenant_id = $1 AND queue_id = $2 ORDER BY number"};
constexpr Statement kOutline{
    "SELECT queue_id, created, expires, delay_notified, octets FROM queue_messages"
    " WHERE tenant_id = $1 AND queue_id = $2"};
constexpr Statement kOutlineRecipients{
    "SELECT number, state, attempts, due_at, domain, last FROM queue_recipients"
    " WHERE tenant_id = $1 AND queue_id = $2 ORDER BY number"};
constexpr Statement kFinish{
    "UPDATE queue_recipients SET state = $4, attempts = attempts + 1, due_at = $5, next_at = $5,"
    " lease_owner = 0, last = $6"
    " WHERE tenant_id = $1 AND queue_id = $2 AND number = $3 AND state = 0"};
constexpr Statement kWaiting{
    "UPDATE queue_messages SET waiting = waiting - $3 WHERE tenant_id = $1 AND queue_id = $2"
    " RETURNING waiting"};
constexpr Statement kDelayNotified{
    "UPDATE queue_messages SET delay_notified = 1 WHERE tenant_id = $1 AND queue_id = $2"};
constexpr Statement kRetry{
    "UPDATE queue_recipients SET due_at = $3, next_at = $3 WHERE tenant_id = $1 AND queue_id = $2"
    " AND state = 0 AND (lease_owner = 0 OR next_at <= $3)"};
// Touches every recipient: a claim that runs beside it waits for this one, or this one for it.
constexpr Statement kHold{
    "UPDATE queue_recipients SET next_at = next_at WHERE tenant_id = $1 AND queue_id = $2"
    " AND state = 0 AND attempts = 0 AND lease_owner = 0 AND due_at > $3"};
constexpr Statement kDeleteRecipients{
    "DELETE FROM queue_recipients WHERE tenant_id = $1 AND queue_id = $2"};
constexpr Statement kDeleteMessage{
    "DELETE FROM queue_messages WHERE tenant_id = $1 AND queue_id = $2"};

constexpr std::uint32_t kListMax = 1000;

// Bits of the body's flags; stored, so never reuse one.
constexpr std::uint64_t kEightBit = 1;
constexpr std::uint64_t kBinary = 2;
constexpr std::uint64_t kSmtpUtf8 = 4;
constexpr std::uint64_t kRequireTls = 8;

std::string encode_body(const QueueMessage& message) {
  return WireWriter()
      .text(message.reverse_path.local)
      .text(message.reverse_path.domain)
      .number(static_cast<std::uint64_t>(message.dsn_return))
      .text(message.envid)
      .number((message.eight_bit ? kEightBit : 0) | (message.binary ? kBinary : 0) |
              (message.smtputf8 ? kSmtpUtf8 : 0) | (message.require_tls ? kRequireTls : 0))
      .text(message.message_id)
      .text(message.header_from)
      .text(message.subject)
      .text(message.api_data)
      .take();
}

std::string encode_recipient(const QueueRecipient& recipient) {
  return WireWriter()
      .text(recipient.address.local)
      .text(recipient.address.domain)
      .number(recipient.notify.bits)
      .text(recipient.orcpt)
      .take();
}

std::string encode_last(Instant at, std::string_view answer, std::string_view host) {
  return WireWriter().instant(at).text(answer).text(host).take();
}

}  // namespace

Status SqlQueue::enqueue(const QueueMessage& message, Instant lease_until) {
  if (!message.id || message.recipients.empty()) {
    return fail(Code::invalid, "spooling a message", "no id or no recipient");
  }
  const auto waiting =
      std::ranges::count(message.recipients, RecipientState::waiting, &QueueRecipient::state);
  if (waiting == 0) return fail(Code::invalid, "spooling a message", "no recipient waits");
  FUMI_TRY(const auto body,
           context_.seal(purpose::kQueueBody, encode_body(message), Aad(message.id)));
  const std::string blob = message.blob.encode();
  FUMI_CHECK(context_.run(kInsertMessage, message.id, message.created, message.expires, waiting,
                          message.recipients.size(), message.delay_notified, message.octets,
                          Blob{blob}, Blob{body}));
  for (const QueueRecipient& recipient : message.recipients)
    FUMI_CHECK(insert_recipient(message.id, recipient, lease_until));
  return {};
}

Status SqlQueue::insert_recipient(QueueId id, const QueueRecipient& recipient,
                                  Instant lease_until) {
  const Aad aad(id, recipient.number);
  FUMI_TRY(const auto body,
           context_.seal(purpose::kQueueRecipient, encode_recipient(recipient), aad));
  std::string last;
  if (recipient.last_attempt != Instant()) {
    FUMI_TRY(last, context_.seal(purpose::kQueueLast,
                                 encode_last(recipient.last_attempt, recipient.last_answer,
                                             recipient.last_host),
                                 aad));
  }
  const Instant due = recipient.due == Instant() ? context_.now() : recipient.due;
  // Not leased beyond its due time is free: an operator's retry may bring it forward.
  const std::int64_t owner = lease_until > due ? lease_owner(context_.shared().options) : 0;
  return context_.run(kInsertRecipient, id, recipient.number, recipient.address.domain,
                      recipient.state, recipient.attempts, due, std::max(due, lease_until), owner,
                      Blob{body}, Blob{last});
}

Result<QueueMessage> SqlQueue::message_of(const Row& row) {
  QueueMessage message;
  message.id = row.id<QueueId>(0);
  message.tenant = context_.tenant();
  message.created = row.instant(1);
  message.expires = row.instant(2);
  message.delay_notified = row.flag(3);
  message.octets = static_cast<std::uint64_t>(row.int64(4));
  const auto blob = BlobRef::decode(row.blob(5));
  if (!blob) return fail(Code::corrupt, "reading the spool", "bad blob reference");
  message.blob = *blob;
  FUMI_TRY(const auto body, context_.open(purpose::kQueueBody, row.blob(6), Aad(message.id)));
  WireReader reader(body);
  message.reverse_path.local = reader.text();
  message.reverse_path.domain = reader.text();
  message.dsn_return = static_cast<DsnReturn>(reader.number());
  message.envid = reader.text();
  const std::uint64_t bits = reader.number();
  message.eight_bit = (bits & kEightBit) != 0;
  message.binary = (bits & kBinary) != 0;
  message.smtputf8 = (bits & kSmtpUtf8) != 0;
  message.require_tls = (bits & kRequireTls) != 0;
  message.message_id = reader.text();
  message.header_from = reader.text();
  message.subject = reader.text();
  message.api_data = reader.text();
  FUMI_CHECK(reader.done("reading the spool"));
  return message;
}

Result<QueueRecipient> SqlQueue::recipient_of(QueueId id, const Row& row) {
  QueueRecipient recipient;
  recipient.number = static_cast<std::uint32_t>(row.int64(0));
  recipient.state = static_cast<RecipientState>(row.int64(1));
  recipient.attempts = static_cast<std::uint32_t>(row.int64(2));
  recipient.due = row.instant(3);
  const Aad aad(id, recipient.number);
  FUMI_TRY(const auto body, context_.open(purpose::kQueueRecipient, row.blob(4), aad));
  WireReader reader(body);
  recipient.address.local = reader.text();
  recipient.address.domain = reader.text();
  recipient.notify.bits = static_cast<std::uint8_t>(reader.number());
  recipient.orcpt = reader.text();
  FUMI_CHECK(reader.done("reading the spool"));
  FUMI_CHECK(read_last(id, row.blob(5), recipient));
  return recipient;
}

Status SqlQueue::read_last(QueueId id, std::string_view sealed, QueueRecipient& into) {
  if (sealed.empty()) return {};
  FUMI_TRY(const auto last, context_.open(purpose::kQueueLast, sealed, Aad(id, into.number)));
  WireReader reader(last);
  into.last_attempt = reader.instant();
  into.last_answer = reader.text();
  into.last_host = reader.text();
  return reader.done("reading the spool");
}

// What can be told of a message whose sealed parts can't be opened.
Result<std::optional<QueueMessage>> SqlQueue::outline(QueueId id, const Error& why) {
  auto told = [&](const Row& row) {
    QueueMessage message;
    message.id = row.id<QueueId>(0);
    message.tenant = context_.tenant();
    message.created = row.instant(1);
    message.expires = row.instant(2);
    message.delay_notified = row.flag(3);
    message.octets = static_cast<std::uint64_t>(row.int64(4));
    return message;
  };
  FUMI_TRY(auto found, context_.one(kOutline, told, id));
  if (!found) return std::nullopt;
  auto visit = [&](const Row& row) -> Status {
    QueueRecipient recipient;
    recipient.number = static_cast<std::uint32_t>(row.int64(0));
    recipient.state = static_cast<RecipientState>(row.int64(1));
    recipient.attempts = static_cast<std::uint32_t>(row.int64(2));
    recipient.due = row.instant(3);
    recipient.address.domain = row.string(4);
    const Status last = read_last(id, row.blob(5), recipient);
    if (!last || recipient.last_answer.empty()) {
      recipient.last_answer = "not readable in the store: " + why.text();
    }
    found->recipients.push_back(std::move(recipient));
    return {};
  };
  FUMI_CHECK(context_.query(kOutlineRecipients, visit, id));
  return found;
}

Result<std::optional<QueueMessage>> SqlQueue::inspect(QueueId id) {
  auto found = message(id);
  if (found || found.error().code != Code::corrupt) return found;
  return outline(id, found.error());
}

Result<std::optional<QueueMessage>> SqlQueue::message(QueueId id) {
  FUMI_TRY(auto found, context_.one(kMessage, [&](const Row& row) { return message_of(row); }, id));
  if (!found) return std::nullopt;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto recipient, recipient_of(id, row));
    found->recipients.push_back(std::move(recipient));
    return {};
  };
  FUMI_CHECK(context_.query(kRecipients, visit, id));
  return found;
}

Result<std::vector<QueueMessage>> SqlQueue::list(const QueueQuery& query) {
  std::vector<QueueId> ids;
  auto visit = [&](const Row& row) { ids.push_back(row.id<QueueId>(0)); };
  const std::uint32_t limit = std::min(query.limit, kListMax);
  if (query.recipient_domain) {
    FUMI_CHECK(context_.query(kListDomain, visit, query.after, limit, *query.recipient_domain));
  } else {
    FUMI_CHECK(context_.query(kList, visit, query.after, limit));
  }
  std::vector<QueueMessage> found;
  for (const QueueId id : ids) {
    FUMI_TRY(auto one, inspect(id));
    if (one) found.push_back(std::move(*one));
  }
  return found;
}

Status SqlQueue::finish_attempt(QueueId id, const std::vector<AttemptOutcome>& outcomes) {
  const Instant now = context_.now();
  std::int64_t done = 0;
  for (const AttemptOutcome& outcome : outcomes) {
    FUMI_TRY(const auto last,
             context_.seal(purpose::kQueueLast, encode_last(now, outcome.answer, outcome.host),
                           Aad(id, outcome.recipient)));
    FUMI_TRY(const auto rows, context_.execute(kFinish, id, outcome.recipient, outcome.state,
                                               outcome.due, Blob{last}));
    if (rows > 0 && outcome.state != RecipientState::waiting) ++done;
  }
  // The message's row orders two nodes that finish two of its recipients at the same time.
  FUMI_TRY(const auto waiting,
           context_.one(kWaiting, [](const Row& row) { return row.int64(0); }, id, done));
  if (!waiting) return fail(Code::not_found, "finishing an attempt", "it has left the spool");
  return *waiting > 0 ? Status() : remove(id);
}

Status SqlQueue::remove(QueueId id) {
  FUMI_CHECK(context_.run(kDeleteRecipients, id));
  return context_.run(kDeleteMessage, id);
}

Status SqlQueue::set_delay_notified(QueueId id) {
  FUMI_TRY(const auto rows, context_.execute(kDelayNotified, id));
  if (rows == 0) return fail(Code::not_found, "noting a delay", "it has left the spool");
  return {};
}

Status SqlQueue::retry_now(QueueId id, Instant now) {
  FUMI_TRY(const auto there, context_.one(kMessage, [](const Row&) { return true; }, id));
  if (!there) return fail(Code::not_found, "retrying a message", "it isn't in the spool");
  return context_.run(kRetry, id, now);
}

Result<QueueMessage> SqlQueue::cancel(QueueId id) {
  FUMI_TRY(auto found, inspect(id));
  if (!found) return fail(Code::not_found, "cancelling a message", "it isn't in the spool");
  FUMI_CHECK(remove(id));
  return std::move(*found);
}

Result<QueueMessage> SqlQueue::recall(QueueId id, Instant now) {
  constexpr const char* kDoing = "calling a message back";
  FUMI_TRY(const auto held, context_.execute(kHold, id, now));
  FUMI_TRY(auto found, message(id));
  if (!found) return fail(Code::not_found, kDoing, "it isn't in the spool");
  if (std::size_t(held) != found->recipients.size())
    return fail(Code::conflict, kDoing, "it is on its way");
  FUMI_CHECK(remove(id));
  return std::move(*found);
}

}  // namespace fumi::store
