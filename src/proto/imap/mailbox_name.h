// Mailbox names as hosts see them: UTF-8, whatever the wire had (modified UTF-7 of IMAP4rev1, or
// UTF-8 once UTF8=ACCEPT or IMAP4rev2 is on: RFC 9051 §5.1). The separator is '/'.
#pragma once

#include <string>
#include <string_view>

namespace fumi::imap {

inline constexpr char kSeparator = '/';

// "INBOX" in any case is INBOX, also as the first level of a longer name (RFC 9051 §5.1).
[[nodiscard]] std::string canonical_mailbox(std::string name);

// Whether a name may be a mailbox: valid UTF-8, no control characters, not empty (RFC 9051 §5.1,
// RFC 6855 §3). The domain may refuse more.
[[nodiscard]] bool is_mailbox_name(std::string_view utf8);

// LIST's patterns (RFC 9051 §6.3.9): '*' is anything, '%' anything but the separator. Both UTF-8.
// O(pattern × name), whatever the pattern.
[[nodiscard]] bool list_matches(std::string_view pattern, std::string_view name);

}  // namespace fumi::imap
