// Email/copy and Blob/copy (RFC 8621 §4.7, RFC 8620 §5.4, §6.3): between accounts of one tenant, in
// both of which the caller has the rights for it. A copied email is an email of its own, on the
// same blob.
#include <algorithm>
#include <array>

#include "api/jmap/blobs.h"
#include "api/jmap/compose.h"
#include "api/jmap/email_set.h"
#include "api/jmap/email_view.h"
#include "api/jmap/methods.h"
#include "base/ascii.h"
#include "mime/structure.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kBlobsMax = 64;

// fromAccountId: another account than accountId.
MethodResult<AccountId> from_argument(const Call& call) {
  const auto from = account_argument(call.arguments, "fromAccountId");
  if (!from) return std::unexpected(from.error());
  if (*from == call.account_text())
    return invalid_arguments("fromAccountId and accountId are the same");
  const auto id = id_of<AccountId>(*from);
  if (!id) return refuse("fromAccountNotFound");
  return *id;
}

// The same request on the other account. `created` is the caller's.
Call other_call(Call& call, AccountId account) {
  Call other{call.host, call.queries, call.caller, Json(), call.created, {}, account};
  return other;
}

MethodResult<View> view_of(Call& call, Tx& tx, AccountId account) {
  auto view = View::load(tx, call.caller.principal.account, account);
  if (!view && view.error().code == Code::not_found) return refuse("fromAccountNotFound");
  if (!view) return std::unexpected(to_jmap(view.error()));
  return std::move(*view);
}

SetResult<NewEmail> read_copy(const FoundEmail& original, const Json& object,
                              const CreatedIds& created) {
  Json wanted = object;
  wanted.erase("id");
  if (wanted.find("keywords") == nullptr) wanted.set("keywords", keywords_json(original.places));
  for (const JsonMember& member : *wanted.object()) {
    if (member.name != "keywords" && member.name != "mailboxIds" && member.name != "receivedAt")
      return invalid_property(member.name, "a copy can't be other in that");
  }
  Composition placement;
  auto read = read_placement(wanted, created, placement);
  if (!read) return std::unexpected(std::move(read).error());
  auto summary = mime::decode(original.email.summary);
  if (!summary) return refuse_object("serverFail", "a stored summary can't be read");
  NewEmail email;
  email.content.blob = original.email.blob;
  email.content.summary = original.email.summary;
  email.content.message_id = std::move(summary->envelope.message_id);
  email.content.references = std::move(summary->references);
  email.content.octets = original.email.octets;
  email.content.received = placement.received.value_or(original.email.received);
  email.mailboxes = std::move(placement.mailboxes);
  email.flags = std::move(placement.flags);
  return email;
}

SetResult<Json> copy_one(Call& call, Tx& tx, const View& from, const Json& object) {
  if (object.object() == nullptr) return refuse_object("invalidProperties");
  const auto id = id_of<EmailId>(resolve_id(object.text("id"), call.created).value_or(""));
  if (!id) return refuse_object("notFound");
  const auto found = from.find(tx, {*id});
  if (!found) return std::unexpected(to_set_error(found.error()));
  if (found->empty()) return refuse_object("notFound");
  auto email = read_copy(found->front(), object, call.created);
  if (!email) return std::unexpected(std::move(email).error());
  return put_email(call, tx, *email);
}

struct Copied {
  CreatedIds fresh;
  std::vector<std::string> originals;  // of those that were copied
};

Answer copy_in(Call& call, Tx& tx, AccountId from_id, const SetArguments& arguments,
               const std::optional<std::string>& from_state, Copied& copied) {
  copied = Copied();
  FUMI_JMAP_TRY(const View from, view_of(call, tx, from_id));
  if (from_state) {
    Call other = other_call(call, from_id);
    other.view = from;
    SetArguments expected;
    expected.if_in_state = from_state;
    FUMI_JMAP_TRY([[maybe_unused]] const ModSeq same, expected_state(other, tx, expected));
  }
  FUMI_JMAP_TRY(const ModSeq before, expected_state(call, tx, arguments));
  SetAnswer answer;
  for (const auto& [key, object] : arguments.create) {
    auto made = copy_one(call, tx, from, object);
    if (!made) {
      answer.not_created(key, made.error());
      continue;
    }
    copied.fresh[key] = std::string(made->text("id"));
    copied.originals.push_back(resolve_id(object.text("id"), call.created).value_or(""));
    answer.created(key, std::move(*made));
  }
  FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
  const Json whole = std::move(answer).json(call.account_text(), state_text(call, before),
                                            state_text(call, after));
  Json out = JsonObject{{"fromAccountId", from_id.text()}};
  for (const char* name : {"accountId", "oldState", "newState", "created", "notCreated"})
    out.set(name, *whole.find(name));
  return out;
}

