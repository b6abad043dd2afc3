// Modified UTF-7 of IMAP4rev1 mailbox names (RFC 3501 §5.1.3). Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fumi::codec {

// nullopt if `text` is not UTF-8.
[[nodiscard]] std::optional<std::string> to_modified_utf7(std::string_view text);

// Accepts only the one form that to_modified_utf7() writes, so that a mailbox has a single name on
// the wire; nullopt for anything else, 8-bit octets included.
[[nodiscard]] std::optional<std::string> from_modified_utf7(std::string_view name);

}  // namespace fumi::codec
