// PushSubscription/get and /set (RFC 8620 §7.2). They belong to the login, not to an account: no
// accountId, no states. A subscription made with one credential of an account is seen by all of
// them, and ends when any of them changes.
#include <algorithm>
#include <array>

#include "api/jmap/methods.h"
#include "api/jmap/push_sender.h"
#include "base/ascii.h"
#include "codec/base64.h"
#include "crypto/random.h"
#include "crypto/web_push.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kDeviceOctetsMax = 255;
constexpr std::size_t kTypesMax = 50;
constexpr std::size_t kCodeOctets = 16;
constexpr std::array<std::string_view, 5> kShown{"id", "deviceClientId", "verificationCode",
                                                 "expires", "types"};

Json json_of(const PushSubscription& subscription) {
  const bool verified = subscription.state == PushSubscription::State::verified;
  return JsonObject{{"id", subscription.id.text()},
                    {"deviceClientId", subscription.device},
                    {"verificationCode", verified ? Json(subscription.code) : Json()},
                    {"expires", utc_date(to_micros(subscription.expires))},
                    {"types", types_json(subscription)}};
}

MethodResult<std::vector<PushSubscription>> subscriptions(Call& call, Tx& tx) {
  FUMI_JMAP_TRY(const auto stored,
                tx.objects().list(call.account(), ObjectKind::push_subscription));
  const Instant now = call.host.clock.now();
  std::vector<PushSubscription> out;
  for (const StoredObject& each : stored) {
    FUMI_JMAP_TRY(auto subscription, read_subscription(each));
    if (subscription.expires > now) out.push_back(std::move(subscription));
  }
  return out;
}

Task<Answer> get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  for (const std::string& name : arguments->properties.value_or(std::vector<std::string>())) {
    // They are private to the device.
    if (name == "url" || name == "keys") co_return refuse("forbidden", name + " is never told");
    if (std::ranges::find(kShown, name) == kShown.end())
      co_return invalid_arguments("there is no property " + ascii::printable(name));
  }
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const auto all, subscriptions(call, tx));
    JsonArray list;
    JsonArray not_found;
    const auto add = [&](const PushSubscription& each) -> MethodResult<void> {
      FUMI_JMAP_TRY(auto picked, pick(json_of(each), arguments->properties));
      list.push_back(std::move(picked));
      return {};
    };
    if (!arguments->ids) {
      for (const PushSubscription& each : all)
        if (auto added = add(each); !added) return std::unexpected(std::move(added).error());
    }
    for (const std::string& id : arguments->ids.value_or(std::vector<std::string>())) {
      const auto found = std::ranges::find_if(
          all, [&](const PushSubscription& each) { return each.id.text() == id; });
      if (found == all.end()) {
        not_found.emplace_back(id);
        continue;
      }
      if (auto added = add(*found); !added) return std::unexpected(std::move(added).error());
    }
    return Json(JsonObject{{"list", std::move(list)}, {"notFound", std::move(not_found)}});
  };
  co_return co_await reading(call, std::move(work));
}

// URL-safe base64, with or without its padding.
std::optional<std::string> bytes_of(const Json& object, const char* name) {
  std::string_view text = object.text(name);
  while (text.ends_with('='))
    text.remove_suffix(1);
  return codec::base64url_decode(text);
}

// Never beyond the server's limit, and never in the past.
SetResult<Instant> expiry(Call& call, const Json& value) {
  const Instant now = call.host.clock.now();
  const Instant last = now + call.host.options.push_lifetime;
  if (value.is_null()) return last;
  const bool utc = value.string() != nullptr && value.string()->ends_with('Z');
  const auto given = utc ? parse_date(*value.string()) : std::nullopt;
  if (!given || from_micros(given->micros) <= now)
    return invalid_property("expires", "a UTCDate in the future");
  return std::min(from_micros(given->micros), last);
}

