// The beginning of what a message says, for lists of messages (RFC 8970 §3.3).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mime/structure.h"

namespace fumi::mime {

inline constexpr std::size_t kPreviewCharacters = 200;  // RFC 8970 §3.3: SHOULD; 256 is a MUST

// At most kPreviewCharacters characters of UTF-8 in one line: of the first text part that isn't an
// attachment, text/plain before text/html, without quoted lines, markup and what can't be seen.
// Empty: there is no such text. Looks at the first kilobytes only. Any thread.
[[nodiscard]] std::string preview(const Summary& summary, std::string_view raw);

}  // namespace fumi::mime
