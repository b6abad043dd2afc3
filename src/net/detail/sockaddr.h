// Between our addresses and the kernel's.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "base/ip.h"

namespace fumi::net::detail {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

[[nodiscard]] SocketAddress to_sockaddr(const IpAddress& address, std::uint16_t port);
[[nodiscard]] std::pair<IpAddress, std::uint16_t> from_sockaddr(const SocketAddress& from);

}  // namespace fumi::net::detail
