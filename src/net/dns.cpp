#include "net/dns.h"

#include <algorithm>

#include "base/ascii.h"

namespace fumi::net {
namespace {

constexpr std::size_t kLabelMax = 63;  // RFC 1035 §2.3.4
constexpr std::size_t kNameTextMax = 253;
constexpr std::size_t kNameWireMax = 255;

std::uint8_t octet(std::string_view wire, std::size_t at) {
  return static_cast<std::uint8_t>(wire[at]);
}

std::uint16_t number16(std::string_view wire) {
  return static_cast<std::uint16_t>(octet(wire, 0) << 8U | octet(wire, 1));
}

void append_label(std::string& out, std::string_view label) {
  for (const char c : label) {
    if (ascii::is_alnum(c) || c == '-' || c == '_') {
      out += ascii::lower(c);
      continue;
    }
    const unsigned value = static_cast<unsigned char>(c);
    out += '\\';
    out += static_cast<char>('0' + value / 100);
    out += static_cast<char>('0' + value / 10 % 10);
    out += static_cast<char>('0' + value % 10);
  }
}

template <class T>
DnsRecords<T> state_of(const DnsAnswer& answer) {
  DnsRecords<T> out;
  out.status = answer.status;
  out.security = answer.security;
  out.canonical = answer.canonical;
  out.ttl = answer.ttl;
  out.why = answer.why;
  return out;
}

// Records that don't decode are left out; if none is left the answer counts as failed, not as
// empty: "no such record" must never be concluded from garbage.
template <class T>
Result<DnsRecords<T>> decode(Result<DnsAnswer> answer,
                             std::optional<T> (*decoder)(std::string_view)) {
  if (!answer) return fail(std::move(answer));
  DnsRecords<T> out = state_of<T>(*answer);
  for (const std::string& wire : answer->records) {
    std::optional<T> record = decoder(wire);
    if (record) out.records.push_back(std::move(*record));
  }
  if (out.status == DnsStatus::ok && out.records.empty()) {
    out.status = DnsStatus::servfail;
    out.why = "the records are malformed";
  }
  return out;
}

// Stable, by insertion: there are few, and libstdc++'s stable_sort warns under clang.
void by_preference(std::vector<MxRecord>& records) {
  const auto before = [](const MxRecord& x, const MxRecord& y) {
    return x.preference < y.preference;
  };
  for (auto next = records.begin(); next != records.end(); ++next) {
    std::rotate(std::upper_bound(records.begin(), next, *next, before), next, next + 1);
  }
}

// Which of two states tells more about "are there addresses": any ok wins, then failures.
DnsStatus either(DnsStatus a, DnsStatus b) {
  if (a == b) return a;
  for (const DnsStatus wins : {DnsStatus::ok, DnsStatus::timeout, DnsStatus::servfail}) {
    if (a == wins || b == wins) return wins;
  }
  return DnsStatus::nodata;
}

DnsSecurity weaker(DnsSecurity a, DnsSecurity b) {
  for (const DnsSecurity wins : {DnsSecurity::bogus, DnsSecurity::insecure}) {
    if (a == wins || b == wins) return wins;
  }
  return DnsSecurity::secure;
}

DnsRecords<IpAddress> merge(DnsRecords<IpAddress> four, DnsRecords<IpAddress> six) {
  DnsRecords<IpAddress> out = std::move(four);
  out.status = either(out.status, six.status);
  out.security = weaker(out.security, six.security);
  if (out.canonical.empty()) out.canonical = std::move(six.canonical);
  if (out.why.empty()) out.why = std::move(six.why);
  out.ttl = std::min(out.ttl, six.ttl);
  out.records.insert(out.records.end(), six.records.begin(), six.records.end());
  return out;
}

}  // namespace

namespace rdata {

std::optional<std::string> name(std::string_view wire) {
  if (wire.empty() || wire.size() > kNameWireMax) return std::nullopt;
  std::string out;
  while (true) {
    if (wire.empty()) return std::nullopt;
    const std::size_t length = octet(wire, 0);
    wire.remove_prefix(1);
    if (length == 0) break;
    if (length > kLabelMax || length > wire.size()) return std::nullopt;
    if (!out.empty()) out += '.';
    append_label(out, wire.substr(0, length));
    wire.remove_prefix(length);
  }
  if (!wire.empty()) return std::nullopt;
  return out;
}

std::optional<IpAddress> a(std::string_view wire) {
  if (wire.size() != 4) return std::nullopt;
  return IpAddress::v4({octet(wire, 0), octet(wire, 1), octet(wire, 2), octet(wire, 3)});
}

std::optional<IpAddress> aaaa(std::string_view wire) {
  if (wire.size() != 16) return std::nullopt;
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i)
    octets[i] = octet(wire, i);
  return IpAddress::v6(octets);
}

std::optional<MxRecord> mx(std::string_view wire) {
  if (wire.size() < 3) return std::nullopt;
  auto host = name(wire.substr(2));
  if (!host) return std::nullopt;
  MxRecord record;
  record.preference = number16(wire);
  record.host = std::move(*host);
  return record;
}

std::optional<std::string> txt(std::string_view wire) {
  if (wire.empty()) return std::nullopt;
  std::string out;
  while (!wire.empty()) {
    const std::size_t length = octet(wire, 0);
    wire.remove_prefix(1);
    if (length > wire.size()) return std::nullopt;
    out.append(wire.substr(0, length));
    wire.remove_prefix(length);
  }
  return out;
}

std::optional<SrvRecord> srv(std::string_view wire) {
  if (wire.size() < 7) return std::nullopt;
  auto target = name(wire.substr(6));
  if (!target) return std::nullopt;
  return SrvRecord{number16(wire), number16(wire.substr(2)), number16(wire.substr(4)),
                   std::move(*target)};
}

std::optional<TlsaRecord> tlsa(std::string_view wire) {
  if (wire.size() < 4) return std::nullopt;
  TlsaRecord record;
  record.usage = octet(wire, 0);
  record.selector = octet(wire, 1);
  record.matching = octet(wire, 2);
  record.data = std::string(wire.substr(3));
  return record;
}

}  // namespace rdata

