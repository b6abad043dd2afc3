// What can go wrong: with a request as a whole (RFC 8620 §3.6.1), with one method call (§3.6.2),
// and with one object in a /set (§5.3).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json.h"

namespace fumi::jmap {

using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;

// Answered as application/problem+json with this status.
struct RequestError {
  std::string type;  // "notRequest": the last part of urn:ietf:params:jmap:error:…
  std::string detail;
  std::string limit;  // of type "limit": which one
  int status = 400;

  [[nodiscard]] Json json() const;
};

// Becomes ["error", {type, description, …}, callId].
struct MethodError {
  std::string type = "serverFail";
  std::string description;

  [[nodiscard]] Json json() const;
};

template <class T>
using MethodResult = std::expected<T, MethodError>;

[[nodiscard]] inline std::unexpected<MethodError> refuse(std::string type,
                                                         std::string description = {}) {
  return std::unexpected(MethodError{std::move(type), std::move(description)});
}
[[nodiscard]] inline std::unexpected<MethodError> invalid_arguments(std::string description) {
  return refuse("invalidArguments", std::move(description));
}

struct SetError {
  std::string type;
  std::string description;
  std::vector<std::string> properties;  // of invalidProperties
  JsonObject more;                      // existingId, maxSize, notFound …

  [[nodiscard]] Json json() const;
};

template <class T>
using SetResult = std::expected<T, SetError>;

[[nodiscard]] inline std::unexpected<SetError> refuse_object(std::string type,
                                                             std::string description = {}) {
  return std::unexpected(SetError{std::move(type), std::move(description), {}, {}});
}
[[nodiscard]] inline std::unexpected<SetError> invalid_property(std::string property,
                                                                std::string description = {}) {
  return std::unexpected(
      SetError{"invalidProperties", std::move(description), {std::move(property)}, {}});
}

// The only places where Codes become JMAP. Internal errors lose their detail.
[[nodiscard]] MethodError to_jmap(const Error& error);
[[nodiscard]] SetError to_set_error(const Error& error);

}  // namespace fumi::jmap
