// Any bytes as a package, RTF, text and HTML: no crash, valid UTF-8 within the limits. The fuzzer
// also gets XML that is inside a package already, which it would rarely make by itself.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "codec/utf8.h"
#include "extract/detail/document.h"
#include "extract/detail/xml_text.h"

using namespace fumi;
using namespace fumi::extract::detail;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  DocumentLimits limits;
  limits.text_octets_max = 1'000;
  limits.inflated_octets_max = 100'000;
  limits.entries_max = 100;
  const auto check = [&](const ExtractedText& found) {
    FUMI_ASSERT(found.text.size() <= limits.text_octets_max);
    FUMI_ASSERT(codec::is_utf8(found.text));
    FUMI_ASSERT(found.outcome == ExtractedText::Outcome::whole || !found.reason.empty());
  };
  check(read_document("", "", input, limits));
  check(read_rtf(input, limits));
  check(read_text(input, limits));
  check(read_html(input, limits));
  static constexpr std::string_view kKeep[]{"t", "p"};
  static constexpr std::string_view kSkip[]{"s"};
  const XmlRules rules{kKeep, kSkip, kKeep, kSkip, "n", "c", "r", "v"};
  std::string text;
  XmlText xml(rules, text, 1'000, 20);
  const std::size_t half = size / 2;
  static_cast<void>(xml.feed(input.substr(0, half)));
  static_cast<void>(xml.feed(input.substr(half)));
  static_cast<void>(xml.finish());
  FUMI_ASSERT(text.size() <= 1'000);
  return 0;
}
