// Canonical forms of DKIM (RFC 6376 §3.4), fed in pieces of any size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fumi::mailauth {

enum class Canonicalization : std::uint8_t { simple, relaxed };

// One header field "Name: body\r\n" (folded or not) in its canonical form, CRLF included.
// §3.4.1, §3.4.2.
[[nodiscard]] std::string canonical_field(std::string_view field, Canonicalization form);

// A whole body in its canonical form (§3.4.3, §3.4.4). `body` has CRLF line ends.
[[nodiscard]] std::string canonical_body(std::string_view body, Canonicalization form);

}  // namespace fumi::mailauth
