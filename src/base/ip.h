// Addresses as values: what peers are keyed, limited and logged by. Only text and bits: no sockets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace fumi {

// An IPv4 or IPv6 address in network order. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is
// turned into the IPv4 one on the way in, so that one peer has one spelling.
class IpAddress {
 public:
  constexpr IpAddress() = default;  // 0.0.0.0
  [[nodiscard]] static IpAddress v4(const std::array<std::uint8_t, 4>& octets);
  [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& octets);
  // Plain text forms only: no brackets, no zone, no port.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v6() const { return v6_; }
  [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const {
    return octets_;
  }  // v4: first 4
  [[nodiscard]] int bits() const { return v6_ ? 128 : 32; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string text() const;
  // The address with all bits behind the first `length` cleared; length is cut to bits().
  [[nodiscard]] IpAddress prefix(int length) const;
  // Whom a limit is about: the address itself for IPv4, its /64 for IPv6 (one customer's network).
  [[nodiscard]] IpAddress limit_key() const { return v6_ ? prefix(64) : *this; }
  // "4.3.2.1.in-addr.arpa" or the nibbles under ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5).
  [[nodiscard]] std::string reverse_name() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> octets_{};
  bool v6_ = false;
};

// "192.0.2.0/24", "2001:db8::/32", or one address.
class IpNetwork {
 public:
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] int length() const { return length_; }  // bits that count: 24
  [[nodiscard]] std::string text() const;
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;

 private:
  IpAddress base_;
  int length_ = 0;
};

struct Endpoint {
  std::string address;  // as IpAddress::text()
  std::uint16_t port = 0;
  bool is_v6 = false;

  [[nodiscard]] static Endpoint of(const IpAddress& address, std::uint16_t port);
  [[nodiscard]] std::string text() const;  // "192.0.2.1:25", "[2001:db8::1]:25"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace fumi

template <>
struct std::hash<fumi::IpAddress> {
  std::size_t operator()(const fumi::IpAddress& address) const noexcept;
};
