// The text that a reader of an HTML mail sees: what search and previews take of text/html.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fumi::codec {

// Tags, comments, scripts and styles go; character references are resolved (numbers, and the names
// of HTML 4's Latin-1 and punctuation); block elements become an empty line, <br> a line end; the
// alternative text of images stays. Never fails: what isn't HTML is text. Linear; any thread.
// `html` is UTF-8, and so is the result if it was.
[[nodiscard]] std::string html_text(std::string_view html);

}  // namespace fumi::codec
