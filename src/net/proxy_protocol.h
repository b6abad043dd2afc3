// The HAProxy PROXY protocol, versions 1 and 2: who the peer is when a proxy stands between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip.h"

namespace fumi::net {

struct ProxyHeader {
  enum class Kind {
    proxied,  // source and destination are the client's connection
    local,    // LOCAL, UNKNOWN or an address family that isn't ours: use the socket's own addresses
  };
  Kind kind = Kind::local;
  IpAddress source;
  std::uint16_t source_port = 0;
  IpAddress destination;
  std::uint16_t destination_port = 0;
};

struct ProxyParse {
  enum class State { more, done, bad };
  State state = State::bad;
  std::size_t consumed = 0;  // when done: octets of the header, TLVs included
  ProxyHeader header;
};

inline constexpr std::size_t kProxyV1Max = 107;   // "worst case" line of the specification §2.1
inline constexpr std::size_t kProxyV2Max = 4096;  // 16 + addresses + TLVs; longer ones are refused

// Looks at the first octets of a connection; pure. `more` only while a header may still come of it.
[[nodiscard]] ProxyParse parse_proxy_header(std::string_view octets);

}  // namespace fumi::net
