#include "net/scripted_dns.h"

#include "base/ascii.h"
#include "base/assert.h"

namespace fumi::net {
namespace {

std::string key_of(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return ascii::to_lower(name);
}

std::string wire_name(std::string_view name) {
  std::string out;
  if (!name.empty()) {
    for (const std::string_view label : ascii::split(name, '.')) {
      out += static_cast<char>(label.size());
      out += label;
    }
  }
  out += '\0';
  return out;
}

}  // namespace

DnsAnswer& ScriptedDns::entry(const std::string& name, DnsType type) {
  const auto [found, added] = answers_.try_emplace({key_of(name), type});
  if (added) {
    found->second.status = DnsStatus::nodata;
    found->second.ttl = std::chrono::seconds(300);
  }
  return found->second;
}

namespace {

void put(DnsAnswer& answer, std::string wire) {
  answer.status = DnsStatus::ok;
  answer.records.push_back(std::move(wire));
}

}  // namespace

void ScriptedDns::add_a(const std::string& name, const std::string& address) {
  const auto parsed = IpAddress::parse(address);
  FUMI_ASSERT(parsed.has_value());
  const std::size_t octets = parsed->is_v6() ? 16 : 4;
  put(entry(name, parsed->is_v6() ? DnsType::aaaa : DnsType::a),
      std::string(reinterpret_cast<const char*>(parsed->octets().data()), octets));
}

void ScriptedDns::add_mx(const std::string& name, std::uint16_t preference,
                         const std::string& host) {
  std::string wire;
  wire += static_cast<char>(preference >> 8U);
  wire += static_cast<char>(preference & 255U);
  put(entry(name, DnsType::mx), wire + wire_name(host));
}

void ScriptedDns::add_txt(const std::string& name, const std::string& text) {
  std::string wire;
  std::string_view rest = text;
  do {
    const std::string_view part = rest.substr(0, 255);
    wire += static_cast<char>(part.size());
    wire += part;
    rest.remove_prefix(part.size());
  } while (!rest.empty());
  put(entry(name, DnsType::txt), std::move(wire));
}

void ScriptedDns::add_tlsa(const std::string& name, const TlsaRecord& record) {
  std::string wire;
  wire += static_cast<char>(record.usage);
  wire += static_cast<char>(record.selector);
  wire += static_cast<char>(record.matching);
  put(entry(name, DnsType::tlsa), wire + record.data);
}

void ScriptedDns::add_ptr(const std::string& address, const std::string& host) {
  const auto parsed = IpAddress::parse(address);
  FUMI_ASSERT(parsed.has_value());
  put(entry(parsed->reverse_name(), DnsType::ptr), wire_name(host));
}

void ScriptedDns::set_status(const std::string& name, DnsType type, DnsStatus status) {
  entry(name, type).status = status;
}

void ScriptedDns::set_security(const std::string& name, DnsType type, DnsSecurity security) {
  entry(name, type).security = security;
}

Task<Result<DnsAnswer>> ScriptedDns::query(std::string name, DnsType type) {
  ++queries_;
  if (!is_dns_name(name)) co_return fail(Code::invalid, "asking DNS", "not a name");
  const std::string key = key_of(name);
  const auto found = answers_.find({key, type});
  if (found != answers_.end()) {
    DnsAnswer answer = found->second;
    if (answer.status != DnsStatus::ok) answer.records.clear();
    co_return answer;
  }
  DnsAnswer none;
  none.status = DnsStatus::nxdomain;
  for (const auto& [at, answer] : answers_) {
    if (at.first == key) none.status = DnsStatus::nodata;
  }
  co_return none;
}

}  // namespace fumi::net
