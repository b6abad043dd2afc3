// Request targets: paths and queries (RFC 9112 §3.2, RFC 3986).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/http/message.h"

namespace fumi::http {

inline constexpr std::size_t kQueryParametersMax = 100;

struct Target {
  std::string path;
  std::vector<std::string> segments;
  std::vector<Parameter> query;
};

// Origin-form, absolute-form and "*". Each segment is decoded by itself; one that is "." or "..",
// that holds an encoded slash, backslash or control character, or isn't UTF-8 is Code::invalid: no
// path of ours needs one, and nothing behind us has to think about traversal.
[[nodiscard]] Result<Target> parse_target(std::string_view target);

// Percent-decoding. Code::invalid: "%" without two hexadecimal digits.
enum class Plus { literal, space };
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, Plus plus);
// All but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace fumi::http
