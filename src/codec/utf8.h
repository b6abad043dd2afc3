// UTF-8 (RFC 3629) helpers. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fumi::codec {

inline constexpr char32_t kReplacement = 0xfffd;

[[nodiscard]] bool is_ascii(std::string_view bytes);  // no octet above 127
[[nodiscard]] bool is_utf8(std::string_view bytes);  // no overlong form, surrogate or over U+10FFFF

// Takes the first code point off `rest`, which must not be empty. A malformed sequence gives
// kReplacement and takes its maximal subpart (Unicode §3.9), at least one octet.
[[nodiscard]] char32_t take_code_point(std::string_view& rest);

// Surrogates and values over U+10FFFF are appended as kReplacement.
void append_utf8(std::string& out, char32_t code_point);

// Malformed sequences replaced by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view bytes);

// The longest prefix of at most `octets_max` octets that doesn't cut a character in two.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t octets_max);

}  // namespace fumi::codec
