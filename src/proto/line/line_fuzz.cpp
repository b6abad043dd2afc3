// The first octet chooses the frame and the size of the pieces; the rest is what a peer sends.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/line/framing.h"

using namespace fumi::line;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + (data[0] >> 1U) % 16;
  InputBuffer buffer(1 << 16U);
  LineFramer lines;
  DotDecoder dots;
  TextFacts facts;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, step);
    if (buffer.append(part) != part.size()) std::abort();
    bytes.remove_prefix(part.size());
    if ((data[0] & 1U) != 0) {
      while (lines.next(buffer, 40).status != Framed::more) {
      }
      if (buffer.size() > 40) std::abort();
    } else {
      for (;;) {
        const auto piece = dots.next(buffer.view());
        if (piece.octets == 0) break;
        facts.scan(piece.text);
        buffer.consume(piece.octets);
      }
      if (buffer.size() > 2) std::abort();
    }
  }
  return 0;
}
