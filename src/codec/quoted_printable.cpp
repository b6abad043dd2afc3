#include "codec/quoted_printable.h"

#include <cstdint>

#include "base/ascii.h"

namespace fumi::codec {
namespace {

constexpr std::size_t kLineMax = 76;
constexpr char kHex[] = "0123456789ABCDEF";

int hex_value(char c) {
  if (ascii::is_digit(c)) return c - '0';
  const char l = ascii::lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

void put_escape(std::string& out, char c) {
  const auto octet = static_cast<unsigned char>(c);
  out += '=';
  out += kHex[octet >> 4U];
  out += kHex[octet & 15U];
}

bool is_literal(char c) { return (c >= '!' && c <= '~' && c != '=') || c == ' ' || c == '\t'; }

// One line without its line end.
void encode_line(std::string& out, std::string_view line) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool last = i + 1 == line.size();
    bool literal = is_literal(c);
    if (last && (c == ' ' || c == '\t')) literal = false;
    if (column == 0 && (c == '.' || (c == 'F' && line.substr(i).starts_with("From ")))) {
      literal = false;
    }
    const std::size_t width = literal ? 1 : 3;
    if (column + width > kLineMax - (last ? 0 : 1)) {
      out += "=\r\n";
      column = 0;
      --i;  // looks at the same octet again: the start of a line has rules of its own
      continue;
    }
    if (literal) {
      out += c;
    } else {
      put_escape(out, c);
    }
    column += width;
  }
}

bool is_q_literal(char c) {
  return ascii::is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

}  // namespace

std::string quoted_printable_encode(std::string_view bytes, LineEnds ends) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  if (ends == LineEnds::binary) {
    encode_line(out, bytes);
    return out;
  }
  while (!bytes.empty()) {
    const std::size_t at = bytes.find('\n');
    std::string_view line = bytes.substr(0, at);
    if (at != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    encode_line(out, line);
    if (at == std::string_view::npos) break;
    out += "\r\n";
    bytes.remove_prefix(at + 1);
  }
  return out;
}

std::size_t quoted_printable_octets(std::string_view bytes) {
  std::size_t octets = bytes.size();
  for (const char c : bytes) {
    if (!is_literal(c) && c != '\r' && c != '\n') octets += 2;
  }
  return octets + octets / 73 * 3;
}

std::string quoted_printable_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t at = text.find('\n');
    std::string_view line = text.substr(0, at);
    std::string_view end = at == std::string_view::npos ? std::string_view() : "\n";
    if (!end.empty() && line.ends_with('\r')) {
      line.remove_suffix(1);
      end = "\r\n";
    }
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
      line.remove_suffix(1);
    const bool soft = line.ends_with('=');
    if (soft) line.remove_suffix(1);
    for (;;) {
      const std::size_t escape = line.find('=');
      out += line.substr(0, escape);
      if (escape == std::string_view::npos) break;
      const int high = escape + 2 < line.size() ? hex_value(line[escape + 1]) : -1;
      const int low = high >= 0 ? hex_value(line[escape + 2]) : -1;
      out += low >= 0 ? char(high * 16 + low) : '=';
      line.remove_prefix(escape + (low >= 0 ? 3 : 1));
    }
    if (!soft) out += end;
  }
  return out;
}

std::string q_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    if (is_q_literal(c)) {
      out += c;
    } else if (c == ' ') {
      out += '_';
    } else {
      put_escape(out, c);
    }
  }
  return out;
}

std::size_t q_octets(std::string_view bytes) {
  std::size_t octets = 0;
  for (const char c : bytes)
    octets += is_q_literal(c) || c == ' ' ? 1 : 3;
  return octets;
}

std::string q_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
      continue;
    }
    const int high = text[i] == '=' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    out += low >= 0 ? char(high * 16 + low) : text[i];
    if (low >= 0) i += 2;
  }
  return out;
}

}  // namespace fumi::codec
