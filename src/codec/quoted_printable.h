// Quoted-printable (RFC 2045 §6.7) and the Q encoding of header words (RFC 2047 §4.2).
// Pure functions, any thread; output is at most three times the input plus soft line breaks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fumi::codec {

enum class LineEnds {
  text,    // CRLF and LF are line ends and come out as CRLF
  binary,  // CR and LF are data and come out as =0D and =0A
};

// Lines of at most 76 octets. White space at a line's end, a dot or "From " at its start are
// encoded too, so that no relay has a reason to touch them.
[[nodiscard]] std::string quoted_printable_encode(std::string_view bytes, LineEnds ends);

// About how many octets quoted_printable_encode() would make; for choosing an encoding.
[[nodiscard]] std::size_t quoted_printable_octets(std::string_view bytes);

// Never fails: "=" that starts no escape stays as it is; white space before a line end is dropped
// (RFC 2045 §6.7 rule 3). Line ends stay as they are.
[[nodiscard]] std::string quoted_printable_decode(std::string_view text);

// RFC 2047 §4.2, restricted to what is legal in a phrase too (§5 rule 3).
[[nodiscard]] std::string q_encode(std::string_view bytes);
[[nodiscard]] std::size_t q_octets(std::string_view bytes);
[[nodiscard]] std::string q_decode(std::string_view text);

}  // namespace fumi::codec
