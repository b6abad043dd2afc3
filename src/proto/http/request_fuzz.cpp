#include <cstdint>

#include "proto/http/request_reader.h"

// The first octet says how large the pieces are; all framing must come out the same as at once.
namespace {

std::string trace(std::string_view bytes, std::size_t piece,
                  fumi::http::Body kind = fumi::http::Body::whole) {
  using namespace fumi::http;
  RequestReader reader(ReaderLimits{});
  std::string told;
  std::string streamed;
  for (;;) {
    const Step step = reader.next();
    if (std::holds_alternative<Bad>(step)) return told + "!";
    if (std::holds_alternative<Head>(step)) {
      reader.accept(4096, kind);
    } else if (std::holds_alternative<Piece>(step)) {
      streamed += reader.take_piece();
    } else if (std::holds_alternative<Complete>(step)) {
      const Request request = reader.take();
      told += request.path + "|" + streamed + request.body + ";";
      streamed.clear();
    } else {
      reader.sent(reader.output().size());
      if (bytes.empty()) return told;
      const std::size_t size = std::min(bytes.size(), piece);
      const auto room = reader.prepare(size);
      std::copy_n(bytes.data(), size, room.data());
      reader.commit(size);
      bytes.remove_prefix(size);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string at_once = trace(bytes, bytes.size());
  const std::string pieces = trace(bytes, std::size_t(data[0] % 64) + 1);
  if (trace(bytes, std::size_t(data[0] % 64) + 1, fumi::http::Body::stream) != pieces)
    __builtin_trap();
  // A limit may be seen earlier or later, but never a different request.
  const std::size_t common = std::min(at_once.size(), pieces.size());
  const std::size_t end =
      common > 0 && (at_once.back() == '!' || pieces.back() == '!') ? common - 1 : common;
  if (at_once.compare(0, end, pieces, 0, end) != 0) __builtin_trap();
  return 0;
}
