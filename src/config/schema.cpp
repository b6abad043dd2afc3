#include "config/schema.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/assert.h"

namespace fumi::config {
namespace {

bool is_option_name(std::string_view name) {
  const auto parts = ascii::split(name, '.');
  const auto is_word = [](std::string_view part) {
    return !part.empty() && part.front() >= 'a' && part.front() <= 'z' &&
           std::ranges::all_of(part, [](char c) {
             return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '_';
           });
  };
  return parts.size() >= 2 && std::ranges::all_of(parts, is_word);
}

}  // namespace

void check_declaration(const OptionInfo& option) {
  FUMI_ASSERT(is_option_name(option.name));
  if (option.range) {
    FUMI_ASSERT(!(option.range->second < option.range->first));
    FUMI_ASSERT(!(option.fallback < option.range->first));
    FUMI_ASSERT(!(option.range->second < option.fallback));
  }
  if (option.kind == Kind::choice) {
    const auto& word = std::get<std::string>(option.fallback);
    FUMI_ASSERT(std::ranges::find(option.choices, word) != option.choices.end());
  }
}

}  // namespace fumi::config
