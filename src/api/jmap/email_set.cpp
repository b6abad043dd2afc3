// Email/set, Email/import (RFC 8621 §4.6, §4.8).
#include "api/jmap/email_set.h"

#include <algorithm>
#include <array>

#include "api/jmap/blobs.h"
#include "api/jmap/compose.h"
#include "api/jmap/email_view.h"
#include "api/jmap/methods.h"
#include "base/ascii.h"
#include "crypto/random.h"

namespace fumi::jmap {
namespace {

// Of the messages that one call makes: they wait in memory for the commit.
constexpr std::uint64_t kNewOctetsMax = 256ULL << 20U;

// A message that is stored as a blob and waits for its rows.
struct Prepared : NewEmail {
  std::string key;
};

struct Preparing {
  std::vector<Prepared> ready;
  std::vector<PendingBlob> pending;
  std::vector<std::pair<std::string, SetError>> refused;
  std::uint64_t octets = 0;

  void refuse(const std::string& key, SetError error) {
    refused.emplace_back(key, std::move(error));
  }
};

Task<void> prepare(Call& call, Preparing& all, std::string key, std::string bytes,
                   Composition placement) {
  all.octets += bytes.size();
  if (all.octets > kNewOctetsMax) {
    all.refuse(key, {"tooLarge", "send fewer messages in one call", {}, {}});
    co_return;
  }
  const TenantScope scope = call.scope();
  Result<PendingBlob> blob = co_await call.host.blobs.begin(scope, bytes);
  if (!blob) {
    all.refuse(key, to_set_error(blob.error()));
    co_return;
  }
  const mime::Summary summary = mime::parse(bytes);
  Prepared one;
  one.key = std::move(key);
  one.content.blob = blob->ref;
  one.content.summary = mime::encode(summary);
  one.content.message_id = summary.envelope.message_id;
  one.content.references = summary.references;
  one.content.octets = bytes.size();
  one.content.received = placement.received.value_or(call.host.clock.now());
  one.mailboxes = std::move(placement.mailboxes);
  one.flags = std::move(placement.flags);
  all.pending.push_back(std::move(*blob));
  all.ready.push_back(std::move(one));
}

mime::Mailbox own_mailbox(const Call& call) {
  const EmailAddress& name = call.caller.principal.name;
  return {"", name.local, name.domain};
}

Task<void> compose(Call& call, Preparing& all, const std::string& key, const Json& object) {
  SetResult<Composition> read =
      read_composition(object, call.created, own_mailbox(call), call.host.clock.now());
  if (!read) {
    all.refuse(key, std::move(read).error());
    co_return;
  }
  Composition composition = std::move(*read);
  JsonArray missing;
  std::uint64_t octets = 0;
  for (const Composition::File& file : composition.files) {
    std::string blob = resolve_id(file.blob_id, call.created).value_or(file.blob_id);
    Result<std::string> bytes =
        co_await blob_bytes(call.host, call.caller, call.account(), std::move(blob));
    if (!bytes) {
      missing.emplace_back(file.blob_id);
      continue;
    }
    octets += bytes->size();
    if (octets > limits_of(call.host.options).upload_octets_max) {
      all.refuse(key, {"tooLarge", "the attachments are too large", {}, {}});
      co_return;
    }
    composition.draft.attachments[file.attachment].bytes = std::move(*bytes);
  }
  if (!missing.empty()) {
    all.refuse(key, {"blobNotFound", "", {}, {{"notFound", std::move(missing)}}});
    co_return;
  }
  Composition placement;
  placement.mailboxes = composition.mailboxes;
  placement.flags = composition.flags;
  placement.received = composition.received;
  std::string seed = crypto::random_bytes(16);
  const std::string unique = ascii::to_hex(crypto::random_bytes(16));
  std::string message_id = "<" + unique + "@" + call.caller.principal.name.domain + ">";
  SetResult<std::string> written =
      write_composition(std::move(composition), std::move(seed), std::move(message_id));
  if (!written) {
    all.refuse(key, std::move(written).error());
    co_return;
  }
  co_await prepare(call, all, key, std::move(*written), std::move(placement));
}

// The prepared messages get their rows; `fresh` learns their ids.
void put_all(Call& call, Tx& tx, const Preparing& all, SetAnswer& answer, CreatedIds& fresh) {
  for (const auto& [key, error] : all.refused)
    answer.not_created(key, error);
  for (const Prepared& one : all.ready) {
    SetResult<Json> made = put_email(call, tx, one);
    if (!made) {
      answer.not_created(one.key, made.error());
      continue;
    }
    fresh[one.key] = std::string(made->text("id"));
    answer.created(one.key, std::move(*made));
  }
}

Answer set_in(Call& call, Tx& tx, const SetArguments& arguments, const Preparing& all,
              CreatedIds& fresh) {
  FUMI_JMAP_TRY(const ModSeq before, expected_state(call, tx, arguments));
  SetAnswer answer;
  put_all(call, tx, all, answer, fresh);
  CreatedIds created = call.created;
  created.insert(fresh.begin(), fresh.end());
  for (const auto& [given, patch] : arguments.update) {
    const std::string id = resolve_id(given, created).value_or(given);
    auto done = update_email(call, tx, id, patch, created);
    done ? answer.updated(id) : answer.not_updated(id, done.error());
  }
  for (const std::string& given : arguments.destroy) {
    const std::string id = resolve_id(given, created).value_or(given);
    auto done = destroy_email(call, tx, id);
    done ? answer.destroyed(id) : answer.not_destroyed(id, done.error());
  }
  FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
  return std::move(answer).json(call.account_text(), state_text(call, before),
                                state_text(call, after));
}

Task<Answer> commit(Call& call, const SetArguments& arguments, Preparing& all) {
  CreatedIds fresh;
  Work work = [&](Tx& tx) {
    fresh.clear();
    return set_in(call, tx, arguments, all, fresh);
  };
  Answer answer = co_await writing_after(call, all.pending, std::move(work));
  if (answer) {
    for (auto& [key, id] : fresh)
      call.created[key] = std::move(id);
  }
  co_return answer;
}

Task<Answer> set(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Preparing all;
  for (const auto& [key, object] : arguments->create)
    co_await compose(call, all, key, object);
  co_return co_await commit(call, *arguments, all);
}

Task<Answer> import(Call& call) {
  const Json* emails = call.arguments.find("emails");
  if (emails == nullptr || emails->object() == nullptr)
    co_return invalid_arguments("emails is missing");
  if (emails->object()->size() > limits_of(call.host.options).set_max)
    co_return refuse("requestTooLarge");
  auto arguments = set_arguments(
      JsonObject{{"ifInState",
                  call.arguments.find("ifInState") ? *call.arguments.find("ifInState") : Json()}},
      1);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Preparing all;
  for (const JsonMember& member : *emails->object()) {
    Composition placement;
    SetResult<void> read;
    if (member.value.object() == nullptr)
      read = refuse_object("invalidProperties", "not an object");
    else
      read = read_placement(member.value, call.created, placement);
    if (!read) {
      all.refuse(member.name, std::move(read).error());
      continue;
    }
    std::string blob = resolve_id(member.value.text("blobId"), call.created).value_or("");
    Result<std::string> bytes =
        co_await blob_bytes(call.host, call.caller, call.account(), std::move(blob));
    if (!bytes) {
      all.refuse(member.name, {"invalidProperties", "there is no such blob", {"blobId"}, {}});
      continue;
    }
    const bool has_header = mime::parse(*bytes).root.body_begin > 2;
    if (!has_header) {
      all.refuse(member.name, {"invalidEmail", "the blob is no message", {}, {}});
      continue;
    }
    co_await prepare(call, all, member.name, std::move(*bytes), std::move(placement));
  }
  co_return co_await commit(call, *arguments, all);
}

}  // namespace

std::span<const Method> set_methods() {
  static constexpr std::array kMethods{
      Method{"Email/set", capability::kMail, &set},
      Method{"Email/import", capability::kMail, &import},
  };
  return kMethods;
}

}  // namespace fumi::jmap
