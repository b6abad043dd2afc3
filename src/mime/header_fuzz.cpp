// Any bytes are some header: decoding gives one line of UTF-8, and writing it gives the same back.
#include <cstdint>
#include <string_view>

#include "base/ascii.h"
#include "base/assert.h"
#include "codec/utf8.h"
#include "mime/header.h"
#include "mime/header_writer.h"

using namespace fumi::mime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const HeaderField& field : header_fields(input)) {
    FUMI_ASSERT(field.offset + field.raw.size() <= size && !field.name.empty());
    const Parameterized parsed = parse_parameterized(field.body);
    for (const Parameter& parameter : parsed.parameters) {
      FUMI_ASSERT(fumi::codec::is_utf8(decode_parameter(parameter.value)));
    }
  }
  static_cast<void>(parse_parameterized(input));
  const std::string text = decode_unstructured(input);
  FUMI_ASSERT(fumi::codec::is_utf8(text) &&
              text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  for (const TextCharset charset : {TextCharset::utf8, TextCharset::iso_2022_jp}) {
    HeaderWriter writer(charset);
    FUMI_ASSERT(writer.unstructured("X", text).has_value());
    const std::string written = writer.take();
    FUMI_ASSERT(header_fields(written).size() == 1);
    if (charset == TextCharset::utf8 && text.find('\x1b') == std::string::npos) {
      FUMI_ASSERT(decode_unstructured(std::string_view(written).substr(2)) ==
                  fumi::ascii::trim(text));
    }
  }
  return 0;
}