SetResult<std::optional<std::vector<std::string>>> types_of(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.array() == nullptr || value.array()->size() > kTypesMax)
    return invalid_property("types");
  std::vector<std::string> types;
  for (const Json& each : *value.array()) {
    if (each.string() == nullptr || each.string()->size() > kDeviceOctetsMax)
      return invalid_property("types");
    types.push_back(*each.string());
  }
  return types;
}

SetResult<void> read_keys(const Json& value, PushSubscription& out) {
  if (value.is_null()) return {};
  const auto p256dh = bytes_of(value, "p256dh");
  const auto auth = bytes_of(value, "auth");
  if (!p256dh || !auth || !crypto::check_web_push_keys({*p256dh, *auth}))
    return invalid_property("keys", "p256dh and auth as RFC 8291 has them");
  out.p256dh = *p256dh;
  out.auth = *auth;
  return {};
}

SetResult<void> read_member(Call& call, const JsonMember& member, PushSubscription& out) {
  const Json& value = member.value;
  if (member.name == "deviceClientId") {
    if (value.string() == nullptr || value.string()->empty() ||
        value.string()->size() > kDeviceOctetsMax)
      return invalid_property("deviceClientId");
    out.device = *value.string();
  } else if (member.name == "url") {
    const bool good = value.string() != nullptr &&
                      http::parse_post_url(*value.string(), call.host.options.push_targets);
    if (!good) return invalid_property("url", "https, to a public address");
    out.url = *value.string();
  } else if (member.name == "keys") {
    return read_keys(value, out);
  } else if (member.name == "expires") {
    auto expires = expiry(call, value);
    if (!expires) return std::unexpected(std::move(expires).error());
    out.expires = *expires;
  } else if (member.name == "types") {
    auto types = types_of(value);
    if (!types) return std::unexpected(std::move(types).error());
    out.types = std::move(*types);
  } else if (member.name != "verificationCode" || !value.is_null()) {
    return invalid_property(member.name, "it can't be set at creation");
  }
  return {};
}

SetResult<Json> create(Call& call, Tx& tx, const Json& object, std::uint32_t credential) {
  if (object.object() == nullptr) return refuse_object("invalidProperties", "not an object");
  PushSubscription made;
  made.expires = call.host.clock.now() + call.host.options.push_lifetime;
  made.code = ascii::to_hex(crypto::random_bytes(kCodeOctets));
  made.credential = credential;
  for (const JsonMember& member : *object.object()) {
    auto read = read_member(call, member, made);
    if (!read) return std::unexpected(std::move(read).error());
  }
  if (made.device.empty()) return invalid_property("deviceClientId", "it is missing");
  if (made.url.empty()) return invalid_property("url", "it is missing");
  const std::uint32_t most = call.host.options.push_subscriptions_max;
  auto id = tx.objects().create(call.account(), ObjectKind::push_subscription,
                                write_subscription(made), most);
  if (!id) return std::unexpected(to_set_error(id.error()));
  Json told = JsonObject{{"id", id->text()}, {"expires", utc_date(to_micros(made.expires))}};
  for (const char* name : {"keys", "types", "verificationCode"})
    if (object.find(name) == nullptr) told.set(name, Json());
  return told;
}

// Its client knows what is now; the first thing to tell it is what comes.
Status begin_telling(Call& call, Tx& tx, ObjectId id) {
  FUMI_TRY(const ModSeq state, tx.emails().state(call.account()));
  FUMI_TRY([[maybe_unused]] const auto before, tx.push().claim(call.account(), id, state));
  return {};
}

