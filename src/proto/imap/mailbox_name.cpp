#include "proto/imap/mailbox_name.h"

#include <vector>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::imap {
std::string canonical_mailbox(std::string name) {
  constexpr std::string_view kInbox = "INBOX";
  if (!ascii::istarts_with(name, kInbox)) return name;
  if (name.size() == kInbox.size() || name[kInbox.size()] == kSeparator) {
    name.replace(0, kInbox.size(), kInbox);
  }
  return name;
}

bool is_mailbox_name(std::string_view utf8) {
  if (utf8.empty()) return false;
  if (!codec::is_utf8(utf8)) return false;
  while (!utf8.empty()) {
    const char32_t point = codec::take_code_point(utf8);
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
    if (point == 0x2028 || point == 0x2029) return false;  // RFC 6855 §3 by RFC 5198 §2
  }
  return true;
}

bool list_matches(std::string_view pattern, std::string_view name) {
  std::string folded;
  if (name == "INBOX" || name.starts_with("INBOX/")) {  // compared without case
    folded = canonical_mailbox(std::string(pattern));
    pattern = folded;
  }
  // reach[i]: the pattern so far matches the first i octets of the name.
  std::vector<char> reach(name.size() + 1, 0);
  reach[0] = 1;
  for (const char c : pattern) {
    if (c == '*' || c == '%') {
      for (std::size_t i = 1; i <= name.size(); ++i) {
        if (reach[i - 1] != 0 && (c == '*' || name[i - 1] != kSeparator)) reach[i] = 1;
      }
      continue;
    }
    for (std::size_t i = name.size(); i > 0; --i) {
      reach[i] = static_cast<char>(reach[i - 1] != 0 && name[i - 1] == c);
    }
    reach[0] = 0;
  }
  return reach[name.size()] != 0;
}

}  // namespace fumi::imap
