// SHA-1, for protocols that fix it where no security hangs on it: the WebSocket handshake (RFC 6455
// §4.2.2). Never for anything else.
#pragma once

#include <string>
#include <string_view>

namespace fumi::crypto {

[[nodiscard]] std::string sha1(std::string_view bytes);  // 20 octets

}  // namespace fumi::crypto
