// Texts of files, by format, within one process: what the helper runs behind its sandbox.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/ports/text_extractor.h"

namespace fumi::extract::detail {

struct DocumentLimits {
  std::uint64_t text_octets_max = 1024 * 1024;
  std::uint64_t inflated_octets_max = 128ULL * 1024 * 1024;  // of a package, all entries together
  std::uint64_t entries_max = 10'000;                        // of a package
  std::uint32_t depth_max = 256;                             // of XML elements and RTF groups
};

// Does it start as PDF does? Such files are pdftotext's.
[[nodiscard]] bool is_pdf(std::string_view bytes);

// Of anything but PDF. `type` and `name` are hints for what has no signature: text and HTML.
[[nodiscard]] ExtractedText read_document(std::string_view type, std::string_view name,
                                          std::string_view bytes, const DocumentLimits& limits);

// Its parts.
[[nodiscard]] ExtractedText read_package(std::string_view bytes, const DocumentLimits& limits);
[[nodiscard]] ExtractedText read_rtf(std::string_view bytes, const DocumentLimits& limits);
[[nodiscard]] ExtractedText read_text(std::string_view bytes, const DocumentLimits& limits);
[[nodiscard]] ExtractedText read_html(std::string_view bytes, const DocumentLimits& limits);

// Cuts the text to its limit, and says so.
void keep_to_limit(ExtractedText& found, const DocumentLimits& limits);

}  // namespace fumi::extract::detail
