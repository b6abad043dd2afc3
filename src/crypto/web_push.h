// Encryption of push messages for the client that asked for them (RFC 8291), in the content coding
// aes128gcm (RFC 8188): only who made the keys reads them, not the service that carries them.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fumi::crypto {

inline constexpr std::size_t kWebPushOctetsMax = 3'993;  // of a plaintext: RFC 8291 §4

// What the client gave, decoded: a point of P-256 (65 octets, uncompressed) and 16 octets.
struct WebPushKeys {
  std::string p256dh;
  std::string auth;
};

// invalid: a wrong length, or no point of the curve.
[[nodiscard]] Status check_web_push_keys(const WebPushKeys& keys);

// The body of a POST with Content-Encoding: aes128gcm; a fresh sender's key and salt each time.
// invalid: the keys; too_large.
[[nodiscard]] Result<std::string> seal_web_push(const WebPushKeys& keys,
                                                std::string_view plaintext);

// The same with the sender's private key (32 octets) and salt (16) given: for the RFC's example.
[[nodiscard]] Result<std::string> seal_web_push_for_test(const WebPushKeys& keys,
                                                         std::string_view plaintext,
                                                         std::string_view private_key,
                                                         std::string_view salt);
// The client's side. corrupt: it wasn't sealed for these keys.
[[nodiscard]] Result<std::string> open_web_push_for_test(const WebPushKeys& keys,
                                                         std::string_view private_key,
                                                         std::string_view sealed);

}  // namespace fumi::crypto
