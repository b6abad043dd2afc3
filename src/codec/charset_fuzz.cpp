// Any bytes under any label decode to valid UTF-8; what was decoded encodes without a crash.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/date.h"
#include "codec/quoted_printable.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

using namespace fumi::codec;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static constexpr const char* kLabels[] = {"us-ascii", "utf-8",     "iso-2022-jp", "shift_jis",
                                            "euc-jp",   "utf-7",     "gb18030",     "iso-2022-kr",
                                            "big5",     "hz-gb-2312"};
  for (const char* label : kLabels) {
    const auto decoded = to_utf8(input, label);
    FUMI_ASSERT(decoded && is_utf8(decoded->text));
    FUMI_ASSERT(is_utf8(decode_text(input, label)));
    for (const char* target : {"iso-2022-jp", "shift_jis", "utf-8"}) {
      FUMI_ASSERT(from_utf8(decoded->text, target).has_value());
    }
  }
  const std::string_view label = input.substr(0, input.find('\n'));
  static_cast<void>(decode_text(input, label));
  FUMI_ASSERT(base64_decode(base64_encode(input)) == input);
  FUMI_ASSERT(base64_decode_lenient(base64_encode_lines(input)) == input);
  FUMI_ASSERT(quoted_printable_decode(quoted_printable_encode(input, LineEnds::binary)) == input);
  FUMI_ASSERT(q_decode(q_encode(input)) == input);
  static_cast<void>(quoted_printable_decode(input));
  static_cast<void>(base64_decode_lenient(input));
  if (const auto name = from_modified_utf7(input)) FUMI_ASSERT(to_modified_utf7(*name) == input);
  if (const auto date = parse_date(input))
    FUMI_ASSERT(parse_date(write_date(date->at, date->zone)) == date);
  static_cast<void>(parse_internal_date(input));
  return 0;
}
