// DnsResolver, DnsTextReader: the MailResolver and DnsReader ports over net's DNS client.
#pragma once

#include "domain/ports/dns_reader.h"
#include "domain/ports/resolver.h"
#include "net/dns.h"

namespace fumi::app {

class DnsResolver final : public MailResolver {
 public:
  explicit DnsResolver(net::DnsClient& dns) : dns_(dns) {}
  Task<Result<MxAnswer>> mx(std::string domain) override;
  Task<Result<AddressAnswer>> addresses(std::string host) override;

 private:
  net::DnsClient& dns_;
};

class DnsTextReader final : public DnsReader {
 public:
  explicit DnsTextReader(net::DnsClient& dns) : dns_(dns) {}
  Task<Result<DnsValues>> read(std::string name, DnsKind kind) override;

 private:
  net::DnsClient& dns_;
};

}  // namespace fumi::app
