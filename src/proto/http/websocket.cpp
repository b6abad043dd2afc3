#include "proto/http/websocket.h"

#include "codec/utf8.h"

namespace fumi::http {
namespace {

constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kUnsupported = 1003;
constexpr std::uint16_t kNotUtf8 = 1007;
constexpr std::uint16_t kTooBig = 1009;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes)
    value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

WsStep WebSocketReader::broken(std::uint16_t code) {
  closed_ = code;
  input_.clear();
  message_.clear();
  return WsClose{code};
}

WsStep WebSocketReader::next() {
  for (;;) {
    if (closed_ != 0) return WsClose{closed_};
    if (input_.size() < 2) return WsNeed{};
    const auto first = static_cast<unsigned char>(input_[0]);
    const auto second = static_cast<unsigned char>(input_[1]);
    const auto opcode = static_cast<WsOpcode>(first & 0x0fU);
    const bool last = (first & 0x80U) != 0;
    const bool is_control = (first & 0x08U) != 0;
    // RFC 6455 §5.2, §5.1: no extension was agreed on; a client masks.
    if ((first & 0x70U) != 0 || (second & 0x80U) == 0) return broken(kProtocolError);
    std::size_t header = 2;
    std::uint64_t length = second & 0x7fU;
    if (is_control && (!last || length > 125)) return broken(kProtocolError);
    if (length == 126 || length == 127) {
      const std::size_t octets = length == 126 ? 2 : 8;
      if (input_.size() < header + octets) return WsNeed{};
      length = big_endian(std::string_view(input_).substr(header, octets));
      header += octets;
    }
    if (length > max_ || message_.size() + length > max_) return broken(kTooBig);
    if (input_.size() < header + 4 + length) return WsNeed{};
    std::string payload = input_.substr(header + 4, length);
    for (std::size_t i = 0; i < payload.size(); ++i)
      payload[i] = static_cast<char>(payload[i] ^ input_[header + i % 4]);
    input_.erase(0, header + 4 + length);
    WsStep step =
        is_control ? control(opcode, std::move(payload)) : data(opcode, last, std::move(payload));
    if (!std::holds_alternative<WsNeed>(step)) return step;
  }
}

WsStep WebSocketReader::data(WsOpcode opcode, bool last,  // lint: bool-ok the FIN bit
                             std::string payload) {
  if (opcode == WsOpcode::binary) return broken(kUnsupported);
  const bool starts = opcode == WsOpcode::text;
  if (!starts && opcode != WsOpcode::continuation) return broken(kProtocolError);
  if (starts == in_message_) return broken(kProtocolError);
  in_message_ = !last;
  message_ += payload;
  if (!last) return WsNeed{};
  if (!codec::is_utf8(message_)) return broken(kNotUtf8);
  WsMessage message{std::move(message_)};
  message_.clear();
  return message;
}

WsStep WebSocketReader::control(WsOpcode opcode, std::string payload) {
  if (opcode == WsOpcode::ping) return WsPing{std::move(payload)};
  if (opcode == WsOpcode::pong) return WsNeed{};
  if (opcode != WsOpcode::close || payload.size() == 1) return broken(kProtocolError);
  if (payload.empty()) return broken(1000);
  const auto code = static_cast<std::uint16_t>(big_endian(payload.substr(0, 2)));
  // RFC 6455 §7.4: what may stand in a frame.
  const bool known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
                     (code >= 3000 && code <= 4999);
  return broken(known ? code : kProtocolError);
}

std::string write_frame(WsOpcode opcode, std::string_view payload) {
  std::string out(1, static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
  const std::uint64_t length = payload.size();
  if (length < 126) {
    out += static_cast<char>(length);
  } else {
    const bool small = length < 65'536;
    out += static_cast<char>(small ? 126 : 127);
    for (int shift = small ? 8 : 56; shift >= 0; shift -= 8)
      out += static_cast<char>(length >> static_cast<unsigned>(shift) & 0xffU);
  }
  out += payload;
  return out;
}

std::string write_close(std::uint16_t code) {
  const std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
  return write_frame(WsOpcode::close, payload);
}

}  // namespace fumi::http
