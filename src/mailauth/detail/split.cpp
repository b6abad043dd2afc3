#include "mailauth/detail/split.h"

#include "base/ascii.h"

namespace fumi::mailauth {

SplitMessage split_message(std::string_view message) {
  SplitMessage out;
  while (!message.empty() && !message.starts_with("\r\n")) {
    std::size_t end = 0;
    do {
      const std::size_t line = message.find("\r\n", end);
      end = line == std::string_view::npos ? message.size() : line + 2;
    } while (end < message.size() && (message[end] == ' ' || message[end] == '\t'));
    const std::string_view text = message.substr(0, end);
    out.fields.push_back({ascii::trim(text.substr(0, text.find(':'))), text});
    message.remove_prefix(end);
  }
  out.body = message.starts_with("\r\n") ? message.substr(2) : message;
  return out;
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (const std::string_view label : ascii::split(text, '.')) {
    if (label.empty() || label.size() > 63) return false;
    for (const char c : label) {
      if (!ascii::is_alnum(c) && c != '-' && c != '_') return false;
    }
  }
  return true;
}

}  // namespace fumi::mailauth
