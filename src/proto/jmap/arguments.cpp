#include "proto/jmap/arguments.h"

#include <algorithm>
#include <set>

namespace fumi::jmap {
namespace {

constexpr std::size_t kSortMax = 16;

std::unexpected<MethodError> wrong(const char* name, const char* what) {
  return invalid_arguments(std::string(name) + " must be " + what);
}

std::unexpected<MethodError> too_many() {
  return refuse("requestTooLarge", "more objects than the server takes in one call");
}

// Passes an error on.
template <class T>
std::unexpected<MethodError> pass(MethodResult<T>& result) {
  return std::unexpected(std::move(result).error());
}

const Json* given(const Json& arguments, const char* name) {
  const Json* found = arguments.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

MethodResult<Comparator> comparator(const Json& value) {
  Comparator out;
  const Json* property = value.find("property");
  if (property == nullptr || property->string() == nullptr) {
    return wrong("sort", "a list of comparators with a property");
  }
  out.property = *property->string();
  out.collation = value.text("collation");
  out.keyword = value.text("keyword");
  if (const Json* ascending = given(value, "isAscending")) {
    if (ascending->boolean() == nullptr) return wrong("isAscending", "a boolean");
    if (!*ascending->boolean()) out.order = Comparator::Order::descending;
  }
  return out;
}

std::vector<std::pair<std::string, Json>> members(const Json& object) {
  std::vector<std::pair<std::string, Json>> out;
  for (const JsonMember& member : *object.object())
    out.emplace_back(member.name, member.value);
  return out;
}

Json or_null(JsonObject object) { return object.empty() ? Json() : Json(std::move(object)); }

}  // namespace

MethodResult<std::string> account_argument(const Json& arguments, const char* name) {
  const Json* account = arguments.find(name);
  if (account == nullptr || account->string() == nullptr) return wrong(name, "an id");
  return *account->string();
}

MethodResult<std::optional<std::string>> text_argument(const Json& arguments, const char* name) {
  const Json* value = given(arguments, name);
  if (value == nullptr) return std::nullopt;
  if (value->string() == nullptr) return wrong(name, "a string");
  return *value->string();
}

MethodResult<std::optional<std::int64_t>> number_argument(const Json& arguments, const char* name) {
  const Json* value = given(arguments, name);
  if (value == nullptr) return std::nullopt;
  // RFC 8620 §1.3: within ±(2^53 - 1).
  constexpr std::int64_t kMost = (std::int64_t{1} << 53U) - 1;
  if (value->integer() == nullptr || *value->integer() > kMost || *value->integer() < -kMost) {
    return wrong(name, "an integer");
  }
  return *value->integer();
}

MethodResult<Flag> flag_argument(const Json& arguments, const char* name) {
  const Json* value = given(arguments, name);
  if (value == nullptr) return Flag::no;
  if (value->boolean() == nullptr) return wrong(name, "a boolean");
  return *value->boolean() ? Flag::yes : Flag::no;
}

MethodResult<std::optional<std::vector<std::string>>> list_argument(const Json& arguments,
                                                                    const char* name) {
  const Json* value = given(arguments, name);
  if (value == nullptr) return std::nullopt;
  if (value->array() == nullptr) return wrong(name, "a list of strings");
  std::vector<std::string> out;
  for (const Json& each : *value->array()) {
    if (each.string() == nullptr) return wrong(name, "a list of strings");
    out.push_back(*each.string());
  }
  return out;
}

MethodResult<GetArguments> get_arguments(const Json& arguments, const CreatedIds& created,
                                         std::uint32_t ids_max) {
  GetArguments out;
  auto ids = list_argument(arguments, "ids");
  if (!ids) return pass(ids);
  if (*ids) {
    if ((*ids)->size() > ids_max) return too_many();
    std::set<std::string> seen;
    out.ids.emplace();
    for (std::string& id : **ids) {
      // One that stands for nothing stays as it is, and is not found.
      std::string known = resolve_id(id, created).value_or(id);
      if (seen.insert(known).second) out.ids->push_back(std::move(known));
    }
  }
  auto properties = list_argument(arguments, "properties");
  if (!properties) return pass(properties);
  out.properties = std::move(*properties);
  return out;
}

MethodResult<ChangesArguments> changes_arguments(const Json& arguments) {
  ChangesArguments out;
  auto since = text_argument(arguments, "sinceState");
  if (!since) return pass(since);
  if (!*since) return wrong("sinceState", "a string");
  out.since_state = std::move(**since);
  auto most = number_argument(arguments, "maxChanges");
  if (!most) return pass(most);
  if (*most && **most <= 0) return wrong("maxChanges", "greater than 0");
  if (*most) out.max_changes = std::uint64_t(**most);
  return out;
}

MethodResult<SetArguments> set_arguments(const Json& arguments, std::uint32_t objects_max) {
  SetArguments out;
  auto state = text_argument(arguments, "ifInState");
  if (!state) return pass(state);
  out.if_in_state = std::move(*state);
  if (const Json* create = given(arguments, "create")) {
    if (create->object() == nullptr) return wrong("create", "an object");
    out.create = members(*create);
  }
  if (const Json* update = given(arguments, "update")) {
    if (update->object() == nullptr) return wrong("update", "an object");
    out.update = members(*update);
  }
  auto destroy = list_argument(arguments, "destroy");
  if (!destroy) return pass(destroy);
  if (*destroy) out.destroy = std::move(**destroy);
  if (out.create.size() + out.update.size() + out.destroy.size() > objects_max) return too_many();
  return out;
}

MethodResult<QueryArguments> query_arguments(const Json& arguments) {
  QueryArguments out;
  if (const Json* filter = given(arguments, "filter")) {
    if (filter->object() == nullptr) return wrong("filter", "an object");
    out.filter = *filter;
  }
  if (const Json* sort = given(arguments, "sort")) {
    if (sort->array() == nullptr || sort->array()->size() > kSortMax) {
      return wrong("sort", "a list of comparators");
    }
    for (const Json& each : *sort->array()) {
      auto read = comparator(each);
      if (!read) return pass(read);
      out.sort.push_back(std::move(*read));
    }
  }
  auto position = number_argument(arguments, "position");
  if (!position) return pass(position);
  out.position = position->value_or(0);
  auto anchor = text_argument(arguments, "anchor");
  if (!anchor) return pass(anchor);
  out.anchor = std::move(*anchor);
  auto offset = number_argument(arguments, "anchorOffset");
  if (!offset) return pass(offset);
  out.anchor_offset = offset->value_or(0);
  auto limit = number_argument(arguments, "limit");
  if (!limit) return pass(limit);
  if (*limit && **limit < 0) return wrong("limit", "0 or more");
  if (*limit) out.limit = std::uint64_t(**limit);
  auto total = flag_argument(arguments, "calculateTotal");
  if (!total) return pass(total);
  out.calculate_total = *total;
  return out;
}

MethodResult<QueryChangesArguments> query_changes_arguments(const Json& arguments) {
  QueryChangesArguments out;
  auto query = query_arguments(arguments);
  if (!query) return pass(query);
  out.query = std::move(*query);
  auto since = text_argument(arguments, "sinceQueryState");
  if (!since) return pass(since);
  if (!*since) return wrong("sinceQueryState", "a string");
  out.since_query_state = std::move(**since);
  auto most = number_argument(arguments, "maxChanges");
  if (!most) return pass(most);
  if (*most && **most <= 0) return wrong("maxChanges", "greater than 0");
  if (*most) out.max_changes = std::uint64_t(**most);
  auto up_to = text_argument(arguments, "upToId");
  if (!up_to) return pass(up_to);
  out.up_to_id = std::move(*up_to);
  return out;
}

void SetAnswer::created(std::string creation_id, Json object) {
  created_.push_back({std::move(creation_id), std::move(object)});
}
void SetAnswer::not_created(std::string creation_id, const SetError& error) {
  not_created_.push_back({std::move(creation_id), error.json()});
}
void SetAnswer::updated(std::string id, Json changed) {
  updated_.push_back({std::move(id), std::move(changed)});
}
void SetAnswer::not_updated(std::string id, const SetError& error) {
  not_updated_.push_back({std::move(id), error.json()});
}
void SetAnswer::destroyed(std::string id) { destroyed_.emplace_back(std::move(id)); }
void SetAnswer::not_destroyed(std::string id, const SetError& error) {
  not_destroyed_.push_back({std::move(id), error.json()});
}

Json SetAnswer::json(std::string account, std::string old_state, std::string new_state) && {
  return JsonObject{{"accountId", std::move(account)},
                    {"oldState", std::move(old_state)},
                    {"newState", std::move(new_state)},
                    {"created", or_null(std::move(created_))},
                    {"updated", or_null(std::move(updated_))},
                    {"destroyed", destroyed_.empty() ? Json() : Json(std::move(destroyed_))},
                    {"notCreated", or_null(std::move(not_created_))},
                    {"notUpdated", or_null(std::move(not_updated_))},
                    {"notDestroyed", or_null(std::move(not_destroyed_))}};
}

}  // namespace fumi::jmap
