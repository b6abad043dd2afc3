#include "codec/utf8.h"

#include <cstdint>
#include <cstring>

namespace fumi::codec {
namespace {

constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080ULL;

// The number of octets from `at` that are ASCII, looked at eight at a time.
std::size_t ascii_run(std::string_view bytes, std::size_t at) {
  const std::size_t start = at;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    if ((word & kHighBits) != 0) break;
  }
  while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x80)
    ++at;
  return at - start;
}

struct Sequence {
  char32_t code_point;
  std::size_t octets;
  bool good;
};

// RFC 3629 §4: the second octet's range depends on the first.
Sequence sequence(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = octet(0);
  if (first < 0x80) return {first, 1, true};
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  char32_t value = 0;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
    value = first & 0x1fU;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    value = first & 0x0fU;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    value = first & 0x07U;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return {kReplacement, 1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || octet(i) < low || octet(i) > high) return {kReplacement, i, false};
    value = value << 6U | (octet(i) & 0x3fU);
    low = 0x80;
    high = 0xbf;
  }
  return {value, length, true};
}

}  // namespace

bool is_ascii(std::string_view bytes) { return ascii_run(bytes, 0) == bytes.size(); }

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = ascii_run(bytes, 0); i < bytes.size(); i += ascii_run(bytes, i)) {
    const Sequence next = sequence(bytes.substr(i));
    if (!next.good) return false;
    i += next.octets;
  }
  return true;
}

char32_t take_code_point(std::string_view& rest) {
  const Sequence next = sequence(rest);
  rest.remove_prefix(next.octets);
  return next.code_point;
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = kReplacement;
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0U | (c >> 6U));
    out += char(0x80U | (c & 0x3fU));
  } else if (c < 0x10000) {
    out += char(0xe0U | (c >> 12U));
    out += char(0x80U | ((c >> 6U) & 0x3fU));
    out += char(0x80U | (c & 0x3fU));
  } else {
    out += char(0xf0U | (c >> 18U));
    out += char(0x80U | ((c >> 12U) & 0x3fU));
    out += char(0x80U | ((c >> 6U) & 0x3fU));
    out += char(0x80U | (c & 0x3fU));
  }
}

std::string to_valid_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty())
    append_utf8(out, take_code_point(bytes));
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t octets_max) {
  if (text.size() <= octets_max) return text;
  std::size_t end = octets_max;
  for (int back = 0; back < 3 && end > 0; ++back) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80U) break;
    --end;
  }
  return text.substr(0, end);
}

}  // namespace fumi::codec
