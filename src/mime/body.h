// What a part holds once its transfer encoding and charset are taken away. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mime/structure.h"

namespace fumi::mime {

// The part's body as it stands in the message; empty if its offsets don't fit `raw`.
[[nodiscard]] std::string_view raw_body(const Part& part, std::string_view raw);
// The part's own header block with its empty line.
[[nodiscard]] std::string_view raw_header(const Part& part, std::string_view raw);

// Takes a Content-Transfer-Encoding away (RFC 2045 §6; x-uuencode too). An unknown one means none.
[[nodiscard]] std::string decode_transfer(std::string_view body, std::string_view encoding);

// The content of a leaf. For a multipart or message the body as it stands.
[[nodiscard]] std::string content(const Part& part, std::string_view raw);

// The content of a text part as UTF-8, whatever its charset says or fails to say; only the first
// `octets_max` octets of the encoded body are looked at.
[[nodiscard]] std::string text_content(const Part& part, std::string_view raw,
                                       std::uint64_t octets_max = UINT64_MAX);

// The parameter of this lower-case name, or nullptr.
[[nodiscard]] const std::string* find_parameter(const std::vector<Parameter>& list,
                                                std::string_view name);

// The file name in UTF-8: of the disposition, else of the type, RFC 2231 or RFC 2047; without any
// path before it and without control characters. Empty if there is none.
[[nodiscard]] std::string file_name(const Part& part);

}  // namespace fumi::mime
