// MailResolver: what delivery asks of DNS. The adapter decides servers, caching and deadlines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace fumi {

struct MailHost {
  std::uint32_t preference = 0;
  std::string name;
};

struct MxAnswer {
  std::vector<MailHost> hosts;  // as published; empty: no MX records
  bool no_such_domain = false;  // NXDOMAIN
  bool null_mx = false;         // RFC 7505: a single "." with preference 0
  bool secure = false;          // DNSSEC-validated
};

struct AddressAnswer {
  std::vector<std::string> addresses;  // textual; IPv6 and IPv4 in the order to be tried
  bool no_such_domain = false;
  bool secure = false;
};

// Temporary failures of DNS are Code::unavailable or Code::timeout.
class MailResolver {
 public:
  virtual ~MailResolver() = default;
  virtual Task<Result<MxAnswer>> mx(std::string domain) = 0;
  virtual Task<Result<AddressAnswer>> addresses(std::string host) = 0;
};

}  // namespace fumi
