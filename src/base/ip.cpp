#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace fumi {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& octets) {
  IpAddress address;
  std::copy(octets.begin(), octets.end(), address.octets_.begin());
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& octets) {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin())) {
    return v4({octets[12], octets[13], octets[14], octets[15]});
  }
  IpAddress address;
  address.octets_ = octets;
  address.v6_ = true;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (::inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return std::nullopt;
}

bool IpAddress::is_loopback() const {
  if (!v6_) return octets_[0] == 127;
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return octets_ == one;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(v6_ ? AF_INET6 : AF_INET, octets_.data(), buffer, sizeof buffer);
  return buffer;
}

IpAddress IpAddress::prefix(int length) const {
  IpAddress out = *this;
  length = std::clamp(length, 0, bits());
  for (int bit = length; bit < bits(); ++bit) {
    auto& octet = out.octets_[static_cast<std::size_t>(bit / 8)];
    octet = static_cast<std::uint8_t>(octet & ~(0x80U >> static_cast<unsigned>(bit % 8)));
  }
  return out;
}

std::string IpAddress::reverse_name() const {
  std::string out;
  if (!v6_) {
    for (int i = 3; i >= 0; --i)
      out += std::to_string(octets_[static_cast<std::size_t>(i)]) + '.';
    return out + "in-addr.arpa";
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i) {
    const unsigned octet = octets_[static_cast<std::size_t>(i)];
    out += kDigits[octet & 15U];
    out += '.';
    out += kDigits[octet >> 4U];
    out += '.';
  }
  return out + "ip6.arpa";
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network;
  network.length_ = address->bits();
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, network.length_);
    if (error != std::errc{} || stop != end || digits.empty()) return std::nullopt;
    if (network.length_ < 0 || network.length_ > address->bits()) return std::nullopt;
  }
  network.base_ = address->prefix(network.length_);
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  return address.is_v6() == base_.is_v6() && address.prefix(length_) == base_;
}

std::string IpNetwork::text() const { return base_.text() + '/' + std::to_string(length_); }

Endpoint Endpoint::of(const IpAddress& address, std::uint16_t port) {
  Endpoint out;
  out.address = address.text();
  out.port = port;
  out.is_v6 = address.is_v6();
  return out;
}

std::string Endpoint::text() const {
  const std::string host = is_v6 ? '[' + address + ']' : address;
  return host + ':' + std::to_string(port);
}

}  // namespace fumi

std::size_t std::hash<fumi::IpAddress>::operator()(const fumi::IpAddress& address) const noexcept {
  const std::size_t length = address.is_v6() ? 16 : 4;
  const std::string_view octets(reinterpret_cast<const char*>(address.octets().data()), length);
  return std::hash<std::string_view>{}(octets);
}
