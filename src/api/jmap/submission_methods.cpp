// EmailSubmission/* (RFC 8621 §7): a message goes through intake like any other submission.
#include <algorithm>
#include <array>
#include <set>

#include "api/jmap/email_set.h"
#include "api/jmap/methods.h"
#include "api/jmap/objects.h"
#include "api/jmap/query_result.h"
#include "api/jmap/submission_state.h"
#include "base/ascii.h"
#include "base/log.h"
#include "mime/header.h"
#include "mime/structure.h"

namespace fumi::jmap {
namespace {

constexpr std::uint32_t kKept = 2'000;  // submissions an account remembers; the oldest go first
constexpr std::size_t kRecipientsMax = 1'000;

// A submission on its way.
struct Sending {
  std::string email_id, identity_id, thread_id;
  BlobRef blob;
  service::Envelope envelope;
};

SetError wrong(std::string type, std::string description = {}) {
  return {std::move(type), std::move(description), {}, {}};
}

SetResult<EmailAddress> envelope_address(const Json& value) {
  const auto address = EmailAddress::parse(value.text("email"));
  if (!address) return invalid_property("envelope", "a mail address can't be read");
  return *address;
}

bool has_parameters(const Json& address) {
  const Json* parameters = address.find("parameters");
  return parameters != nullptr && parameters->object() && !parameters->object()->empty();
}

void add_recipient(Sending& sending, const EmailAddress& address) {
  const auto same = [&](const service::Recipient& other) {
    return other.address.exact_key() == address.exact_key();
  };
  if (std::ranges::any_of(sending.envelope.recipients, same)) return;
  service::Recipient recipient;
  recipient.address = address;
  sending.envelope.recipients.push_back(std::move(recipient));
}

// RFC 8621 §7: without an envelope, the identity's address and everybody the header names.
SetResult<void> read_envelope(const Json& object, const Json& identity,
                              const mime::Envelope& header, Instant now, Sending& sending) {
  const Json* given = object.find("envelope");
  if (given == nullptr || given->is_null()) {
    const auto from = EmailAddress::parse(identity.text("email"));
    if (!from) return refuse_object("forbiddenMailFrom");
    sending.envelope.sender.reverse_path = *from;
    for (const auto* list : {&header.to, &header.cc, &header.bcc}) {
      for (const mime::Address& each : *list) {
        if (each.kind != mime::Address::Kind::mailbox || each.domain.empty()) continue;
        add_recipient(sending, {each.local, ascii::to_lower(each.domain)});
      }
    }
  } else {
    const Json* from = given->find("mailFrom");
    const Json* to = given->find("rcptTo");
    if (from == nullptr || from->object() == nullptr || to == nullptr || to->array() == nullptr)
      return invalid_property("envelope", "an envelope has mailFrom and rcptTo");
    SetResult<EmailAddress> sender = envelope_address(*from);
    if (!sender) return std::unexpected(std::move(sender).error());
    sending.envelope.sender.reverse_path = *sender;
    auto hold = hold_until(*from, now);
    if (!hold) return std::unexpected(std::move(hold).error());
    sending.envelope.sender.hold_until = *hold;
    for (const Json& each : *to->array()) {
      SetResult<EmailAddress> address = envelope_address(each);
      if (!address) return std::unexpected(std::move(address).error());
      if (has_parameters(each))
        return invalid_property("envelope", "no SMTP parameters are taken for recipients");
      if (sending.envelope.recipients.size() > kRecipientsMax) break;
      add_recipient(sending, *address);
    }
  }
  if (sending.envelope.recipients.empty()) return refuse_object("noRecipients");
  if (sending.envelope.recipients.size() > kRecipientsMax) {
    return std::unexpected(
        SetError{"tooManyRecipients", "", {}, {{"maxRecipients", std::int64_t(kRecipientsMax)}}});
  }
  return {};
}

SetResult<Sending> read_submission(Call& call, Tx& tx, const Json& object) {
  if (object.object() == nullptr) return refuse_object("invalidProperties");
  static constexpr std::array<std::string_view, 3> kKnown{"identityId", "emailId", "envelope"};
  for (const JsonMember& member : *object.object())
    if (std::ranges::find(kKnown, member.name) == kKnown.end())
      return invalid_property(member.name, "it can't be set");
  Sending sending;
  sending.email_id = resolve_id(object.text("emailId"), call.created).value_or("");
  sending.identity_id = resolve_id(object.text("identityId"), call.created).value_or("");
  const auto identity_id = id_of<ObjectId>(sending.identity_id);
  const auto email_id = id_of<EmailId>(sending.email_id);
  if (!identity_id) return invalid_property("identityId", "there is no such identity");
  if (!email_id) return invalid_property("emailId", "there is no such email");
  auto stored = tx.objects().object(call.account(), ObjectKind::identity, *identity_id);
  if (!stored) return std::unexpected(to_set_error(stored.error()));
  if (!*stored) return invalid_property("identityId", "there is no such identity");
  auto identity = read_object(**stored);
  if (!identity) return refuse_object("serverFail");
  auto email = call.view.email(tx, *email_id);
  if (!email) return std::unexpected(to_set_error(email.error()));
  if (!*email) return invalid_property("emailId", "there is no such email");
  sending.blob = (*email)->blob;
  sending.thread_id = (*email)->thread.text();
  const auto summary = mime::decode((*email)->summary);
  if (!summary) return refuse_object("invalidEmail");
  auto envelope =
      read_envelope(object, *identity, summary->envelope, call.host.clock.now(), sending);
  if (!envelope) return std::unexpected(std::move(envelope).error());
  return sending;
}

// Nobody but the sender sees who else got it (RFC 5322 §3.6.3).
std::string without_bcc(std::string_view raw) {
  std::string out;
  std::size_t kept = 0;
  for (const mime::HeaderField& field : mime::header_fields(raw)) {
    if (!ascii::iequals(field.name, "Bcc")) continue;
    out.append(raw.substr(kept, field.offset - kept));
    kept = field.offset + field.raw.size();
  }
  out.append(raw.substr(kept));
  return out;
}

SetError refused_by(const service::Refusal& refusal, const char* permanent) {
  std::string text = std::to_string(refusal.code) + " " + refusal.enhanced + " " + refusal.text;
  if (refusal.code < 500) return wrong("serverFail", std::move(text));
  return wrong(permanent, std::move(text));
}

Task<SetResult<QueueId>> hand_in(Call& call, Sending sending) {
  const TenantScope scope = call.scope();
  Result<std::string> raw = co_await call.host.blobs.get(scope, sending.blob);
  if (!raw) co_return std::unexpected(to_set_error(raw.error()));
  service::Arrival arrival;
  arrival.door = service::Door::submission;
  arrival.protocol = "HTTP";
  arrival.client_ip = call.caller.client_ip;
  arrival.principal = call.caller.principal;
  arrival.tenant = call.caller.principal.tenant;
  service::Envelope envelope;
  envelope.sender = sending.envelope.sender;
  envelope.sender.eight_bit = true;
  service::Verdict<void> may = co_await call.host.intake.check_sender(arrival, envelope.sender);
  const bool too_long = !may && may.error().enhanced == "5.5.4";
  if (too_long) co_return invalid_property("envelope", may.error().text);
  if (!may) co_return std::unexpected(refused_by(may.error(), "forbiddenMailFrom"));
  JsonArray bad;
  for (service::Recipient& recipient : sending.envelope.recipients) {
    service::Verdict<void> taken =
        co_await call.host.intake.check_recipient(arrival, envelope, recipient);
    if (taken) {
      envelope.recipients.push_back(std::move(recipient));
    } else if (taken.error().code < 500) {
      co_return std::unexpected(refused_by(taken.error(), "invalidRecipients"));
    } else {
      bad.emplace_back(recipient.address.text());
    }
  }
  if (!bad.empty()) {
    SetError error = wrong("invalidRecipients");
    error.more.push_back({"invalidRecipients", std::move(bad)});
    co_return std::unexpected(std::move(error));
  }
  const std::string message = without_bcc(*raw);
  service::Draft draft = call.host.intake.begin(arrival, envelope, message.size());
  draft.bytes += message;
  service::Verdict<QueueId> accepted =
      co_await call.host.intake.accept(arrival, std::move(envelope), std::move(draft));
  if (accepted) co_return *accepted;
  const bool from = accepted.error().enhanced == "5.7.1";
  co_return std::unexpected(refused_by(accepted.error(), from ? "forbiddenFrom" : "invalidEmail"));
}

Json envelope_json(const service::Envelope& envelope) {
  JsonArray to;
  for (const service::Recipient& recipient : envelope.recipients)
    to.emplace_back(JsonObject{{"email", recipient.address.text()}, {"parameters", nullptr}});
  Json parameters;
  if (envelope.sender.hold_until) {
    parameters = JsonObject{{"HOLDUNTIL", utc_date(to_micros(*envelope.sender.hold_until))}};
  }
  return JsonObject{{"mailFrom", JsonObject{{"email", envelope.sender.reverse_path.text()},
                                            {"parameters", std::move(parameters)}}},
                    {"rcptTo", std::move(to)}};
}

// What becomes of it is told by submission_state.h.
Json submission_json(const Sending& sending, QueueId queue, Instant now) {
  const auto& hold = sending.envelope.sender.hold_until;
  return JsonObject{{"identityId", sending.identity_id},
                    {"emailId", sending.email_id},
                    {"threadId", sending.thread_id},
                    {"envelope", envelope_json(sending.envelope)},
                    {"sendAt", utc_date(to_micros(hold.value_or(now)))},
                    {"undoStatus", hold ? "pending" : "final"},
                    {"deliveryStatus", nullptr},
                    {"dsnBlobIds", JsonArray{}},
                    {"mdnBlobIds", JsonArray{}},
                    {"queueId", queue.text()}};
}

Answer keep(Call& call, Tx& tx, const Json& submission) {
  FUMI_JMAP_TRY(const auto known, tx.objects().list(call.account(), ObjectKind::submission));
  if (known.size() >= kKept) {
    FUMI_JMAP_TRY(auto oldest, read_object(known.front()));
    const Status gone =
        tx.objects().remove(call.account(), ObjectKind::submission, known.front().id);
    if (!gone) return std::unexpected(to_jmap(gone.error()));
  }
  FUMI_JMAP_TRY(const ObjectId id, tx.objects().create(call.account(), ObjectKind::submission,
                                                       object_body(submission), kKept));
  return Json(id.text());
}

struct Sent {
  std::string id;
  std::string email_id;
  Json told;  // what the server set
};

Task<SetResult<Sent>> send_one(Call& call, const Json& object) {
  std::optional<SetResult<Sending>> read;
  Work work = [&](Tx& tx) -> Answer {
    read.emplace(read_submission(call, tx, object));
    return Json();
  };
  Answer looked = co_await reading(call, std::move(work));
  if (!looked) co_return refuse_object("serverFail", looked.error().type);
  if (!*read) co_return std::unexpected(std::move(*read).error());
  Sending sending = std::move(**read);
  SetResult<QueueId> accepted = co_await hand_in(call, sending);
  if (!accepted) co_return std::unexpected(std::move(accepted).error());
  const Json submission = submission_json(sending, *accepted, call.host.clock.now());
  Work store = [&](Tx& tx) { return keep(call, tx, submission); };
  Answer kept = co_await writing(call, std::move(store));
  if (!kept) {
    // The message is on its way: a client that hears of a failure would send it again.
    log::warning("jmap", "a submission isn't remembered",
                 {{"id", accepted->text()}, {"why", kept.error().type}});
    kept = Json(accepted->text());
  }
  Sent sent{*kept->string(), sending.email_id, JsonObject{}};
  sent.told.set("id", sent.id);
  for (const char* name : {"undoStatus", "sendAt", "threadId"})
    sent.told.set(name, *submission.find(name));
  co_return sent;
}

MethodResult<SetResult<void>> update_one(Call& call, Tx& tx, const std::string& text,
                                         const Json& patch) {
  const auto id = id_of<ObjectId>(text);
  if (!id) return SetResult<void>(refuse_object("notFound"));
  const bool cancels = patch.object() != nullptr && patch.object()->size() == 1 &&
                       patch.text("undoStatus") == "canceled";
  if (cancels) return call_back(call, tx, *id);
  FUMI_JMAP_TRY(const auto stored, find_object(call, tx, ObjectKind::submission, text));
  if (!stored) return SetResult<void>(refuse_object("notFound"));
  return SetResult<void>(invalid_property("undoStatus", "nothing else can be changed"));
}

// What is asked for the emails of submissions that went well becomes one Email/set.
Answer on_success(Call& call, Tx& tx, const std::map<std::string, std::string>& emails,
                  const Json& updates, const std::vector<std::string>& destroys) {
  FUMI_JMAP_TRY(const ModSeq before, tx.emails().state(call.account()));
  SetAnswer answer;
  if (updates.object() != nullptr) {
    for (const JsonMember& member : *updates.object()) {
      const auto email = emails.find(member.name);
      if (email == emails.end()) continue;
      auto done = update_email(call, tx, email->second, member.value, call.created);
      done ? answer.updated(email->second) : answer.not_updated(email->second, done.error());
    }
  }
  for (const std::string& reference : destroys) {
    const auto email = emails.find(reference);
    if (email == emails.end()) continue;
    auto done = destroy_email(call, tx, email->second);
    done ? answer.destroyed(email->second) : answer.not_destroyed(email->second, done.error());
  }
  FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
  return std::move(answer).json(call.account_text(), state_text(call, before),
                                state_text(call, after));
}

Answer finish(Call& call, Tx& tx, const SetArguments& arguments, SetAnswer answer, ModSeq before) {
  for (const auto& [id, patch] : arguments.update) {
    FUMI_JMAP_TRY(const auto done, update_one(call, tx, id, patch));
    done ? answer.updated(id) : answer.not_updated(id, done.error());
  }
  for (const std::string& text : arguments.destroy) {
    const auto id = id_of<ObjectId>(text);
    const Status done = id ? tx.objects().remove(call.account(), ObjectKind::submission, *id)
                           : Status(fail(Code::not_found, "forgetting a submission"));
    done ? answer.destroyed(text) : answer.not_destroyed(text, to_set_error(done.error()));
  }
  FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
  return std::move(answer).json(call.account_text(), state_text(call, before),
                                state_text(call, after));
}

Task<Answer> set(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto destroys = list_argument(call.arguments, "onSuccessDestroyEmail");
  if (!destroys) co_return std::unexpected(std::move(destroys).error());
  const Json* given = call.arguments.find("onSuccessUpdateEmail");
  const Json updates = given == nullptr ? Json() : *given;
  if (!updates.is_null() && updates.object() == nullptr)
    co_return invalid_arguments("onSuccessUpdateEmail must be an object");
  ModSeq before;
  Work look = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(before, expected_state(call, tx, *arguments));
    return Json();
  };
  Answer looked = co_await reading(call, std::move(look));
  if (!looked) co_return looked;
  SetAnswer answer;
  std::map<std::string, std::string> emails;  // by "#key" and id of the submission
  for (const auto& [key, object] : arguments->create) {
    SetResult<Sent> sent = co_await send_one(call, object);
    if (!sent) {
      answer.not_created(key, sent.error());
      continue;
    }
    emails["#" + key] = emails[sent->id] = sent->email_id;
    call.created[key] = sent->id;
    answer.created(key, std::move(sent->told));
  }
  Work rest = [&](Tx& tx) { return finish(call, tx, *arguments, answer, before); };
  Answer done = co_await writing(call, std::move(rest));
  if (!done) co_return done;
  if (!updates.is_null() || *destroys) {
    const std::vector<std::string> gone = destroys->value_or(std::vector<std::string>());
    Work after = [&](Tx& tx) { return on_success(call, tx, emails, updates, gone); };
    Answer emails_set = co_await writing(call, std::move(after));
    const bool good = emails_set.has_value();
    Json told = good ? std::move(*emails_set) : emails_set.error().json();
    call.following.push_back({good ? "Email/set" : "error", std::move(told), ""});
  }
  co_return done;
}

Task<Answer> get(Call& call) {
  co_return co_await get_objects(call, ObjectKind::submission, Properties::fixed, &with_state);
}
Task<Answer> changes(Call& call) {
  co_return co_await changes_of_objects(call, ObjectKind::submission);
}

bool names(const Json& list, std::string_view id) {
  return list.array() != nullptr && std::ranges::any_of(*list.array(), [&](const Json& each) {
           return each.string() != nullptr && *each.string() == id;
         });
}

MethodResult<bool> matches(const Json& filter, const Json& submission) {
  if (const Json* conditions = filter.find("conditions"); conditions && conditions->array()) {
    const std::string_view operation = filter.text("operator");
    if (operation != "AND" && operation != "OR" && operation != "NOT")
      return refuse("unsupportedFilter", "the operator isn't known");
    bool any = false;
    bool every = true;
    for (const Json& each : *conditions->array()) {
      if (each.object() == nullptr) return invalid_arguments("a filter is an object");
      FUMI_JMAP_TRY(const bool one, matches(each, submission));
      any |= one;
      every &= one;
    }
    return operation == "AND" ? every : operation == "OR" ? any : !any;
  }
  bool all = true;
  for (const JsonMember& member : *filter.object()) {
    if (member.name == "identityIds") {
      all &= names(member.value, submission.text("identityId"));
    } else if (member.name == "emailIds") {
      all &= names(member.value, submission.text("emailId"));
    } else if (member.name == "threadIds") {
      all &= names(member.value, submission.text("threadId"));
    } else if (member.name == "undoStatus") {
      all &= member.value == Json(submission.text("undoStatus"));
    } else if ((member.name == "before" || member.name == "after") && member.value.string()) {
      const bool earlier = submission.text("sendAt") < *member.value.string();
      all &= earlier == (member.name == "before");
    } else {
      return refuse("unsupportedFilter", "the condition " + member.name + " isn't known");
    }
  }
  return all;
}

MethodResult<std::vector<std::string>> find_submissions(Call& call, Tx& tx,
                                                        const QueryArguments& arguments) {
  std::vector<Comparator> sort = arguments.sort;
  for (Comparator& each : sort) {
    if (each.property != "emailId" && each.property != "threadId" && each.property != "sentAt")
      return refuse("unsupportedSort");
    if (each.property == "sentAt") each.property = "sendAt";
  }
  FUMI_JMAP_TRY(auto all, read_objects(call, tx, ObjectKind::submission));
  std::vector<Json> found;
  for (Json& each : all) {
    FUMI_JMAP_TRY(each, with_undo_status(call, tx, std::move(each)));
    bool good = true;
    if (arguments.filter) {
      FUMI_JMAP_TRY(good, matches(*arguments.filter, each));
    }
    if (good) found.push_back(std::move(each));
  }
  std::ranges::stable_sort(found, [&](const Json& a, const Json& b) {
    for (const Comparator& each : sort) {
      const auto left = a.text(each.property);
      const auto right = b.text(each.property);
      if (left != right) return (left < right) == (each.order == Comparator::Order::ascending);
    }
    return false;
  });
  std::vector<std::string> ids;
  for (const Json& each : found)
    ids.emplace_back(each.text("id"));
  return ids;
}

Evaluate evaluation(Call& call) {
  return [&call](Tx& tx, const QueryArguments& query) { return find_submissions(call, tx, query); };
}

Task<Answer> query(Call& call) {
  co_return co_await run_query(call, "EmailSubmission", evaluation(call));
}
Task<Answer> query_changes(Call& call) {
  co_return co_await run_query_changes(call, "EmailSubmission", evaluation(call));
}

}  // namespace

std::span<const Method> submission_methods() {
  static constexpr std::array kMethods{
      Method{"EmailSubmission/get", capability::kSubmission, &get},
      Method{"EmailSubmission/changes", capability::kSubmission, &changes},
      Method{"EmailSubmission/query", capability::kSubmission, &query},
      Method{"EmailSubmission/queryChanges", capability::kSubmission, &query_changes},
      Method{"EmailSubmission/set", capability::kSubmission, &set},
  };
  return kMethods;
}

}  // namespace fumi::jmap
