// Blob/upload, /get, /lookup (RFC 9404).
#include <algorithm>
#include <array>
#include <set>

#include "api/jmap/blobs.h"
#include "api/jmap/methods.h"
#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/hash.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kSourcesMax = 64;
constexpr std::uint64_t kAnswerOctetsMax = 64ULL << 20U;

struct Range {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

MethodResult<Range> range_of(const Json& object) {
  const auto offset = number_argument(object, "offset");
  if (!offset) return std::unexpected(offset.error());
  const auto length = number_argument(object, "length");
  if (!length) return std::unexpected(length.error());
  if (offset->value_or(0) < 0 || length->value_or(0) < 0)
    return invalid_arguments("offset and length are 0 or more");
  Range range{std::uint64_t(offset->value_or(0)), std::nullopt};
  if (*length) range.length = std::uint64_t(**length);
  return range;
}

Task<SetResult<std::string>> source_bytes(Call& call, const Json& source) {
  const Json* text = source.find("data:asText");
  const Json* base64 = source.find("data:asBase64");
  const Json* blob = source.find("blobId");
  const int given = (text != nullptr) + (base64 != nullptr) + (blob != nullptr);
  if (given != 1) co_return invalid_property("data", "a source is text, base64 or a blob");
  if (text != nullptr && text->string() != nullptr) co_return *text->string();
  if (base64 != nullptr && base64->string() != nullptr) {
    auto decoded = codec::base64_decode(*base64->string());
    if (!decoded) co_return invalid_property("data", "that is no base64");
    co_return std::move(*decoded);
  }
  if (blob == nullptr || blob->string() == nullptr) co_return invalid_property("data");
  const auto range = range_of(source);
  if (!range) co_return invalid_property("data", range.error().description);
  std::string id = resolve_id(*blob->string(), call.created).value_or("");
  Result<std::string> bytes =
      co_await blob_bytes(call.host, call.caller, call.account(), std::move(id));
  if (!bytes) co_return refuse_object("blobNotFound");
  const std::uint64_t length =
      range->length.value_or(bytes->size() - std::min<std::uint64_t>(range->offset, bytes->size()));
  if (range->offset > bytes->size() || length > bytes->size() - range->offset)
    co_return invalid_property("data", "the range goes beyond the blob");
  co_return bytes->substr(range->offset, length);
}

Task<SetResult<Json>> upload_one(Call& call, const Json& object) {
  const Json* data = object.find("data");
  if (data == nullptr || data->array() == nullptr || data->array()->size() > kSourcesMax)
    co_return invalid_property("data", "a list of up to 64 sources");
  std::string bytes;
  for (const Json& source : *data->array()) {
    SetResult<std::string> piece = co_await source_bytes(call, source);
    if (!piece) co_return std::unexpected(std::move(piece).error());
    bytes += *piece;
    if (bytes.size() > limits_of(call.host.options).upload_octets_max)
      co_return refuse_object("tooLarge");
  }
  const TenantScope scope = call.scope();
  Result<PendingBlob> blob = co_await call.host.blobs.begin(scope, bytes);
  if (!blob) co_return std::unexpected(to_set_error(blob.error()));
  const Instant now = call.host.clock.now();
  Upload upload;
  upload.id = call.host.ids.next<UploadId>();
  upload.parts = {blob->ref};
  upload.type = std::string(object.text("type").substr(0, 200));
  upload.octets = bytes.size();
  upload.expires = now + call.host.options.upload_lifetime;
  auto work = [&](Tx& tx) {
    return tx.emails().add_upload(call.caller.principal.account, upload, now,
                                  upload_limits(call.host.options));
  };
  Barrier durable = std::move(blob->wait_durable);
  const Status kept =
      co_await call.host.store.write_after(std::move(durable), scope, std::move(work));
  if (!kept) co_return std::unexpected(to_set_error(kept.error()));
  const std::string id = upload_blob_id(upload.id);
  Json made = JsonObject{};
  made.set("id", id);
  made.set("blobId", id);
  made.set("type", upload.type.empty() ? Json() : Json(upload.type));
  made.set("size", std::int64_t(upload.octets));
  co_return made;
}

Task<Answer> upload(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  JsonObject created;
  JsonObject refused;
  for (const auto& [key, object] : arguments->create) {
    SetResult<Json> made = co_await upload_one(call, object);
    if (!made) {
      refused.push_back({key, made.error().json()});
      continue;
    }
    call.created[key] = std::string(made->text("id"));
    created.push_back({key, std::move(*made)});
  }
  Json answer = JsonObject{{"accountId", call.account_text()}};
  answer.set("created", created.empty() ? Json() : Json(std::move(created)));
  answer.set("notCreated", refused.empty() ? Json() : Json(std::move(refused)));
  co_return answer;
}

// One blob's answer: the properties asked for of the range asked for.
Json blob_json(const std::string& id, const std::string& whole, const Range& range,
               const std::vector<std::string>& properties) {
  const std::uint64_t offset = std::min<std::uint64_t>(range.offset, whole.size());
  const std::uint64_t wanted = range.length.value_or(whole.size() - offset);
  const std::uint64_t length = std::min<std::uint64_t>(wanted, whole.size() - offset);
  const std::string_view bytes = std::string_view(whole).substr(offset, length);
  Json out = JsonObject{{"id", id}};
  const bool text = codec::is_utf8(bytes);
  for (const std::string& property : properties) {
    if (property == "size") {
      out.set(property, std::int64_t(whole.size()));
    } else if (property == "digest:sha-256") {
      out.set(property, codec::base64_encode(crypto::view(crypto::sha256(bytes))));
    } else if (property == "data:asBase64" || (property == "data" && !text)) {
      out.set("data:asBase64", codec::base64_encode(bytes));
    } else if (property == "data:asText" || property == "data") {
      out.set("data:asText", text ? Json(bytes) : Json());
    }
    if (property.starts_with("data") && property != "data:asBase64" && !text)
      out.set("isEncodingProblem", true);
  }
  if (wanted > length || range.offset > whole.size()) out.set("isTruncated", true);
  return out;
}

Task<Answer> get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  const auto range = range_of(call.arguments);
  if (!range) co_return std::unexpected(range.error());
  if (!arguments->ids) co_return invalid_arguments("ids is missing");
  std::vector<std::string> properties{"data", "size"};
  if (arguments->properties) properties = *arguments->properties;
  static constexpr std::array<std::string_view, 5> kKnown{"size", "data", "data:asText",
                                                          "data:asBase64", "digest:sha-256"};
  for (const std::string& property : properties) {
    if (std::ranges::find(kKnown, property) == kKnown.end())
      co_return invalid_arguments("there is no property " + ascii::printable(property));
  }
  JsonArray list;
  JsonArray not_found;
  std::uint64_t octets = 0;
  for (const std::string& id : *arguments->ids) {
    Result<std::string> bytes = co_await blob_bytes(call.host, call.caller, call.account(), id);
    if (!bytes) {
      not_found.emplace_back(id);
      continue;
    }
    octets += bytes->size();
    if (octets > kAnswerOctetsMax) co_return refuse("requestTooLarge");
    list.push_back(blob_json(id, *bytes, *range, properties));
  }
  Json answer = JsonObject{{"accountId", call.account_text()}};
  answer.set("list", std::move(list));
  answer.set("notFound", std::move(not_found));
  co_return answer;
}

