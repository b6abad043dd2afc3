// Any UTF-8 as HTML gives UTF-8, not longer than what came in by more than its references.
#include <cstdint>

#include "base/assert.h"
#include "codec/html_text.h"
#include "codec/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string html = fumi::codec::to_valid_utf8({reinterpret_cast<const char*>(data), size});
  const std::string text = fumi::codec::html_text(html);
  FUMI_ASSERT(fumi::codec::is_utf8(text));
  FUMI_ASSERT(text.size() <= 2 * html.size() + 16);
  return 0;
}
