// StrongId: integers that can't be mixed up. Each tag is a type of its own (STYLE §3).
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace fumi {

// A 64-bit identifier; 0 means "none". Stored as a signed BIGINT, so values stay below 2^63.
template <class Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(std::uint64_t value) : value_(value) {}
  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr explicit operator bool() const { return value_ != 0; }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;

  // The form people and protocols see: lower-case base 36 without padding.
  [[nodiscard]] std::string text() const {
    char buffer[16];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value_, 36).ptr;
    return {buffer, end};
  }
  [[nodiscard]] static std::optional<StrongId> parse(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 36);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (value == 0 || value >> 63U != 0) return std::nullopt;
    return StrongId(value);
  }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace fumi

template <class Tag>
struct std::hash<fumi::StrongId<Tag>> {
  std::size_t operator()(fumi::StrongId<Tag> id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value());
  }
};
