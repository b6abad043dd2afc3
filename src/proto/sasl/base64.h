// Base64 with padding (RFC 4648 §4), strict: SASL has no line breaks, no white space, no leniency.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fumi::sasl {

[[nodiscard]] std::string base64_encode(std::string_view octets);
// Nothing for any character outside the alphabet, wrong padding or stray bits behind the last
// octet.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace fumi::sasl
