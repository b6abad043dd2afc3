#include "net/detail/sockaddr.h"

#include <cstring>

namespace fumi::net::detail {

SocketAddress to_sockaddr(const IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_v6()) {
    auto& six = reinterpret_cast<sockaddr_in6&>(out.storage);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    std::memcpy(&six.sin6_addr, address.octets().data(), 16);
    out.length = sizeof six;
  } else {
    auto& four = reinterpret_cast<sockaddr_in&>(out.storage);
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&four.sin_addr, address.octets().data(), 4);
    out.length = sizeof four;
  }
  return out;
}

std::pair<IpAddress, std::uint16_t> from_sockaddr(const SocketAddress& from) {
  if (from.storage.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(from.storage);
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &six.sin6_addr, 16);
    return {IpAddress::v6(octets), ntohs(six.sin6_port)};
  }
  const auto& four = reinterpret_cast<const sockaddr_in&>(from.storage);
  std::array<std::uint8_t, 4> octets{};
  std::memcpy(octets.data(), &four.sin_addr, 4);
  return {IpAddress::v4(octets), ntohs(four.sin_port)};
}

}  // namespace fumi::net::detail
