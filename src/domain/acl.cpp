#include "domain/acl.h"

namespace fumi {
namespace {
// In the order of the bits.
constexpr std::string_view kLetters = "lrswipkxtea";
}  // namespace

std::string Rights::text() const {
  std::string out;
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    if ((bits >> i & 1U) != 0) out += kLetters[i];
  }
  return out;
}

std::string Rights::text_with_virtual() const {
  std::string out = text();
  if (has(create)) out += 'c';
  if (has_any(remove | mark_deleted | expunge)) out += 'd';
  return out;
}

std::optional<Rights> Rights::parse(std::string_view text) {
  Rights rights;
  for (const char letter : text) {
    const std::size_t at = kLetters.find(letter);
    if (at != std::string_view::npos) {
      rights.bits |= 1U << at;
    } else if (letter == 'c') {
      rights.bits |= create;
    } else if (letter == 'd') {
      rights.bits |= remove | mark_deleted | expunge;
    } else {
      return std::nullopt;
    }
  }
  return rights;
}

}  // namespace fumi
