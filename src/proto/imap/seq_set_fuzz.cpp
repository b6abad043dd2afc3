// Any text is either refused or survives being written and read again.
#include <cstdlib>

#include "proto/imap/seq_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using fumi::imap::SeqSet;
  const auto set = SeqSet::parse({reinterpret_cast<const char*>(data), size}, 1'000);
  if (!set) return 0;
  const SeqSet solid = set->resolve(1'000);
  if (solid.resolve(7) != solid) std::abort();
  if (!solid.empty() && SeqSet::parse(solid.text(), 1'000) != solid) std::abort();
  for (const auto& range : solid.ranges()) {
    if (!solid.contains(range.first) || !solid.contains(range.last)) std::abort();
  }
  return 0;
}
