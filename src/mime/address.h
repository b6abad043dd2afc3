// Address lists (RFC 5322 §3.4 with §4.4, RFC 6532) and message-id lists (§3.6.4).
//
// The parser takes whatever mail contains: groups, comments, routes, quoted local-parts, dots where
// they may not stand (a..b.@docomo.ne.jp), missing commas and brackets, raw 8-bit names. It never
// fails and is linear in the input. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mime/structure.h"

namespace fumi::mime {

inline constexpr std::size_t kAddressesMax = 10'000;
inline constexpr std::size_t kMessageIdsMax = 200;

// Reads at most `limit` entries. Something that names no address ("undisclosed recipients") comes
// as a mailbox whose domain is empty and whose local is the text: ask `kind`, not `domain`, for
// groups.
[[nodiscard]] std::vector<Address> parse_addresses(std::string_view body,
                                                   std::size_t limit = kAddressesMax);

// Exactly one addr-spec and nothing else ("a@b", no name, no comment), as forms and APIs ask for.
// Local-parts with unquoted dots at odd places are taken; control characters and spaces are not.
[[nodiscard]] Result<Address> parse_addr_spec(std::string_view text);

// "local@domain"; the local-part is quoted where RFC 5322 §3.4.1 needs it.
[[nodiscard]] std::string write_addr_spec(std::string_view local, std::string_view domain);

// `<a@b> <c@d>` as {"<a@b>", "<c@d>"}: white space inside removed, text outside brackets ignored,
// ids over 998 octets left out. Of more than kMessageIdsMax, the first and the last ones are kept.
[[nodiscard]] std::vector<std::string> parse_message_ids(std::string_view body);

}  // namespace fumi::mime
