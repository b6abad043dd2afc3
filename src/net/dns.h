// DNS as values: questions, answers and the decoding of record data. No network here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace fumi::net {

enum class DnsType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  tlsa = 52
};

enum class DnsStatus {
  ok,        // there are records
  nxdomain,  // the name doesn't exist
  nodata,    // the name exists, without records of this type
  servfail,  // the servers failed, or the answer is bogus: temporary for mail (RFC 5321 §5.1)
  timeout,   // our deadline passed
};

enum class DnsSecurity {
  insecure,  // not signed, or no trust anchor leads there
  secure,    // validated from a trust anchor (RFC 4035 §4.3): the only state in which DANE applies
  bogus,     // validation failed; the records are not given
};

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot; "" is the null MX (RFC 7505)
  friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

struct TlsaRecord {  // RFC 6698 §2.1
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;  // raw octets
  friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

struct SrvRecord {  // RFC 2782
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;  // lower case, no trailing dot; "" is "no such service here"
  friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

template <class T>
struct DnsRecords {
  DnsStatus status = DnsStatus::servfail;
  DnsSecurity security = DnsSecurity::insecure;
  std::string canonical;  // where CNAMEs led; "" when the name asked is the owner
  Duration ttl{};         // of the answer; for negative ones what the SOA allows
  std::string why;        // for operators: why it is bogus, which rcode
  std::vector<T> records;
};
using DnsAnswer = DnsRecords<std::string>;  // raw record data in wire form

// Names are host names in A-label form, with or without a trailing dot. Result's Error: invalid
// (not a name), cancelled, unavailable (stopped, or too many questions in flight). What DNS itself
// answers, failures included, is in the status. Safe from any coroutine; resumes on its executor.
class DnsClient {
 public:
  virtual ~DnsClient() = default;
  virtual Task<Result<DnsAnswer>> query(std::string name, DnsType type) = 0;

  Task<Result<DnsRecords<MxRecord>>> mx(
      std::string name);  // by preference; equal ones as they came
  // A and AAAA together: ok if either has records; secure only if both answers are.
  Task<Result<DnsRecords<IpAddress>>> addresses(std::string name);
  Task<Result<DnsRecords<IpAddress>>> a(std::string name);
  Task<Result<DnsRecords<IpAddress>>> aaaa(std::string name);
  Task<Result<DnsRecords<std::string>>> txt(std::string name);  // character-strings joined
  Task<Result<DnsRecords<TlsaRecord>>> tlsa(std::string name);
  Task<Result<DnsRecords<std::string>>> ptr(IpAddress address);
};

// Decoders of record data (RFC 1035 §3.3). Names must not be compressed, which libunbound promises;
// anything malformed, short or with bytes left over is nothing. Octets of a label outside
// letters, digits, "-" and "_" are written as \DDD (RFC 1035 §5.1).
namespace rdata {
[[nodiscard]] std::optional<std::string> name(std::string_view wire);  // PTR, CNAME, NS
[[nodiscard]] std::optional<IpAddress> a(std::string_view wire);
[[nodiscard]] std::optional<IpAddress> aaaa(std::string_view wire);
[[nodiscard]] std::optional<MxRecord> mx(std::string_view wire);
[[nodiscard]] std::optional<std::string> txt(std::string_view wire);
[[nodiscard]] std::optional<SrvRecord> srv(std::string_view wire);
[[nodiscard]] std::optional<TlsaRecord> tlsa(std::string_view wire);
}  // namespace rdata

// A name that may be asked: labels of 1-63 octets, 253 in all (RFC 1035 §2.3.4), no controls.
[[nodiscard]] bool is_dns_name(std::string_view name);

}  // namespace fumi::net
