#include "codec/casemap.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::codec {

std::string unicode_casemap(std::string_view utf8) {
  if (is_ascii(utf8)) return ascii::to_upper(utf8);
  std::string titled;
  titled.reserve(utf8.size());
  while (!utf8.empty()) {
    const char32_t code_point = take_code_point(utf8);
    append_utf8(titled, static_cast<char32_t>(u_totitle(static_cast<UChar32>(code_point))));
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(error);
  if (nfkd == nullptr) return titled;  // ICU's own data is part of its library
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  nfkd->normalizeUTF8(0, icu::StringPiece(titled.data(), static_cast<int32_t>(titled.size())), sink,
                      nullptr, error);
  return U_FAILURE(error) ? titled : out;
}

}  // namespace fumi::codec
