// Folding is stable, and every piece of a text is in it.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "codec/fold.h"
#include "codec/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string kept = fumi::codec::fold_keeping_kana(text);
  const std::string folded = fumi::codec::fold(text);
  FUMI_ASSERT(fumi::codec::is_utf8(folded));
  FUMI_ASSERT(fumi::codec::fold(folded) == folded);
  fumi::codec::cut_terms(kept, [&](fumi::codec::TermKind, std::string_view piece) {
    FUMI_ASSERT(!piece.empty() && piece.data() >= kept.data());
    FUMI_ASSERT(piece.data() + piece.size() <= kept.data() + kept.size());
  });
  FUMI_ASSERT(kept == folded);
  static_cast<void>(fumi::codec::needle_terms(folded));
  return 0;
}
