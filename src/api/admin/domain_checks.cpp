// Whose a domain is, and whether its DNS is as it should be.
#include <algorithm>

#include "api/admin/admin_api.h"

namespace fumi::api::admin {
namespace {

using http::Method;
using service::RecordFinding;
using service::RecordNeed;
using service::RecordState;

// The long form has the tenant in its path, the short one finds it by the domain.
std::string domain_of(const Call& call) {
  std::string name(call.context.parameter("domain"));
  if (name.empty()) name = call.context.parameter("address");
  return name;
}

DnsRecord record_view(const service::WantedRecord& wanted) {
  return {to_string(wanted.kind), wanted.name, wanted.value, wanted.purpose,
          service::to_string(wanted.need)};
}

bool is_good(const RecordFinding& finding) {
  return finding.wanted.need != RecordNeed::required || finding.state == RecordState::good ||
         finding.state == RecordState::differs;
}

}  // namespace

void AdminApi::add_domain_checks() {
  tag_ = "domains";
  for (const std::string path : {"/tenants/{tenant}/domains/{domain}", "/domains/{address}"}) {
    const std::string which = path.starts_with("/tenants") ? "" : "ByName";
    add(Method::get, path + "/dns", which.empty() ? "showDomainDns" : "showDnsByName",
        Permission::domains_read, "Tells the records to publish in DNS.", &AdminApi::domain_dns);
    add(Method::get, path + "/check", "checkDomain" + which, Permission::domains_read,
        "Compares what is published in DNS with what should be.", &AdminApi::check_domain);
    add(Method::post, path + "/verification", "verifyDomain" + which, Permission::domains_write,
        "Verifies that a domain is its tenant's.", &AdminApi::verify_domain);
  }
}

Task<Result<DomainDns>> AdminApi::domain_dns(Call& call, None, None) {
  DomainDns dns;
  dns.domain = domain_of(call);
  auto wanted = co_await host_->domain_check.wanted(call.scope, dns.domain);
  if (!wanted) co_return std::unexpected(std::move(wanted).error());
  for (const service::WantedRecord& record : *wanted)
    dns.records.push_back(record_view(record));
  co_return dns;
}

Task<Result<DomainCheckView>> AdminApi::check_domain(Call& call, None, None) {
  Result<std::string> tenant = co_await tenant_name(call.scope.tenant);
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  std::string name = domain_of(call);
  auto report = co_await host_->domain_check.check(call.scope, std::move(name));
  if (!report) co_return std::unexpected(std::move(report).error());
  DomainCheckView view;
  view.domain = domain_view(report->domain, std::move(*tenant));
  view.good = std::ranges::all_of(report->findings, is_good);
  for (RecordFinding& finding : report->findings) {
    view.records.push_back({record_view(finding.wanted), service::to_string(finding.state),
                            std::move(finding.published), std::move(finding.english),
                            std::move(finding.japanese)});
  }
  co_return view;
}

Task<Result<DomainView>> AdminApi::verify_domain(Call& call, None, DomainVerification body) {
  Result<std::string> tenant = co_await tenant_name(call.scope.tenant);
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  std::string name = domain_of(call);
  Result<MailDomain> domain = fail(Code::invalid, "verifying a domain");
  if (body.method == "operator" && call.scope.actor.kind != Actor::Kind::operator_) {
    co_return fail(Code::denied, "verifying a domain", "that is an operator's word to give");
  }
  if (body.method == "operator") {
    std::string note = body.note.value_or("");
    domain = co_await host_->domain_check.vouch(call.scope, std::move(name), std::move(note));
  } else {
    domain = co_await host_->domain_check.verify(call.scope, std::move(name));
  }
  if (!domain) co_return std::unexpected(std::move(domain).error());
  co_return domain_view(*domain, std::move(*tenant));
}

}  // namespace fumi::api::admin