// What the server changed beyond the patch: a shorter life.
SetResult<Json> update(Call& call, Tx& tx, const std::string& text, const Json& patch) {
  const auto id = id_of<ObjectId>(text);
  if (!id) return refuse_object("notFound");
  auto all = subscriptions(call, tx);
  if (!all) return refuse_object("serverFail");
  const auto found =
      std::ranges::find_if(*all, [&](const PushSubscription& each) { return each.id == *id; });
  if (found == all->end()) return refuse_object("notFound");
  if (patch.object() == nullptr) return refuse_object("invalidPatch");
  Json changed;
  bool verified = false;
  for (const JsonMember& member : *patch.object()) {
    if (member.name == "verificationCode") {
      if (member.value != Json(found->code))
        return invalid_property("verificationCode", "that is not the code that was sent");
      verified = found->state == PushSubscription::State::unverified;
      found->state = PushSubscription::State::verified;
    } else if (member.name == "expires" || member.name == "types") {
      auto read = read_member(call, member, *found);
      if (!read) return std::unexpected(std::move(read).error());
      const std::string expires = utc_date(to_micros(found->expires));
      const bool other = member.name == "expires" && member.value != Json(expires);
      if (other) changed.set("expires", expires);
    } else {
      return invalid_property(member.name, "it can't be changed");
    }
  }
  Status done = tx.objects().replace(call.account(), ObjectKind::push_subscription, *id,
                                     write_subscription(*found));
  if (done && verified) done = begin_telling(call, tx, *id);
  if (!done) return std::unexpected(to_set_error(done.error()));
  return changed;
}

Status destroy(Call& call, Tx& tx, const std::string& text) {
  const auto id = id_of<ObjectId>(text);
  if (!id) return fail(Code::not_found, "removing a push subscription");
  FUMI_CHECK(tx.objects().remove(call.account(), ObjectKind::push_subscription, *id));
  return tx.push().forget(call.account(), *id);
}

Answer run_set(Call& call, Tx& tx, const SetArguments& arguments, CreatedIds& fresh) {
  fresh.clear();
  FUMI_JMAP_TRY(const auto account, tx.directory().account(call.account()));
  if (!account) return refuse("forbidden");
  SetAnswer answer;
  for (const auto& [key, object] : arguments.create) {
    auto made = create(call, tx, object, account->credential_version);
    if (!made) {
      answer.not_created(key, made.error());
      continue;
    }
    fresh[key] = std::string(made->text("id"));
    answer.created(key, std::move(*made));
  }
  for (const auto& [id, patch] : arguments.update) {
    auto done = update(call, tx, id, patch);
    done ? answer.updated(id, std::move(*done)) : answer.not_updated(id, done.error());
  }
  for (const std::string& id : arguments.destroy) {
    const Status done = destroy(call, tx, id);
    done ? answer.destroyed(id) : answer.not_destroyed(id, to_set_error(done.error()));
  }
  Json out = std::move(answer).json("", "", "");
  for (const char* name : {"accountId", "oldState", "newState"})
    out.erase(name);
  return out;
}

Task<Answer> set(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  if (arguments->if_in_state) co_return invalid_arguments("there is no state to be in");
  PushSender* const sender = call.host.push;
  if (sender == nullptr) co_return refuse("forbidden", "push subscriptions are off");
  JsonObject too_many;
  std::erase_if(arguments->create, [&](const auto& each) {
    if (sender->may_create(call.account())) return false;
    const SetError error{"rateLimit", "too many subscriptions within an hour", {}, {}};
    too_many.push_back({each.first, error.json()});
    return true;
  });
  CreatedIds fresh;
  Work work = [&](Tx& tx) { return run_set(call, tx, *arguments, fresh); };
  Answer answer = co_await writing(call, std::move(work));
  if (!answer) co_return answer;
  sender->watch(call.caller.principal.tenant, call.account());
  for (auto& [key, id] : fresh)
    call.created[key] = std::move(id);
  if (!too_many.empty()) {
    const Json* others = answer->find("notCreated");
    Json refused = others != nullptr ? *others : Json();
    for (JsonMember& member : too_many)
      refused.set(std::move(member.name), std::move(member.value));
    answer->set("notCreated", std::move(refused));
  }
  co_return answer;
}

}  // namespace

std::span<const Method> push_methods() {
  static constexpr std::array kMethods{
      Method{"PushSubscription/get", capability::kCore, &get, Method::Account::none},
      Method{"PushSubscription/set", capability::kCore, &set, Method::Account::none},
  };
  return kMethods;
}

}  // namespace fumi::jmap
