// DnsReader: what is published under a name, as text; for telling people what is wrong with their
// DNS. Delivery asks MailResolver (ports/resolver.h) instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace fumi {

enum class DnsKind : std::uint8_t { a, aaaa, mx, txt, cname, srv, tlsa };

// "MX", "TXT": as zone files write it.
[[nodiscard]] constexpr const char* to_string(DnsKind kind) {
  constexpr const char* kNames[] = {"A", "AAAA", "MX", "TXT", "CNAME", "SRV", "TLSA"};
  return kNames[static_cast<int>(kind)];
}

// Values as zone files write them, names lower-case without the last dot: "10 mx.example" (MX), the
// strings of a TXT record joined, "0 1 993 mx.example" (SRV), "3 1 1 ab12…" (TLSA). No record is an
// empty answer, whether the name exists or not.
struct DnsValues {
  std::vector<std::string> values;
  bool secure = false;  // DNSSEC-validated
};

// Temporary failures of DNS are Code::unavailable or Code::timeout.
class DnsReader {
 public:
  virtual ~DnsReader() = default;
  virtual Task<Result<DnsValues>> read(std::string name, DnsKind kind) = 0;
};

}  // namespace fumi
