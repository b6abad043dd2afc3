#include "net/proxy_protocol.h"

#include <algorithm>
#include <charconv>

namespace fumi::net {
namespace {

constexpr std::string_view kV1Start = "PROXY ";
constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Fixed = 16;

ProxyParse more() {
  ProxyParse parse;
  parse.state = ProxyParse::State::more;
  return parse;
}

bool starts_alike(std::string_view octets, std::string_view start) {
  const std::size_t common = std::min(octets.size(), start.size());
  return octets.substr(0, common) == start.substr(0, common);
}

// A port as the specification writes it: decimal, no sign, no leading zero.
std::optional<std::uint16_t> port(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::string_view word(std::string_view& rest) {
  const std::size_t space = std::min(rest.find(' '), rest.size());
  const std::string_view out = rest.substr(0, space);
  rest.remove_prefix(std::min(space + 1, rest.size()));
  return out;
}

// The line behind "PROXY ", without CR LF.
bool fill_v1(std::string_view line, ProxyHeader& header) {
  const std::string_view family = word(line);
  if (family == "UNKNOWN") return true;  // what follows is to be ignored
  if (family != "TCP4" && family != "TCP6") return false;
  const auto source = IpAddress::parse(word(line));
  const auto destination = IpAddress::parse(word(line));
  const auto source_port = port(word(line));
  const auto destination_port = port(line);  // the rest: one more word would not be a number
  if (!source || !destination || !source_port || !destination_port) return false;
  // TCP6 may carry mapped IPv4 addresses, which parse() has turned into IPv4 ones.
  if (family == "TCP4" && (source->is_v6() || destination->is_v6())) return false;
  header.kind = ProxyHeader::Kind::proxied;
  header.source = *source;
  header.destination = *destination;
  header.source_port = *source_port;
  header.destination_port = *destination_port;
  return true;
}

ProxyParse parse_v1(std::string_view octets) {
  const std::size_t end = octets.substr(0, kProxyV1Max).find('\n');
  if (end == std::string_view::npos) return octets.size() >= kProxyV1Max ? ProxyParse{} : more();
  if (octets[end - 1] != '\r') return {};
  ProxyParse parse;
  const std::string_view line = octets.substr(kV1Start.size(), end - 1 - kV1Start.size());
  if (line.find('\r') != std::string_view::npos) return {};
  if (!fill_v1(line, parse.header)) return {};
  parse.state = ProxyParse::State::done;
  parse.consumed = end + 1;
  return parse;
}

std::uint8_t octet(std::string_view octets, std::size_t at) {
  return static_cast<std::uint8_t>(octets[at]);
}

std::uint16_t number16(std::string_view octets, std::size_t at) {
  return static_cast<std::uint16_t>(octet(octets, at) << 8U | octet(octets, at + 1));
}

template <std::size_t N>
std::array<std::uint8_t, N> address_octets(std::string_view octets, std::size_t at) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i)
    out[i] = octet(octets, at + i);
  return out;
}

bool fill_v2(std::uint8_t family, std::string_view body, ProxyHeader& header) {
  if (family == 0x11) {  // TCP over IPv4
    if (body.size() < 12) return false;
    header.source = IpAddress::v4(address_octets<4>(body, 0));
    header.destination = IpAddress::v4(address_octets<4>(body, 4));
    header.source_port = number16(body, 8);
    header.destination_port = number16(body, 10);
  } else if (family == 0x21) {  // TCP over IPv6
    if (body.size() < 36) return false;
    header.source = IpAddress::v6(address_octets<16>(body, 0));
    header.destination = IpAddress::v6(address_octets<16>(body, 16));
    header.source_port = number16(body, 32);
    header.destination_port = number16(body, 34);
  } else {
    return true;  // UNSPEC, UDP, Unix: nothing that we could call the peer
  }
  header.kind = ProxyHeader::Kind::proxied;
  return true;
}

ProxyParse parse_v2(std::string_view octets) {
  if (octets.size() > 12 && (octet(octets, 12) >> 4U) != 2) return {};
  if (octets.size() > 12 && (octet(octets, 12) & 15U) > 1) return {};  // neither LOCAL nor PROXY
  if (octets.size() < kV2Fixed) return more();
  const std::size_t total = kV2Fixed + number16(octets, 14);
  if (total > kProxyV2Max) return {};
  if (octets.size() < total) return more();
  ProxyParse parse;
  const bool local = (octet(octets, 12) & 15U) == 0;
  const std::string_view body = octets.substr(kV2Fixed, total - kV2Fixed);
  if (!local && !fill_v2(octet(octets, 13), body, parse.header)) return {};
  parse.state = ProxyParse::State::done;
  parse.consumed = total;
  return parse;
}

}  // namespace

ProxyParse parse_proxy_header(std::string_view octets) {
  if (octets.empty()) return more();
  if (starts_alike(octets, kV2Signature)) {
    return octets.size() < kV2Signature.size() ? more() : parse_v2(octets);
  }
  if (starts_alike(octets, kV1Start)) {
    return octets.size() < kV1Start.size() ? more() : parse_v1(octets);
  }
  return {};
}

}  // namespace fumi::net
