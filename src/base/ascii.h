// ASCII-only text helpers: protocols are ASCII, locales must never change their meaning.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fumi::ascii {

[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
[[nodiscard]] constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
[[nodiscard]] constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

// Octets outside printable ASCII become "?", and what is longer than `octets_max` is cut: for
// quoting peers' text in logs and replies.
[[nodiscard]] std::string printable(std::string_view text, std::size_t octets_max = 200);

}  // namespace fumi::ascii
