// DomainCheck: whether a domain is its tenant's, and whether its DNS is as it should be.
//
// A tenant proves a domain by publishing its challenge as TXT under _fumi-challenge.<domain>. Until
// then nothing is sent or received for it. An operator may decide without proof, with a note that
// goes into the audit trail.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/store.h"
#include "service/tenancy/dns_records.h"
#include "service/tenancy/routing.h"

namespace fumi::service {

struct DomainReport {
  MailDomain domain;
  std::vector<RecordFinding> findings;
};

class DomainCheck {
 public:
  DomainCheck(Store& store, Routing& routing, DnsReader& dns, const Clock& clock,
              MailHostFacts host)
      : store_(store), routing_(routing), dns_(dns), clock_(clock), host_(std::move(host)) {}

  // What is to be published.
  Task<Result<std::vector<WantedRecord>>> wanted(TenantScope scope, std::string domain);
  // Compares it with what is published. Records that DNS does not answer for are `unknown`; after
  // two of these the rest is not asked for. Changes nothing.
  Task<Result<DomainReport>> check(TenantScope scope, std::string domain);

  // Looks for the challenge: the domain becomes verified or failed; a verified one stays as it is.
  // unavailable, timeout: DNS did not answer, nothing changed. conflict: it was changed meanwhile.
  Task<Result<MailDomain>> verify(TenantScope scope, std::string domain);
  // The operator's word. `note` says why: 1 to 500 octets, no control characters.
  Task<Result<MailDomain>> vouch(TenantScope scope, std::string domain, std::string note);

  [[nodiscard]] const MailHostFacts& host() const { return host_; }

 private:
  struct Known;
  Task<Result<Known>> known(TenantScope scope, std::string domain);
  Task<Result<MailDomain>> decide(TenantScope scope, MailDomain before, DomainState state,
                                  std::string note);

  Store& store_;
  Routing& routing_;
  DnsReader& dns_;
  const Clock& clock_;
  MailHostFacts host_;
};

// A fresh challenge: "fumi-verification=" and 128 random bits.
[[nodiscard]] std::string make_challenge();
[[nodiscard]] const char* to_string(DomainState state);

}  // namespace fumi::service
