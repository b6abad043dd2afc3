#include "api/jmap/objects.h"

namespace fumi::jmap {
namespace {

// Of documents that need not have every property: what isn't there is left out.
MethodResult<Json> pick_known(const Json& object,
                              const std::optional<std::vector<std::string>>& properties) {
  if (!properties) return object;
  Json out = JsonObject{{"id", *object.find("id")}};
  for (const std::string& name : *properties)
    if (const Json* value = object.find(name)) out.set(name, *value);
  return out;
}

}  // namespace

MethodResult<Json> read_object(const StoredObject& stored) {
  auto body = codec::parse_json(stored.body);
  if (!body) return refuse("serverFail", "a stored object can't be read");
  Json out = JsonObject{{"id", stored.id.text()}};
  for (JsonMember& member : *body->object())
    out.set(std::move(member.name), std::move(member.value));
  return out;
}

MethodResult<std::vector<Json>> read_objects(Call& call, Tx& tx, ObjectKind kind) {
  FUMI_JMAP_TRY(const auto stored, tx.objects().list(call.account(), kind));
  std::vector<Json> out;
  for (const StoredObject& each : stored) {
    FUMI_JMAP_TRY(auto object, read_object(each));
    out.push_back(std::move(object));
  }
  return out;
}

MethodResult<std::optional<Json>> find_object(Call& call, Tx& tx, ObjectKind kind,
                                              const std::string& text) {
  const auto id = id_of<ObjectId>(text);
  if (!id) return std::nullopt;
  FUMI_JMAP_TRY(const auto stored, tx.objects().object(call.account(), kind, *id));
  if (!stored) return std::nullopt;
  FUMI_JMAP_TRY(auto object, read_object(*stored));
  return std::optional(std::move(object));
}

Task<Answer> get_objects(Call& call, ObjectKind kind, Properties properties, Complete complete) {
  const auto choose = [properties](const Json& object,
                                   const std::optional<std::vector<std::string>>& wanted) {
    return properties == Properties::fixed ? pick(object, wanted) : pick_known(object, wanted);
  };
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq state, tx.emails().state(call.account()));
    std::vector<Json> objects;
    JsonArray not_found;
    if (!arguments->ids) {
      FUMI_JMAP_TRY(objects, read_objects(call, tx, kind));
      if (objects.size() > limits_of(call.host.options).get_max) return refuse("requestTooLarge");
    }
    for (const std::string& text : arguments->ids.value_or(std::vector<std::string>())) {
      FUMI_JMAP_TRY(auto object, find_object(call, tx, kind, text));
      if (object)
        objects.push_back(std::move(*object));
      else
        not_found.emplace_back(text);
    }
    JsonArray list;
    for (Json& object : objects) {
      if (complete != nullptr) {
        FUMI_JMAP_TRY(object, complete(call, tx, std::move(object)));
      }
      FUMI_JMAP_TRY(auto picked, choose(object, arguments->properties));
      list.push_back(std::move(picked));
    }
    return get_answer(call, state, std::move(list), std::move(not_found));
  };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> changes_of_objects(Call& call, ObjectKind kind) {
  auto arguments = changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto since = since_state(call, arguments->since_state);
  if (!since) co_return std::unexpected(std::move(since).error());
  Work work = [&](Tx& tx) -> Answer {
    auto found = tx.objects().changes(call.account(), kind, *since,
                                      std::size_t(arguments->max_changes.value_or(0)));
    if (!found) return std::unexpected(cannot_calculate(found.error()));
    return changes_json(call, *since, *found);
  };
  co_return co_await reading(call, std::move(work));
}

std::string object_body(Json object) {
  object.erase("id");
  object.erase("mayDelete");
  return codec::write_json(object);
}

}  // namespace fumi::jmap
