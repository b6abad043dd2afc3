// Base64 (RFC 4648 §4, §5; RFC 2045 §6.8). Pure functions, any thread; output is bounded by input.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fumi::codec {

// One line, with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

// Lines of at most `line_octets` (rounded down to a multiple of 4, at least 4), each ended by CRLF.
[[nodiscard]] std::string base64_encode_lines(std::string_view bytes, std::size_t line_octets = 76);

// The URL-safe alphabet without padding, as tokens and JSON web structures use it.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);

// Strict: alphabet, padding and unused bits must be exact; no white space. nullopt if not.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

// What mail contains: anything outside the alphabet is skipped (RFC 2045 §6.8), a missing padding
// is forgiven. Padding ends the data, unless the next line looks like base64 again (mailers that
// encode line by line), so that a list's footer behind the data isn't decoded into garbage.
[[nodiscard]] std::string base64_decode_lenient(std::string_view text);

}  // namespace fumi::codec
