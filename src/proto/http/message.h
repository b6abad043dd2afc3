// Requests and responses as values (RFC 9110). Names of fields compare without regard to case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fumi::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };
[[nodiscard]] std::string_view to_string(Method method);  // "DELETE"
[[nodiscard]] std::optional<Method> method_of(std::string_view name);

enum class Version : std::uint8_t { http10, http11 };

// Header fields in their order; a name may come more than once.
class Fields {
 public:
  struct Field {
    std::string name;
    std::string value;
  };
  void add(std::string name, std::string value) {
    fields_.push_back({std::move(name), std::move(value)});
  }
  // Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  // The first one's value; nullptr when there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::string_view value(std::string_view name) const;  // "" when there is none
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // Whether a comma-separated list field holds the token: "Connection: keep-alive, Upgrade".
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

struct Parameter {
  std::string name;
  std::string value;
};

struct Request {
  Method method = Method::get;
  Version version = Version::http11;
  std::string path;                   // decoded, always begins with "/"; "*" for OPTIONS *
  std::vector<std::string> segments;  // of the path, decoded: "/a/b%20c" is {"a", "b c"}
  std::vector<Parameter> query;       // decoded, in their order
  Fields headers;
  std::string body;

  // The first query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  Fields headers;
  std::string body;
};

[[nodiscard]] std::string_view reason_phrase(int status);  // RFC 9110 §15; "" when unknown

// "application/json; charset=utf-8" taken apart: RFC 9110 §8.3.1.
struct MediaType {
  std::string type;                   // lower-case "type/subtype"
  std::vector<Parameter> parameters;  // names lower-case, values unquoted
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
};
// nullopt when the value isn't one.
[[nodiscard]] std::optional<MediaType> media_type(std::string_view value);

// Whether `language` ("ja") ranks above `other` ("en") in an Accept-Language value (RFC 9110
// §12.5.4). An empty value, or neither of them, is `other`.
[[nodiscard]] bool prefers_language(std::string_view accept_language, std::string_view language,
                                    std::string_view other);

}  // namespace fumi::http
