#include "api/typescript.h"

#include <algorithm>
#include <map>

#include "api/problem.h"
#include "base/ascii.h"

namespace fumi::api {
namespace {

using Schemas = std::map<std::string, const SchemaInfo*>;

std::string type_name(const TypeInfo& type) {
  switch (type.type) {
    case Type::string: {
      if (type.choices.empty()) return "string";
      std::string words;
      for (const std::string& word : type.choices)
        words += (words.empty() ? "\"" : " | \"") + word + "\"";
      return words;
    }
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "number";
    case Type::array:
      return "ReadonlyArray<" + type_name(*type.items) + ">";
    case Type::object:
      return type.object().name;
    case Type::any:
      return "unknown";
  }
  return "unknown";
}

void collect(const SchemaInfo& schema, Schemas& into);

void collect(const TypeInfo& type, Schemas& into) {
  if (type.items) collect(*type.items, into);
  if (type.object != nullptr) collect(type.object(), into);
}

void collect(const SchemaInfo& schema, Schemas& into) {
  if (!into.emplace(schema.name, &schema).second) return;
  for (const FieldInfo& field : schema.fields)
    collect(field.type, into);
}

// A text inside a comment must not end it.
std::string comment(std::string text) {
  for (std::size_t at = text.find("*/"); at != std::string::npos; at = text.find("*/", at))
    text.replace(at, 2, "* /");
  return "/** " + text + " */";
}

std::string property(const FieldInfo& field) {
  return field.name + (field.use == Use::optional ? "?: " : ": ") + type_name(field.type);
}

std::string interface_of(const SchemaInfo& schema) {
  std::string out = comment(schema.doc) + "\nexport interface " + schema.name + " {\n";
  for (const FieldInfo& field : schema.fields)
    out += "  " + comment(field.doc) + "\n  readonly " + property(field) + ";\n";
  return out + "}\n";
}

std::string fields_of(const SchemaInfo& schema) {
  std::string out = "{ ";
  for (const FieldInfo& field : schema.fields)
    out += property(field) + "; ";
  return out + "}";
}

std::string path_type(const std::string& path) {
  std::string out;
  for (const std::string_view segment : ascii::split(path, '/')) {
    if (segment.size() < 3 || segment.front() != '{') continue;
    out += std::string(segment.substr(1, segment.size() - 2)) + ": string; ";
  }
  return out.empty() ? "Record<string, never>" : "{ " + out + "}";
}

std::string operation_type(const Operation& operation) {
  std::string out = "  " + comment(operation.summary) + "\n  " + operation.id + ": {\n";
  const auto member = [&out](const char* name, const std::string& type) {
    out += std::string("    ") + name + ": " + type + ";\n";
  };
  member("method", "\"" + std::string(http::to_string(operation.method)) + "\"");
  member("path", "\"" + operation.path + "\"");
  member("permission", "\"" + operation.permission + "\"");
  member("parameters", path_type(operation.path));
  if (operation.query != nullptr) member("query", fields_of(*operation.query));
  if (operation.body != nullptr) member("body", operation.body->name);
  if (!operation.body_media.empty()) member("body", "Blob");
  member("status", std::to_string(operation.status));
  const bool stream = operation.answer == nullptr && operation.status == 200;
  member("answer", operation.answer != nullptr ? operation.answer->name : stream ? "Blob" : "null");
  return out + "  };\n";
}

}  // namespace

std::string typescript(const ApiDocument& document) {
  Schemas schemas;
  collect(problem_schema(), schemas);
  for (const Operation& operation : document.operations)
    for (const SchemaInfo* schema : {operation.body, operation.answer, operation.rehearsal})
      if (schema != nullptr) collect(*schema, schemas);
  std::string out = "// " + document.title +
                    ", made by `./dev doc` from the operations themselves. Not to be edited.\n"
                    "// One file, however long: a program imports the API from one place.\n";
  for (const auto& [name, schema] : schemas)
    out += "\n" + interface_of(*schema);
  out += "\n/** Every operation by its id. */\nexport interface Operations {\n";
  for (const Operation& operation : document.operations)
    out += operation_type(operation);
  return out + "}\n";
}

}  // namespace fumi::api
