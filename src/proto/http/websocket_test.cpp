#include "proto/http/websocket.h"

#include <doctest/doctest.h>

namespace fumi::http {
namespace {

// A client's frame, masked.
std::string frame(unsigned first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else {
    out += static_cast<char>(0x80U | 126U);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  }
  out += "mask";
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += static_cast<char>(payload[i] ^ "mask"[i % 4]);
  return out;
}

std::string steps(std::string_view bytes, std::size_t chunk) {
  WebSocketReader reader(300);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    reader.feed(bytes.substr(at, chunk));
    for (;;) {
      const WsStep step = reader.next();
      if (std::holds_alternative<WsNeed>(step)) break;
      if (const auto* message = std::get_if<WsMessage>(&step)) out += "[" + message->text + "]";
      if (const auto* ping = std::get_if<WsPing>(&step)) out += "(" + ping->payload + ")";
      if (const auto* close = std::get_if<WsClose>(&step)) return out + std::to_string(close->code);
    }
  }
  return out;
}

TEST_CASE("frames of a client (RFC 6455 §5)") {
  const std::string long_text(200, 'x');
  const struct {
    std::string bytes;
    std::string steps;
  } rows[] = {
      {frame(0x81, "hello") + frame(0x81, ""), "[hello][]"},
      {frame(0x81, long_text), "[" + long_text + "]"},
      {frame(0x01, "a") + frame(0x89, "p") + frame(0x00, "b") + frame(0x80, "c"), "(p)[abc]"},
      {frame(0x8a, "pong") + frame(0x81, "x"), "[x]"},
      {frame(0x88, "\x03\xe8") + frame(0x81, "late"), "1000"},
      {frame(0x88, ""), "1000"},
      {frame(0x88, "x"), "1002"},
      {frame(0x88, std::string("\x03\xed", 2)), "1002"},  // 1005 never stands in a frame
      {frame(0x82, "binary"), "1003"},
      {frame(0x81, "\xff"), "1007"},
      {frame(0x81, std::string(301, 'x')), "1009"},
      {frame(0x01, long_text) + frame(0x80, long_text), "1009"},
      {frame(0x80, "no start"), "1002"},
      {frame(0x01, "a") + frame(0x81, "b"), "1002"},
      {frame(0xc1, "extension"), "1002"},
      {frame(0x09, "ping in pieces"), "1002"},
      {frame(0x83, "unknown"), "1002"},
      {"\x81\x01x", "1002"},  // not masked
  };
  for (const auto& row : rows) {
    CAPTURE(row.steps);
    for (const std::size_t chunk : {1UL, 3UL, 10'000UL})
      CHECK(steps(row.bytes, chunk) == row.steps);
  }
}

TEST_CASE("frames of ours") {
  CHECK(write_frame(WsOpcode::text, "hi") == "\x81\x02hi");
  CHECK(write_frame(WsOpcode::text, std::string(126, 'x'))
            .starts_with(std::string("\x81\x7e\x00\x7e", 4)));
  CHECK(write_frame(WsOpcode::text, std::string(65'536, 'x'))
            .starts_with(std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10)));
  CHECK(write_close(1000) == "\x88\x02\x03\xe8");
}

}  // namespace
}  // namespace fumi::http
