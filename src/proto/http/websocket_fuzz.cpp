// Any bytes as frames: the same steps in two chunkings, and an end after the first broken rule.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/http/websocket.h"

namespace {

std::string steps(std::string_view bytes, std::size_t chunk) {
  fumi::http::WebSocketReader reader(1000);
  std::string out;
  for (std::size_t at = 0; at <= bytes.size(); at += chunk) {
    reader.feed(bytes.substr(at, chunk));
    for (;;) {
      const auto step = reader.next();
      if (std::holds_alternative<fumi::http::WsNeed>(step)) break;
      if (const auto* message = std::get_if<fumi::http::WsMessage>(&step))
        out += "m" + message->text;
      if (const auto* ping = std::get_if<fumi::http::WsPing>(&step)) out += "p" + ping->payload;
      if (const auto* close = std::get_if<fumi::http::WsClose>(&step))
        return out + "c" + std::to_string(close->code);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (steps(bytes, size + 1) != steps(bytes, 1)) std::abort();
  return 0;
}
