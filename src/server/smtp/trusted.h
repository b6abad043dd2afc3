// TrustedNetworks: clients of the relay port that need no login, and the tenant that answers for
// them ("relay.trusted").
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/task.h"
#include "domain/ids.h"
#include "service/tenancy/tenancy.h"

namespace fumi::server {

class TrustedNetworks {
 public:
  explicit TrustedNetworks(service::Tenancy& tenancy) : tenancy_(tenancy) {}

  // "192.0.2.0/24=acme"; invalid names what is wrong. Before use.
  Status add(const std::string& text);

  // The tenant of the first network that holds the address; 0: none, or its tenant doesn't exist
  // (yet) or isn't active. Reads the store: once a connection. Any thread.
  Task<TenantId> tenant_of(std::string client_ip);

 private:
  struct Entry {
    IpNetwork network;
    std::string tenant;
  };
  service::Tenancy& tenancy_;
  std::vector<Entry> entries_;
};

}  // namespace fumi::server
