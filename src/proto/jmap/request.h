// The Request and Response objects (RFC 8620 §3.3, §3.4).
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/jmap/errors.h"

namespace fumi::jmap {

// RFC 8620 §2, urn:ietf:params:jmap:core. maxSizeUpload is the HTTP binding's.
struct Limits {
  std::uint64_t request_octets_max = 10'000'000;
  std::uint64_t upload_octets_max = 50'000'000;
  std::uint32_t concurrent_upload_max = 4;
  std::uint32_t concurrent_requests_max = 8;  // an account
  std::uint32_t calls_max = 64;
  std::uint32_t get_max = 1000;
  std::uint32_t set_max = 1000;
};

struct Invocation {
  std::string name;  // "Email/get"; of a response also "error"
  Json arguments;
  std::string call_id;
};

struct Request {
  std::vector<std::string> uses;  // capabilities
  std::vector<Invocation> calls;
  std::map<std::string, std::string> created_ids;
  enum class CreatedIds : std::uint8_t { silent, tell } answer_created_ids = CreatedIds::silent;
};

// notJSON, notRequest, limit (maxSizeRequest, maxCallsInRequest); unknownCapability unless each of
// `using` is in `capabilities`.
[[nodiscard]] std::expected<Request, RequestError> parse_request(
    std::string_view body, const Limits& limits, const std::vector<std::string>& capabilities);
// The same of a parsed value: RFC 8887 wraps requests in objects of its own.
[[nodiscard]] std::expected<Request, RequestError> read_request(
    const Json& value, const Limits& limits, const std::vector<std::string>& capabilities);

struct Response {
  std::vector<Invocation> responses;
  std::map<std::string, std::string> created_ids;
  std::string session_state;

  [[nodiscard]] Json json(Request::CreatedIds answer) const;
};

// RFC 8620 §1.2: 1 to 255 characters of A-Z a-z 0-9 - _.
[[nodiscard]] bool is_id(std::string_view text);

// RFC 8620 §1.4: "2014-10-30T06:12:00Z".
[[nodiscard]] std::string utc_date(std::int64_t micros);
// A UTCDate, or a Date with its offset: microseconds since 1970 and minutes east.
struct ParsedDate {
  std::int64_t micros = 0;
  int zone_minutes = 0;
};
[[nodiscard]] std::optional<ParsedDate> parse_date(std::string_view text);

}  // namespace fumi::jmap
