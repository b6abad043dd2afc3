// Json: a JSON value (RFC 8259) as our APIs and JMAP handle it. Objects keep the order of their
// members.
//
// Parsing is Boost.JSON's, in the .cpp only; depth and size are limited. Values are plain and copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace fumi::codec {

class Json;
using JsonArray = std::vector<Json>;
struct JsonMember;
using JsonObject = std::vector<JsonMember>;

class Json {
 public:
  Json();                           // null
  Json(std::nullptr_t) : Json() {}  // NOLINT: literals are values, here and below
  Json(bool value);                 // lint: bool-ok JSON has booleans NOLINT
  Json(std::int64_t value);         // NOLINT
  Json(int value);                  // NOLINT
  Json(double value);               // NOLINT
  Json(std::string value);          // NOLINT
  Json(std::string_view value);     // NOLINT
  Json(const char* value);          // NOLINT
  Json(JsonArray value);            // NOLINT
  Json(JsonObject value);           // NOLINT
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  [[nodiscard]] bool is_null() const { return value_.index() == 0; }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&value_); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const JsonArray* array() const { return std::get_if<JsonArray>(&value_); }
  [[nodiscard]] const JsonObject* object() const { return std::get_if<JsonObject>(&value_); }
  [[nodiscard]] JsonArray* array() { return std::get_if<JsonArray>(&value_); }
  [[nodiscard]] JsonObject* object() { return std::get_if<JsonObject>(&value_); }

  // The member of an object; nullptr when it is none or has no such member.
  [[nodiscard]] const Json* find(std::string_view name) const;
  // Convenience for readers of answers: "" or 0 where the member is missing or of another type.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  [[nodiscard]] std::int64_t number(std::string_view name) const;
  [[nodiscard]] Json* find(std::string_view name);
  void erase(std::string_view name);
  // Adds or replaces a member; a null value becomes an object first.
  Json& set(std::string name, Json value);

  bool operator==(const Json& other) const;  // members in the same order

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, JsonArray, JsonObject>
      value_;
};

struct JsonMember {
  std::string name;
  Json value;
  bool operator==(const JsonMember&) const = default;
};

inline constexpr std::size_t kJsonDepthMax = 32;

// Code::invalid with the reason; numbers beyond 64 bits become doubles.
[[nodiscard]] Result<Json> parse_json(std::string_view text);

enum class Layout { compact, pretty };
enum class Angles { plain, escaped };  // escaped: < and > as \u003C and \u003E
// What isn't UTF-8 becomes U+FFFD.
[[nodiscard]] std::string write_json(const Json& value, Layout layout = Layout::compact,
                                     Angles angles = Angles::plain);

}  // namespace fumi::codec
