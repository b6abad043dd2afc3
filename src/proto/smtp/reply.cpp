#include "proto/smtp/reply.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"

namespace fumi::smtp {
namespace {

constexpr std::size_t kLineOctetsMax = 512;

void append_number(std::string& out, unsigned number) {
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_enhanced(std::string& out, Enhanced code) {
  append_number(out, code.klass);
  out += '.';
  append_number(out, code.subject);
  out += '.';
  append_number(out, code.detail);
}

}  // namespace

std::string to_text(Enhanced code) {
  std::string out;
  if (code.klass != 0) append_enhanced(out, code);
  return out;
}

Enhanced take_enhanced(std::string_view& text, int klass) {
  std::array<std::uint16_t, 3> parts{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::size_t digits = 0;
    while (digits < rest.size() && digits < 4 && ascii::is_digit(rest[digits]))
      ++digits;
    if (digits == 0 || digits == 4) return {};
    (void)std::from_chars(rest.data(), rest.data() + digits, parts[i]);
    rest.remove_prefix(digits);
    if (i == 2) break;
    if (!rest.starts_with('.')) return {};
    rest.remove_prefix(1);
  }
  if (parts[0] != klass || (klass != 2 && klass != 4 && klass != 5)) return {};
  if (!rest.empty() && rest[0] != ' ') return {};
  if (!rest.empty()) rest.remove_prefix(1);
  text = rest;
  return {parts[0], parts[1], parts[2]};
}

std::string to_text(const Reply& reply) {
  std::string out;
  append_number(out, unsigned(reply.code));
  out += ' ';
  if (reply.enhanced.klass != 0) {
    append_enhanced(out, reply.enhanced);
    out += ' ';
  }
  for (const char c : reply.text)
    out += c == '\n' ? ' ' : c;
  return out;
}

void append_reply(std::string& out, int code, Enhanced enhanced, std::string_view text) {
  for (bool last = false; !last;) {
    const std::size_t start = out.size();
    append_number(out, unsigned(code));
    const std::size_t separator = out.size();
    out += ' ';
    if (enhanced.klass != 0) {
      append_enhanced(out, enhanced);
      out += ' ';
    }
    const std::size_t room = kLineOctetsMax - 2 - (out.size() - start);
    const std::size_t newline = text.find('\n');
    const std::size_t length = std::min({text.size(), newline, room});
    for (const char c : text.substr(0, length))
      out += c >= ' ' && c <= '~' ? c : '?';
    last = length == text.size();
    if (!last) out[separator] = '-';
    out += "\r\n";
    text.remove_prefix(length == newline ? length + 1 : length);
    if (length == newline && text.empty()) {
      // A text that ends with a newline has no empty last line.
      out[separator] = ' ';
      last = true;
    }
  }
}

ReplyParser::Progress ReplyParser::line(std::string_view line) {
  if (complete_) {
    reply_ = {};
    lines_ = 0;
    complete_ = false;
  }
  const bool digits = line.size() >= 3 && ascii::is_digit(line[0]) && ascii::is_digit(line[1]) &&
                      ascii::is_digit(line[2]);
  if (!digits || line[0] < '2' || line[0] > '5') return Progress::broken;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return Progress::broken;
  if (++lines_ > kLinesMax || reply_.text.size() + line.size() > kTextOctetsMax) {
    return Progress::broken;
  }
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  const bool last = line.size() == 3 || line[3] == ' ';
  line.remove_prefix(std::min<std::size_t>(line.size(), 4));
  const Enhanced enhanced = take_enhanced(line, code / 100);
  reply_.code = code;
  if (enhanced.klass != 0) reply_.enhanced = enhanced;
  if (lines_ > 1) reply_.text += '\n';
  reply_.text += line;
  complete_ = last;
  return last ? Progress::done : Progress::more;
}

}  // namespace fumi::smtp
