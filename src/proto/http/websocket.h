// WebSocket framing, the server's half (RFC 6455 §5), sans-I/O.
//
//   loop: step = next()
//     WsNeed      put what was read into feed(), again
//     WsMessage   a whole text message, valid UTF-8
//     WsPing      answer with write_frame(WsOpcode::pong, payload)
//     WsClose     the peer ends it, or broke a rule: send write_close(code), then close
// Client frames must be masked; fragments are joined; binary messages are refused (1003). Same
// bytes in any chunking give the same steps. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace fumi::http {

enum class WsOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

struct WsNeed {};
struct WsMessage {
  std::string text;
};
struct WsPing {
  std::string payload;
};
struct WsClose {
  std::uint16_t code = 1000;
};
using WsStep = std::variant<WsNeed, WsMessage, WsPing, WsClose>;

class WebSocketReader {
 public:
  explicit WebSocketReader(std::uint64_t message_octets_max) : max_(message_octets_max) {}

  void feed(std::string_view bytes) { input_.append(bytes); }
  // After WsClose every step is WsClose.
  [[nodiscard]] WsStep next();

 private:
  WsStep broken(std::uint16_t code);
  WsStep data(WsOpcode opcode, bool last, std::string payload);  // lint: bool-ok the FIN bit
  WsStep control(WsOpcode opcode, std::string payload);

  std::uint64_t max_;
  std::string input_;
  std::string message_;  // fragments so far
  bool in_message_ = false;
  std::uint16_t closed_ = 0;
};

// One frame of the server's: whole, not masked.
[[nodiscard]] std::string write_frame(WsOpcode opcode, std::string_view payload);
[[nodiscard]] std::string write_close(std::uint16_t code);

}  // namespace fumi::http
