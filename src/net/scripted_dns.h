// ScriptedDns: a DnsClient that answers from a table, for tests and simulation.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "net/dns.h"

namespace fumi::net {

// What was not added is nxdomain (or nodata when the name has other types). One thread.
class ScriptedDns final : public DnsClient {
 public:
  void add_a(const std::string& name, const std::string& address);  // A or AAAA by its form
  void add_mx(const std::string& name, std::uint16_t preference, const std::string& host);
  void add_txt(const std::string& name, const std::string& text);
  void add_tlsa(const std::string& name, const TlsaRecord& record);
  void add_ptr(const std::string& address, const std::string& host);
  void set_status(const std::string& name, DnsType type, DnsStatus status);
  void set_security(const std::string& name, DnsType type, DnsSecurity security);

  Task<Result<DnsAnswer>> query(std::string name, DnsType type) override;
  [[nodiscard]] std::size_t queries() const { return queries_; }

 private:
  DnsAnswer& entry(const std::string& name, DnsType type);
  std::map<std::pair<std::string, DnsType>, DnsAnswer> answers_;
  std::size_t queries_ = 0;
};

}  // namespace fumi::net
