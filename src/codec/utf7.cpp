#include "codec/utf7.h"

#include <cstdint>

#include "codec/base64.h"
#include "codec/utf8.h"

namespace fumi::codec {
namespace {

bool is_direct(char32_t c) { return c >= 0x20 && c <= 0x7e; }

void put_unit(std::string& units, char32_t unit) {
  units += char(unit >> 8U);
  units += char(unit);
}

void put_utf16(std::string& units, char32_t c) {
  if (c < 0x10000) return put_unit(units, c);
  put_unit(units, 0xd800 + ((c - 0x10000) >> 10U));
  put_unit(units, 0xdc00 + ((c - 0x10000) & 0x3ffU));
}

void flush(std::string& out, std::string& units) {
  if (units.empty()) return;
  std::string letters = base64_encode(units);
  while (letters.back() == '=')
    letters.pop_back();
  for (char& c : letters)
    c = c == '/' ? ',' : c;
  out += '&';
  out += letters;
  out += '-';
  units.clear();
}

// The letters between "&" and "-" to UTF-8; false if they are no UTF-16.
bool append_shifted(std::string& out, std::string_view letters) {
  std::string plain(letters);
  for (char& c : plain) {
    if (c == '/') return false;
    c = c == ',' ? '/' : c;
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  const std::optional<std::string> units = base64_decode(plain);
  if (!units || units->size() % 2 != 0) return false;
  const auto unit = [&](std::size_t i) {
    return char32_t(static_cast<unsigned char>((*units)[i]) << 8U |
                    static_cast<unsigned char>((*units)[i + 1]));
  };
  for (std::size_t i = 0; i < units->size(); i += 2) {
    char32_t c = unit(i);
    if (c >= 0xd800 && c <= 0xdbff && i + 2 < units->size()) {
      const char32_t low = unit(i + 2);
      if (low < 0xdc00 || low > 0xdfff) return false;
      c = 0x10000 + ((c - 0xd800) << 10U) + (low - 0xdc00);
      i += 2;
    }
    if (c >= 0xd800 && c <= 0xdfff) return false;
    append_utf8(out, c);
  }
  return true;
}

}  // namespace

std::optional<std::string> to_modified_utf7(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  std::string out;
  std::string units;
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    if (!is_direct(c)) {
      put_utf16(units, c);
      continue;
    }
    flush(out, units);
    out += char(c);
    if (c == '&') out += '-';
  }
  flush(out, units);
  return out;
}

std::optional<std::string> from_modified_utf7(std::string_view name) {
  std::string out;
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t shift = rest.find('&');
    out += rest.substr(0, shift);
    if (shift == std::string_view::npos) break;
    rest.remove_prefix(shift + 1);
    const std::size_t end = rest.find('-');
    if (end == std::string_view::npos) return std::nullopt;
    if (end == 0) {
      out += '&';
    } else if (!append_shifted(out, rest.substr(0, end))) {
      return std::nullopt;
    }
    rest.remove_prefix(end + 1);
  }
  const std::optional<std::string> canonical = to_modified_utf7(out);
  if (!canonical || *canonical != name) return std::nullopt;
  return out;
}

}  // namespace fumi::codec