// The implicit Email/set of onSuccessDestroyOriginal.
Task<void> destroy_originals(Call& call, AccountId from, std::vector<std::string> originals,
                             std::optional<std::string> state) {
  Call other = other_call(call, from);
  SetArguments arguments;
  arguments.if_in_state = std::move(state);
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq before, expected_state(other, tx, arguments));
    SetAnswer answer;
    for (const std::string& id : originals) {
      auto done = destroy_email(other, tx, id);
      done ? answer.destroyed(id) : answer.not_destroyed(id, done.error());
    }
    FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(from));
    return std::move(answer).json(from.text(), state_text(other, before), state_text(other, after));
  };
  Answer done = co_await writing(other, std::move(work));
  const bool good = done.has_value();
  Json told = good ? std::move(*done) : done.error().json();
  call.following.push_back({good ? "Email/set" : "error", std::move(told), ""});
}

Task<Answer> copy_emails(Call& call) {
  const auto from = from_argument(call);
  if (!from) co_return std::unexpected(from.error());
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  const auto from_state = text_argument(call.arguments, "ifFromInState");
  if (!from_state) co_return std::unexpected(from_state.error());
  const auto destroy = flag_argument(call.arguments, "onSuccessDestroyOriginal");
  if (!destroy) co_return std::unexpected(destroy.error());
  auto destroy_state = text_argument(call.arguments, "destroyFromIfInState");
  if (!destroy_state) co_return std::unexpected(destroy_state.error());
  Copied copied;
  Work work = [&](Tx& tx) { return copy_in(call, tx, *from, *arguments, *from_state, copied); };
  Answer answer = co_await writing(call, std::move(work));
  if (!answer) co_return answer;
  for (auto& [key, id] : copied.fresh)
    call.created[key] = std::move(id);
  if (*destroy == Flag::yes && !copied.originals.empty()) {
    co_await destroy_originals(call, *from, std::move(copied.originals), std::move(*destroy_state));
  }
  co_return answer;
}

// A message, or an upload of the caller's: the parts that it is stored in become an upload.
SetResult<std::string> copy_whole(Call& call, Tx& tx, const View& from, const std::string& text,
                                  const BlobName& name, UploadId id) {
  const Instant now = call.host.clock.now();
  const auto blobs = locate(tx, from, name, now);
  if (!blobs) return std::unexpected(to_set_error(blobs.error()));
  if (!*blobs) return refuse_object("notFound");
  if (name.upload) return text;  // the caller's own, everywhere
  Upload upload;
  upload.id = id;
  upload.parts = **blobs;
  upload.type = "message/rfc822";
  for (const BlobRef& blob : upload.parts)
    upload.octets += blob.octets;
  upload.expires = now + call.host.options.upload_lifetime;
  const Status kept = tx.emails().add_upload(call.caller.principal.account, upload, now,
                                             upload_limits(call.host.options));
  if (!kept) return std::unexpected(to_set_error(kept.error()));
  return upload_blob_id(upload.id);
}

Answer copy_blobs_in(Call& call, Tx& tx, AccountId from_id, const std::vector<std::string>& ids,
                     const std::vector<UploadId>& uploads) {
  FUMI_JMAP_TRY(const View from, view_of(call, tx, from_id));
  JsonObject copied;
  JsonObject refused;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto name = parse_blob_id(ids[i]);
    SetResult<std::string> made = refuse_object("notFound");
    if (name && name->parts.empty()) made = copy_whole(call, tx, from, ids[i], *name, uploads[i]);
    if (name && !name->parts.empty())
      made = refuse_object("invalidProperties", "copy the whole message, not a part of it");
    if (made)
      copied.push_back({ids[i], *made});
    else
      refused.push_back({ids[i], made.error().json()});
  }
  const auto or_null = [](JsonObject object) {
    return object.empty() ? Json() : Json(std::move(object));
  };
  return JsonObject{{"fromAccountId", from_id.text()},
                    {"accountId", call.account_text()},
                    {"copied", or_null(std::move(copied))},
                    {"notCopied", or_null(std::move(refused))}};
}

Task<Answer> copy_blobs(Call& call) {
  const auto from = from_argument(call);
  if (!from) co_return std::unexpected(from.error());
  auto ids = list_argument(call.arguments, "blobIds");
  if (!ids) co_return std::unexpected(std::move(ids).error());
  if (!*ids) co_return invalid_arguments("blobIds is missing");
  if ((*ids)->size() > kBlobsMax) co_return refuse("requestTooLarge");
  std::vector<UploadId> uploads;
  for (std::size_t i = 0; i < (*ids)->size(); ++i)
    uploads.push_back(call.host.ids.next<UploadId>());
  Work work = [&](Tx& tx) { return copy_blobs_in(call, tx, *from, **ids, uploads); };
  co_return co_await writing(call, std::move(work));
}

}  // namespace

std::span<const Method> copy_methods() {
  static constexpr std::array kMethods{
      Method{"Email/copy", capability::kMail, &copy_emails},
      Method{"Blob/copy", capability::kCore, &copy_blobs},
  };
  return kMethods;
}

}  // namespace fumi::jmap
