// i;unicode-casemap (RFC 5051 §2): the form of a text in which two texts that IMAP takes for equal
// (RFC 5255 §4.1, RFC 5256) are the same octets, and whose octets sort as they do.
#pragma once

#include <string>
#include <string_view>

namespace fumi::codec {

// Each character to its simple title case, then Normalization Form KD. Malformed UTF-8 counts as
// U+FFFD. Pure function, any thread; linear, and at most 18 times as long.
[[nodiscard]] std::string unicode_casemap(std::string_view utf8);

}  // namespace fumi::codec
