// DnsResolver: the MailResolver port over net's DNS client.
#pragma once

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

}  // namespace fumi::app
