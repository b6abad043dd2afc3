#include "server/smtp/trusted.h"

#include "base/log.h"

namespace fumi::server {

Status TrustedNetworks::add(const std::string& text) {
  const std::size_t equals = text.find('=');
  const auto network = IpNetwork::parse(text.substr(0, equals));
  if (equals == std::string::npos || !network || equals + 1 == text.size()) {
    return fail(Code::invalid, "reading relay.trusted",
                "\"" + text + "\" is not of the form network=tenant, as in 192.0.2.0/24=acme");
  }
  entries_.push_back({*network, text.substr(equals + 1)});
  return {};
}

Task<TenantId> TrustedNetworks::tenant_of(std::string client_ip) {
  const auto ip = IpAddress::parse(client_ip);
  if (!ip) co_return TenantId();
  for (const Entry& entry : entries_) {
    if (!entry.network.contains(*ip)) continue;
    Result<Tenant> tenant = co_await tenancy_.tenant_by_name(entry.tenant);
    if (!tenant) {
      log::warning("smtp", "trusted network without a tenant",
                   {{"tenant", entry.tenant}, {"why", tenant.error().text()}});
      co_return TenantId();
    }
    if (tenant->status != TenantStatus::active) co_return TenantId();
    co_return tenant->id;
  }
  co_return TenantId();
}

}  // namespace fumi::server
