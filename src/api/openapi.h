// OpenAPI 3.1 from the operations and schemas that the routes are made of.
#pragma once

#include <string>
#include <vector>

#include "api/field.h"
#include "proto/http/message.h"

namespace fumi::api {

enum class Proven : std::uint8_t { caller, nobody };

// What a caller may ask of an operation beside its own parameters.
struct Shape {
  bool rehearse = false;  // ?dry-run=true
  bool repeat = false;    // Idempotency-Key
  bool match = false;     // If-Match
  bool tag = false;       // answers with an ETag
};

struct Operation {
  http::Method method = http::Method::get;
  std::string path;  // "/api/admin/v1/tenants/{tenant}"
  std::string id;    // "createTenant"
  std::string tag;   // "tenants"
  std::string summary;
  int status = 200;        // of success
  std::string permission;  // that the caller needs: "accounts.write"
  Proven proof = Proven::caller;
  Shape shape;
  const SchemaInfo* rehearsal = nullptr;  // what a dry run answers
  const SchemaInfo* query = nullptr;
  const SchemaInfo* body = nullptr;
  std::string body_media;  // of a body that is no JSON: a stream of octets
  const SchemaInfo* answer = nullptr;
  std::string media = "application/json";  // of the answer; other than JSON: a stream of octets
};

struct PathParameterDoc {
  std::string name;
  std::string doc;
};

struct ApiDocument {
  std::string title;
  std::string version;
  std::string description;
  std::vector<Operation> operations;
  std::vector<PathParameterDoc> path_parameters;  // of all paths, by name
};

// Every operation also answers 400, 401 and `default` with a Problem.
[[nodiscard]] Json openapi(const ApiDocument& document);

// A field's or schema's JSON Schema (draft 2020-12).
[[nodiscard]] Json json_schema(const FieldInfo& field);
[[nodiscard]] Json json_schema(const SchemaInfo& schema);

}  // namespace fumi::api
