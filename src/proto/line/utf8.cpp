#include "proto/line/utf8.h"

#include <cstdint>

namespace fumi::line {

bool is_ascii(std::string_view text) {
  unsigned char bits = 0;
  for (const char c : text)
    bits |= static_cast<unsigned char>(c);
  return bits < 128;
}

bool is_utf8(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = octet(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i < length) return false;
    // Only the second octet's range depends on the lead.
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (octet(i + 1) < low || octet(i + 1) > high) return false;
    for (std::size_t k = 2; k < length; ++k) {
      if ((octet(i + k) & 0xc0U) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace fumi::line
