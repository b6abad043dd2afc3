// UTF-8 validity as RFC 3629 §4 draws it: no overlong forms, no surrogates, nothing over U+10FFFF.
#pragma once

#include <string_view>

namespace fumi::line {

[[nodiscard]] bool is_ascii(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace fumi::line
