#include "api/openapi.h"

#include <algorithm>
#include <map>

#include "api/problem.h"
#include "base/ascii.h"

namespace fumi::api {
namespace {

using Components = std::map<std::string, const SchemaInfo*>;

constexpr auto kOpen = std::numeric_limits<std::int64_t>::max();

Json reference(const SchemaInfo& schema) {
  return JsonObject{{"$ref", "#/components/schemas/" + schema.name}};
}

Json type_schema(const TypeInfo& type) {
  Json out = JsonObject();
  switch (type.type) {
    case Type::string:
      out.set("type", "string");
      break;
    case Type::boolean:
      out.set("type", "boolean");
      break;
    case Type::integer:
      out.set("type", "integer");
      break;
    case Type::array:
      out.set("type", "array");
      out.set("items", type_schema(*type.items));
      break;
    case Type::object:
      return reference(type.object());
    case Type::any:
      return out;
  }
  if (!type.format.empty()) out.set("format", type.format);
  if (!type.choices.empty()) {
    JsonArray words;
    for (const std::string& word : type.choices)
      words.emplace_back(word);
    out.set("enum", std::move(words));
  }
  return out;
}

void collect(const SchemaInfo& schema, Components& into);

void collect(const TypeInfo& type, Components& into) {
  if (type.items) collect(*type.items, into);
  if (type.object != nullptr) collect(type.object(), into);
}

void collect(const SchemaInfo& schema, Components& into) {
  if (!into.emplace(schema.name, &schema).second) return;
  for (const FieldInfo& field : schema.fields)
    collect(field.type, into);
}

Json content(const std::string& media, Json schema) {
  Json typed = JsonObject{{"schema", std::move(schema)}};
  return JsonObject{{media, std::move(typed)}};
}

void add_shape(const Shape& shape, JsonArray& out) {
  const auto add = [&out](const char* name, const char* in, const char* doc, Json schema) {
    Json parameter =
        JsonObject{{"name", name}, {"in", in}, {"required", false}, {"description", doc}};
    parameter.set("schema", std::move(schema));
    out.push_back(std::move(parameter));
  };
  const Json text = JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", 200}};
  if (shape.rehearse) {
    add("dry-run", "query", "true: tells what would be done, and does nothing.",
        JsonObject{{"type", "boolean"}});
  }
  if (shape.repeat) {
    add("Idempotency-Key", "header",
        "The same key with the same request gives the same answer again, for 24 hours.",
        JsonObject{{"type", "string"}, {"pattern", "^[!-~]{1,200}$"}});
  }
  if (shape.match) add("If-Match", "header", "Only if its ETag is one of these; else 412.", text);
}

Json parameters_of(const Operation& operation, const ApiDocument& document) {
  JsonArray out;
  for (const std::string_view segment : ascii::split(operation.path, '/')) {
    if (segment.size() < 3 || segment.front() != '{') continue;
    const std::string name(segment.substr(1, segment.size() - 2));
    Json parameter = JsonObject{{"name", name}, {"in", "path"}, {"required", true}};
    const auto doc = std::ranges::find(document.path_parameters, name, &PathParameterDoc::name);
    if (doc != document.path_parameters.end()) parameter.set("description", doc->doc);
    parameter.set("schema", JsonObject{{"type", "string"}, {"minLength", 1}});
    out.push_back(std::move(parameter));
  }
  add_shape(operation.shape, out);
  if (operation.query == nullptr) return out;
  for (const FieldInfo& field : operation.query->fields) {
    Json parameter = JsonObject{{"name", field.name},
                                {"in", "query"},
                                {"required", field.use == Use::required},
                                {"description", field.doc}};
    FieldInfo bare = field;
    bare.doc.clear();
    parameter.set("schema", json_schema(bare));
    out.push_back(std::move(parameter));
  }
  return out;
}

Json responses_of(const Operation& operation) {
  Json success = JsonObject{{"description", operation.summary}};
  if (operation.answer != nullptr)
    success.set("content", content(operation.media, reference(*operation.answer)));
  else if (operation.status == 200)
    success.set("content", content(operation.media, JsonObject{{"type", "string"}}));
  if (operation.shape.tag) {
    Json tag = JsonObject{{"description", "Of its state, for If-Match."}};
    tag.set("schema", JsonObject{{"type", "string"}});
    success.set("headers", JsonObject{{"ETag", std::move(tag)}});
  }
  Json out = JsonObject();
  if (operation.rehearsal != nullptr) {
    Json dry = JsonObject{{"description", "What a dry run would do."}};
    Json what = reference(*operation.rehearsal);
    if (operation.status == 200 && operation.answer != nullptr)
      what = JsonObject{{"anyOf", JsonArray{reference(*operation.answer), std::move(what)}}};
    dry.set("content", content("application/json", std::move(what)));
    if (operation.status == 200) dry.set("description", operation.summary);
    out.set("200", std::move(dry));
  }
  if (operation.rehearsal == nullptr || operation.status != 200)
    out.set(std::to_string(operation.status), std::move(success));
  struct Failure {
    const char* status;
    const char* description;
  };
  for (const Failure& failure :
       {Failure{"400", "The request is wrong."}, Failure{"401", "The token is missing or wrong."},
        Failure{"default", "Any other failure."}}) {
    Json answer = JsonObject{{"description", failure.description}};
    answer.set("content", content("application/problem+json", reference(problem_schema())));
    out.set(failure.status, std::move(answer));
  }
  return out;
}

Json describe_operation(const Operation& operation, const ApiDocument& document) {
  Json out = JsonObject{{"operationId", operation.id},
                        {"summary", operation.summary},
                        {"tags", JsonArray{operation.tag}}};
  if (!operation.permission.empty()) out.set("x-permission", operation.permission);
  if (operation.proof == Proven::nobody) out.set("security", JsonArray());
  Json parameters = parameters_of(operation, document);
  if (!parameters.array()->empty()) out.set("parameters", std::move(parameters));
  if (operation.body != nullptr) {
    Json body = JsonObject{{"required", true}};
    body.set("content", content("application/json", reference(*operation.body)));
    out.set("requestBody", std::move(body));
  } else if (!operation.body_media.empty()) {
    Json body = JsonObject{{"required", true}};
    body.set("content", content(operation.body_media, JsonObject{{"type", "string"}}));
    out.set("requestBody", std::move(body));
  }
  out.set("responses", responses_of(operation));
  return out;
}

}  // namespace

Json json_schema(const FieldInfo& field) {
  Json out = type_schema(field.type);
  if (!field.doc.empty()) out.set("description", field.doc);
  if (!field.example.empty()) out.set("examples", JsonArray{field.example});
  const char* low = nullptr;
  const char* high = nullptr;
  switch (field.type.type) {
    case Type::integer:
      low = "minimum", high = "maximum";
      break;
    case Type::array:
      low = "minItems", high = "maxItems";
      break;
    case Type::string:
      high = "maxLength";
      low = "minLength";
      break;
    default:
      return out;
  }
  const bool dated = field.type.format == "date-time";
  const bool unbounded = field.min == std::numeric_limits<std::int64_t>::min();
  if (!unbounded && !dated && (field.min != 0 || field.type.type == Type::integer)) {
    // Lengths count octets here and characters in JSON Schema: at least one is the same in both.
    out.set(low,
            field.type.type == Type::string ? std::min<std::int64_t>(field.min, 1) : field.min);
  }
  if (field.max != kOpen && !dated) out.set(high, field.max);
  return out;
}

Json json_schema(const SchemaInfo& schema) {
  Json out = JsonObject{{"type", "object"}, {"description", schema.doc}};
  Json properties = JsonObject();
  JsonArray required;
  for (const FieldInfo& field : schema.fields) {
    properties.set(field.name, json_schema(field));
    if (field.use == Use::required) required.emplace_back(field.name);
  }
  out.set("properties", std::move(properties));
  if (!required.empty()) out.set("required", std::move(required));
  out.set("additionalProperties", false);
  return out;
}

Json openapi(const ApiDocument& document) {
  Components components;
  collect(problem_schema(), components);
  Json paths = JsonObject();
  for (const Operation& operation : document.operations) {
    for (const SchemaInfo* schema : {operation.body, operation.answer, operation.rehearsal})
      if (schema != nullptr) collect(*schema, components);
    const Json* known = paths.find(operation.path);
    Json item = known ? *known : Json(JsonObject());
    item.set(ascii::to_lower(http::to_string(operation.method)),
             describe_operation(operation, document));
    paths.set(operation.path, std::move(item));
  }
  Json schemas = JsonObject();
  for (const auto& [name, schema] : components)
    schemas.set(name, json_schema(*schema));
  Json bearer = JsonObject{{"type", "http"},
                           {"scheme", "bearer"},
                           {"description", "An operator's token, or one made for a program."}};
  Json cookie = JsonObject{{"type", "apiKey"},
                           {"in", "cookie"},
                           {"name", "__Host-fumi"},
                           {"description", "A session; all but GET take X-CSRF-Token beside it."}};
  Json schemes = JsonObject{{"token", std::move(bearer)}, {"session", std::move(cookie)}};
  Json parts = JsonObject{{"schemas", std::move(schemas)}, {"securitySchemes", std::move(schemes)}};
  Json info = JsonObject{{"title", document.title},
                         {"version", document.version},
                         {"description", document.description}};
  Json by_token = JsonObject{{"token", JsonArray()}};
  Json by_session = JsonObject{{"session", JsonArray()}};
  return JsonObject{{"openapi", "3.1.0"},
                    {"info", std::move(info)},
                    {"security", JsonArray{std::move(by_token), std::move(by_session)}},
                    {"paths", std::move(paths)},
                    {"components", std::move(parts)}};
}

}  // namespace fumi::api
