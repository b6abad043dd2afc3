#include "api/jmap/submission_state.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "api/jmap/objects.h"
#include "base/ascii.h"

namespace fumi::jmap {
namespace {

constexpr std::uint32_t kRecordsMax = 1'000;

struct Fate {
  std::string reply;
  const char* delivered = "queued";
};

// RFC 8621 §7: "yes" where we put it into a mailbox; what another host does with it is unknown.
Fate fate_of(const Record& record) {
  if (record.kind == RecordKind::bounced || record.kind == RecordKind::cancelled)
    return {record.answer, "no"};
  if (record.kind != RecordKind::delivered) return {record.answer, "queued"};
  return {record.answer, record.host == "mailbox" ? "yes" : "unknown"};
}

// The newest word on each recipient.
Result<std::map<std::string, Fate>> fates(Tx& tx, QueueId message) {
  RecordQuery query;
  query.message = message;
  query.kinds = {RecordKind::queued, RecordKind::delivered, RecordKind::deferred,
                 RecordKind::bounced, RecordKind::cancelled};
  query.limit = kRecordsMax;
  query.order = RecordQuery::Order::newest_first;
  FUMI_TRY(const auto records, tx.records().find(query));
  std::map<std::string, Fate> out;
  for (const Record& record : records)
    out.emplace(record.to, fate_of(record));
  return out;
}

Json status_json(const std::map<std::string, Fate>& fates) {
  Json out = JsonObject{};
  for (const auto& [recipient, fate] : fates) {
    const std::string reply = fate.reply.empty() ? "250 2.0.0 Queued" : fate.reply;
    out.set(
        recipient,
        JsonObject{{"smtpReply", reply}, {"delivered", fate.delivered}, {"displayed", "unknown"}});
  }
  return out;
}

bool is_held(const QueueMessage& message, Instant now) {
  return std::ranges::all_of(message.recipients, [&](const QueueRecipient& each) {
    return each.state == RecipientState::waiting && each.attempts == 0 && each.due > now;
  });
}

SetResult<void> cannot_unsend() { return refuse_object("cannotUnsend", "it is on its way"); }

Status record_cancelled(Call& call, Tx& tx, const QueueMessage& message) {
  Record record;
  record.at = call.host.clock.now();
  record.kind = RecordKind::cancelled;
  record.message = message.id;
  record.actor = call.scope().actor;
  record.from = message.reverse_path.text();
  record.header_from = message.header_from;
  record.subject = message.subject;
  record.message_id = message.message_id;
  record.octets = message.octets;
  record.answer = "called back by its sender";
  for (const QueueRecipient& recipient : message.recipients) {
    record.to = recipient.address.text();
    FUMI_CHECK(tx.records().append(record));
  }
  return {};
}

// A number of seconds, or a date; RFC 4865: at most nine digits.
SetResult<Instant> hold_time(const std::string& name, const Json& value, Instant now) {
  const auto wrong = [&] { return invalid_property("envelope", name + " can't be read"); };
  if (value.string() == nullptr) return wrong();
  const std::string& text = *value.string();
  if (name == "HOLDUNTIL") {
    const auto date = parse_date(text);
    if (!date) return wrong();
    return from_micros(date->micros);
  }
  std::uint32_t seconds = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (bad != std::errc() || end != text.data() + text.size() || text.size() > 9) return wrong();
  return now + std::chrono::seconds(seconds);
}

}  // namespace

SetResult<std::optional<Instant>> hold_until(const Json& address, Instant now) {
  const Json* parameters = address.find("parameters");
  if (parameters == nullptr || parameters->object() == nullptr) return std::nullopt;
  std::optional<Instant> until;
  for (const JsonMember& member : *parameters->object()) {
    const std::string name = ascii::to_upper(member.name);
    if (name != "HOLDFOR" && name != "HOLDUNTIL")
      return invalid_property("envelope", "no other SMTP parameters are taken");
    if (until) return invalid_property("envelope", "HOLDFOR and HOLDUNTIL exclude each other");
    auto time = hold_time(name, member.value, now);
    if (!time) return std::unexpected(std::move(time).error());
    until = *time;
  }
  if (until && *until <= now) return std::nullopt;
  return until;
}

MethodResult<Json> with_undo_status(Call& call, Tx& tx, Json submission) {
  if (submission.text("undoStatus") != "pending") return submission;
  const auto queue_id = id_of<QueueId>(submission.text("queueId"));
  if (!queue_id) return submission;
  FUMI_JMAP_TRY(const auto message, tx.queue().message(*queue_id));
  const bool held = message && is_held(*message, call.host.clock.now());
  if (!held) submission.set("undoStatus", "final");
  return submission;
}

MethodResult<Json> with_state(Call& call, Tx& tx, Json submission) {
  const auto queue_id = id_of<QueueId>(submission.text("queueId"));
  if (!queue_id) return submission;
  FUMI_JMAP_TRY(submission, with_undo_status(call, tx, std::move(submission)));
  FUMI_JMAP_TRY(const auto told, fates(tx, *queue_id));
  if (!told.empty()) submission.set("deliveryStatus", status_json(told));
  return submission;
}

MethodResult<SetResult<void>> call_back(Call& call, Tx& tx, ObjectId id) {
  FUMI_JMAP_TRY(auto stored, find_object(call, tx, ObjectKind::submission, id.text()));
  if (!stored) return SetResult<void>(refuse_object("notFound"));
  Json submission = std::move(*stored);
  if (submission.text("undoStatus") == "canceled") return SetResult<void>();
  const auto queue_id = id_of<QueueId>(submission.text("queueId"));
  if (!queue_id || submission.text("undoStatus") != "pending") return cannot_unsend();
  const auto message = tx.queue().recall(*queue_id, call.host.clock.now());
  const Code code = message ? Code::internal : message.error().code;
  if (code == Code::conflict || code == Code::not_found) return cannot_unsend();
  if (!message) return std::unexpected(to_jmap(message.error()));
  Status done = record_cancelled(call, tx, *message);
  submission.set("undoStatus", "canceled");
  if (done)
    done = tx.objects().replace(call.account(), ObjectKind::submission, id,
                                object_body(std::move(submission)));
  if (!done) return std::unexpected(to_jmap(done.error()));
  return SetResult<void>();
}

}  // namespace fumi::jmap