// RFC 9404 §4.3: where a blob is used.
Task<Answer> lookup(Call& call) {
  auto ids = list_argument(call.arguments, "ids");
  if (!ids) co_return std::unexpected(std::move(ids).error());
  auto types = list_argument(call.arguments, "typeNames");
  if (!types) co_return std::unexpected(std::move(types).error());
  if (!*ids || !*types) co_return invalid_arguments("ids and typeNames are needed");
  if ((*ids)->size() > limits_of(call.host.options).get_max) co_return refuse("requestTooLarge");
  static constexpr std::array<std::string_view, 3> kTypes{"Email", "Thread", "Mailbox"};
  for (const std::string& type : **types) {
    if (std::ranges::find(kTypes, type) == kTypes.end())
      co_return refuse("unknownDataType", ascii::printable(type));
  }
  const Instant now = call.host.clock.now();
  Work work = [&](Tx& tx) -> Answer {
    JsonArray list;
    JsonArray not_found;
    for (const std::string& id : **ids) {
      const auto name = parse_blob_id(id);
      Result<std::optional<std::vector<BlobRef>>> there;
      if (name) there = locate(tx, call.view, *name, now);
      if (!there) return std::unexpected(to_jmap(there.error()));
      if (!*there) {
        not_found.emplace_back(id);
        continue;
      }
      std::vector<FoundEmail> emails;
      if (name->email) {
        FUMI_JMAP_TRY(emails, call.view.find(tx, {name->email}));
      }
      Json matched = JsonObject{};
      for (const std::string& type : **types) {
        JsonArray used;
        for (const FoundEmail& email : emails) {
          if (type == "Email") used.emplace_back(email.email.id.text());
          if (type == "Thread") used.emplace_back(email.email.thread.text());
          if (type != "Mailbox") continue;
          for (const Place& place : email.places)
            used.emplace_back(place.mailbox.text());
        }
        matched.set(type, std::move(used));
      }
      Json one = JsonObject{{"id", id}};
      one.set("matchedIds", std::move(matched));
      list.push_back(std::move(one));
    }
    Json answer = JsonObject{{"accountId", call.account_text()}};
    answer.set("list", std::move(list));
    answer.set("notFound", std::move(not_found));
    return answer;
  };
  co_return co_await reading(call, std::move(work));
}

}  // namespace

std::span<const Method> blob_methods() {
  static constexpr std::array kMethods{
      Method{"Blob/upload", capability::kBlob, &upload},
      Method{"Blob/get", capability::kBlob, &get},
      Method{"Blob/lookup", capability::kBlob, &lookup},
  };
  return kMethods;
}

}  // namespace fumi::jmap