bool is_dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kNameTextMax) return false;
  for (const std::string_view label : ascii::split(name, '.')) {
    if (label.empty() || label.size() > kLabelMax) return false;
    for (const char c : label) {
      const auto value = static_cast<unsigned char>(c);
      if (value <= ' ' || value >= 0x7f || c == '\\' || c == '"') return false;
    }
  }
  return true;
}

Task<Result<DnsRecords<MxRecord>>> DnsClient::mx(std::string name) {
  Result<DnsAnswer> answer = co_await query(std::move(name), DnsType::mx);
  Result<DnsRecords<MxRecord>> out = decode<MxRecord>(std::move(answer), &rdata::mx);
  if (out) {
    by_preference(out->records);
  }
  co_return out;
}

Task<Result<DnsRecords<IpAddress>>> DnsClient::addresses(std::string name) {
  Result<DnsRecords<IpAddress>> four = co_await a(name);
  if (!four) co_return four;
  Result<DnsRecords<IpAddress>> six = co_await aaaa(std::move(name));
  if (!six) co_return six;
  co_return merge(std::move(*four), std::move(*six));
}

Task<Result<DnsRecords<IpAddress>>> DnsClient::a(std::string name) {
  Result<DnsAnswer> answer = co_await query(std::move(name), DnsType::a);
  co_return decode<IpAddress>(std::move(answer), &rdata::a);
}

Task<Result<DnsRecords<IpAddress>>> DnsClient::aaaa(std::string name) {
  Result<DnsAnswer> answer = co_await query(std::move(name), DnsType::aaaa);
  co_return decode<IpAddress>(std::move(answer), &rdata::aaaa);
}

Task<Result<DnsRecords<std::string>>> DnsClient::txt(std::string name) {
  Result<DnsAnswer> answer = co_await query(std::move(name), DnsType::txt);
  co_return decode<std::string>(std::move(answer), &rdata::txt);
}

Task<Result<DnsRecords<TlsaRecord>>> DnsClient::tlsa(std::string name) {
  Result<DnsAnswer> answer = co_await query(std::move(name), DnsType::tlsa);
  co_return decode<TlsaRecord>(std::move(answer), &rdata::tlsa);
}

Task<Result<DnsRecords<std::string>>> DnsClient::ptr(IpAddress address) {
  std::string name = address.reverse_name();
  Result<DnsAnswer> answer = co_await query(std::move(name), DnsType::ptr);
  co_return decode<std::string>(std::move(answer), &rdata::name);
}

}  // namespace fumi::net
