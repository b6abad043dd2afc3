// What a domain has to publish in DNS so that its mail arrives, is believed, and is found by mail
// programs; and what is wrong with what it publishes. Values only: domain_check.h asks DNS.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/ports/dns_reader.h"
#include "domain/tenancy.h"

namespace fumi::service {

// What records say of this installation. Ports of 0 are not announced.
struct MailHostFacts {
  std::string hostname;  // of MX and of all services
  std::uint16_t imaps = 0, submissions = 0, submission = 0;
  std::vector<std::string> tlsa;  // "3 1 1 …" of each certificate in use (RFC 7672 §3.1.1)
};

enum class RecordNeed : std::uint8_t {
  required,     // mail gets lost or is taken for spam without it
  recommended,  // it protects mail on its way
  convenient,   // mail programs set themselves up
};

struct WantedRecord {
  DnsKind kind = DnsKind::txt;
  std::string name;     // without the last dot
  std::string value;    // as DnsValues has it
  std::string purpose;  // ownership mx spf dkim dmarc mta-sts mta-sts-host tls-rpt tlsa autoconfig
                        // autodiscover srv
  RecordNeed need = RecordNeed::required;
};

inline constexpr const char* kChallengeLabel = "_fumi-challenge.";

[[nodiscard]] std::vector<WantedRecord> wanted_records(const MailDomain& domain,
                                                       const std::vector<DkimKey>& keys,
                                                       const MailHostFacts& host);

enum class RecordState : std::uint8_t {
  good,
  missing,
  wrong,    // it does harm as it is
  differs,  // may be meant so: somebody should look
  unknown,  // DNS did not answer
};

struct RecordFinding {
  WantedRecord wanted;
  RecordState state = RecordState::unknown;
  std::vector<std::string> published;  // what there is of that kind
  std::string english, japanese;       // what to do
};

[[nodiscard]] RecordFinding judge_record(WantedRecord wanted, const DnsValues& published);
// For a record that could not be read.
[[nodiscard]] RecordFinding unread_record(WantedRecord wanted);

[[nodiscard]] const char* to_string(RecordNeed need);
[[nodiscard]] const char* to_string(RecordState state);

}  // namespace fumi::service
