// The JSON of domains' ownership, plans and pace. describe() in people_resources.cpp.
#pragma once

#include "api/admin/resources.h"
#include "domain/limits.h"
#include "service/tenancy/domain_check.h"
#include "service/tenancy/limits.h"

namespace fumi::api::admin {

[[nodiscard]] DomainView domain_view(const MailDomain& domain, std::string tenant);

struct DomainVerification {
  std::string method = "dns";
  std::optional<std::string> note;
};
struct DnsFinding {
  DnsRecord record;
  std::string state;
  std::vector<std::string> published;
  std::string text, text_ja;
};
struct DomainCheckView {
  DomainView domain;
  bool good = false;  // nothing that is required is missing or wrong
  std::vector<DnsFinding> records;
};

struct PaceRules {
  std::uint32_t per_minute = 0, burst = 0, backlog_max = 0, per_10_minutes = 0, per_day = 0;
};
struct LimitsView {
  std::string tenant;
  std::uint32_t accounts_max = 0, domains_max = 0, api_users_max = 0;
  std::uint64_t storage_octets_max = 0;
  PaceRules person_pace, tenant_pace;
  std::uint64_t accounts = 0, domains = 0, api_users = 0, storage_octets = 0, accounts_no_quota = 0,
                used_octets = 0;
};
struct PaceRulesPatch {
  std::optional<std::uint32_t> per_minute, burst, backlog_max, per_10_minutes, per_day;
};
struct LimitsPatch {
  std::optional<std::uint32_t> accounts_max, domains_max, api_users_max;
  std::optional<std::uint64_t> storage_octets_max;
  std::optional<PaceRulesPatch> person_pace, tenant_pace;
};
struct PaceView {
  std::optional<std::string> address;  // none: the tenant as a whole
  PaceRules rules;
  std::uint64_t waiting = 0, ten_minutes = 0, day = 0;
  std::optional<Instant> lifted_until;
};
struct PaceLift {
  Instant until;
  std::string note;
};

void describe(Schema<DomainVerification>& s);
void describe(Schema<DnsFinding>& s);
void describe(Schema<DomainCheckView>& s);
void describe(Schema<PaceRules>& s);
void describe(Schema<LimitsView>& s);
void describe(Schema<PaceRulesPatch>& s);
void describe(Schema<LimitsPatch>& s);
void describe(Schema<PaceView>& s);
void describe(Schema<PaceLift>& s);

}  // namespace fumi::api::admin
