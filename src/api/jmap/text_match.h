// The words of a filter's text, and showing where they were found. Texts are compared folded
// (codec/fold.h), as service/search does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fumi::jmap {

// Words of a search, folded: white space divides, "quoted words" stay together (RFC 8621 §4.4.1).
[[nodiscard]] std::vector<std::string> search_words(std::string_view text);

// Whether the folded text holds every word.
[[nodiscard]] bool holds_all(const std::string& folded, const std::vector<std::string>& words);

// RFC 8621 §5: HTML with what was found in <mark>, at most about `octets_max` octets of the text
// around the first find, in one line; empty: nothing was found. `words` are search_words().
[[nodiscard]] std::string snippet(std::string_view text, const std::vector<std::string>& words,
                                  std::size_t octets_max);

}  // namespace fumi::jmap
