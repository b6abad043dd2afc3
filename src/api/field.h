// What one field of an API object is, without the type of the struct that it belongs to. The
// OpenAPI document is made from it.
#pragma once

#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/json.h"

namespace fumi::api {

struct SchemaInfo;

enum class Type : std::uint8_t { string, boolean, integer, array, object, any };

struct TypeInfo {
  Type type = Type::string;
  std::string format;                       // "date-time", "password", "int64", "email" …
  std::vector<std::string> choices;         // string: a closed set of words
  const SchemaInfo& (*object)() = nullptr;  // object: its own schema
  std::shared_ptr<const TypeInfo> items;    // array; shared because infos are copied values
};

enum class Use : std::uint8_t { required, optional };

struct FieldInfo {
  std::string name;
  TypeInfo type;
  Use use = Use::required;
  std::string doc;
  std::string example;
  // integer: its value; string: its length in octets; array: its count.
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

struct SchemaInfo {
  std::string name;  // of the component: "Account"
  std::string doc;
  std::vector<FieldInfo> fields;
};

// Why a request can't be read.
struct FieldProblem {
  std::string field;  // "recipients[2].address"; "" for the body as a whole
  std::string what;
  std::string what_ja;  // the same in Japanese; empty: there is none
};
using FieldStatus = std::expected<void, FieldProblem>;

// The compiled core of reading: type and limits. The messages name what was expected.
[[nodiscard]] std::expected<std::string, FieldProblem> read_text(const Json& value,
                                                                 const FieldInfo& field);
[[nodiscard]] std::expected<std::int64_t, FieldProblem> read_integer(const Json& value,
                                                                     const FieldInfo& field);
[[nodiscard]] std::expected<bool, FieldProblem> read_boolean(const Json& value,
                                                             const FieldInfo& field);
// RFC 3339 date-time, or a date alone (its midnight, UTC).
[[nodiscard]] std::expected<std::int64_t, FieldProblem> read_micros(const Json& value,
                                                                    const FieldInfo& field);
[[nodiscard]] std::expected<const JsonArray*, FieldProblem> read_array(const Json& value,
                                                                       const FieldInfo& field);
// It is an object, has all required fields and no unknown ones.
[[nodiscard]] FieldStatus check_object(const Json& value, const SchemaInfo& schema);

// Query parameters are text: gives each the JSON type that its field has.
[[nodiscard]] Json typed_query(const std::vector<std::pair<std::string, std::string>>& parameters,
                               const SchemaInfo& schema);

// "2026-11-23T01:02:03.5+09:00" and "2026-11-23".
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339_micros(std::string_view text);

}  // namespace fumi::api
