// Documents for tests: packages made of named parts, and hand-made PDF.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fumi::extract::testing {

using Parts = std::vector<std::pair<std::string, std::string>>;

// Deflated; with a password every part is encrypted (AES-256).
[[nodiscard]] std::string zip(const Parts& parts, std::string_view password = {});

[[nodiscard]] std::string docx(std::string_view body_xml);   // what stands in <w:body>
[[nodiscard]] std::string paragraph(std::string_view text);  // <w:p>…
[[nodiscard]] std::string xlsx();  // "売上 Umsatz", 4711 and a sheet "集計"
[[nodiscard]] std::string pptx();  // slides "Slide 1" … "Slide 11"
[[nodiscard]] std::string odt(std::string_view text);

// One page that shows the text in Helvetica, 請求書 by a ToUnicode table, and 会議 in Shift_JIS by
// the tables of poppler-data. The content stream is `content` if that is given.
[[nodiscard]] std::string pdf(std::string_view latin, std::string_view content = {});

}  // namespace fumi::extract::testing
