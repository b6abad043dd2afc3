// Reading IMAP's lines, and writing what is compared so that a difference can be read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fumi::sim {

using Words = std::set<std::string>;
using UidFlags = std::map<std::uint32_t, Words>;

[[nodiscard]] std::uint64_t number_at(std::string_view text);
// What stands behind `name`: "MODSEQ (7)" -> 7 for "MODSEQ (".
[[nodiscard]] std::optional<std::uint64_t> value_of(std::string_view line, std::string_view name);
// What stands behind `name`, up to the next ")".
[[nodiscard]] std::optional<std::string> inside(std::string_view line, std::string_view name);
// A list of flags, without \Recent.
[[nodiscard]] Words words_of(std::string_view list);
[[nodiscard]] std::string joined(const Words& words);  // each with a blank behind it
[[nodiscard]] std::string text_of(const UidFlags& messages);

struct UidRange {
  std::uint32_t first, last;
};
[[nodiscard]] std::vector<UidRange> ranges_of(std::string_view set);

}  // namespace fumi::sim
