#include "service/tenancy/tenancy.h"

#include <algorithm>

#include "base/ascii.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

bool is_handle(std::string_view name) {
  if (name.size() < 2 || name.size() > 40 || !(name[0] >= 'a' && name[0] <= 'z')) return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '-'; });
}

}  // namespace

Task<Result<Tenant>> Tenancy::create_tenant(Actor actor, std::string name) {
  if (!is_handle(name)) {
    co_return fail(Code::invalid, "creating a tenant",
                   "the name takes 2 to 40 lower-case letters, digits and hyphens, a letter first");
  }
  const Tenant tenant{ids_.next<TenantId>(), name, TenantStatus::active, clock_.now()};
  auto exists = [&](PlatformTx& tx) { return tx.platform().tenant_by_name(name); };
  Result<std::optional<Tenant>> present = co_await platform_.read(std::move(exists));
  if (!present) co_return std::unexpected(std::move(present).error());
  if (*present) co_return fail(Code::conflict, "creating a tenant", name + " exists already");
  // Key first: a tenant without a key can't hold anything; a key without a tenant is harmless.
  Status keyed;
  const std::function<void()> make_key = [&] {
    keyed = keys_.create(crypto::TenantNumber(tenant.id.value()));
  };
  Status ran = co_await runtime_.offload(make_key);
  if (!ran) co_return std::unexpected(std::move(ran).error());
  if (!keyed) co_return std::unexpected(std::move(keyed).error());
  auto work = [&](PlatformTx& tx) -> Status {
    FUMI_CHECK(tx.platform().create_tenant(tenant));
    return tx.in({tenant.id, actor})
        .records()
        .append(operation(actor, clock_.now(), "tenant.create", name));
  };
  Status done = co_await platform_.write(std::move(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return tenant;
}

Task<Result<std::vector<Tenant>>> Tenancy::tenants(TenantId after, std::uint32_t limit) {
  auto work = [&](PlatformTx& tx) { return tx.platform().tenants(after, limit); };
  co_return co_await platform_.read(std::move(work));
}

Task<Result<Tenant>> Tenancy::tenant_by_name(std::string name) {
  auto work = [&](PlatformTx& tx) { return tx.platform().tenant_by_name(name); };
  Result<std::optional<Tenant>> found = co_await platform_.read(std::move(work));
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!*found) co_return no_tenant(name);
  co_return std::move(**found);
}

Task<Status> Tenancy::set_tenant_status(Actor actor, TenantId tenant, TenantStatus status) {
  auto work = [&](PlatformTx& tx) -> Status {
    FUMI_CHECK(tx.platform().set_tenant_status(tenant, status));
    return tx.in({tenant, actor})
        .records()
        .append(operation(actor, clock_.now(), "tenant.status", tenant.text(),
                          {{"status", std::to_string(int(status))}}));
  };
  Status done = co_await platform_.write(std::move(work));
  routing_.forget_all();
  co_return done;
}

Task<Result<DomainOwner>> Tenancy::owner_of(std::string address_or_domain) {
  const std::size_t at = address_or_domain.rfind('@');
  const auto domain = normalize_domain(at == std::string::npos ? address_or_domain
                                                               : address_or_domain.substr(at + 1));
  if (!domain) {
    co_return fail(Code::invalid, "finding the tenant",
                   ascii::printable(address_or_domain) + " is no address or domain");
  }
  Result<std::optional<DomainOwner>> owner = co_await routing_.owner(*domain);
  if (!owner) co_return std::unexpected(std::move(owner).error());
  if (!*owner) co_return no_owner(*domain);
  co_return **owner;
}

Task<Result<TenantId>> Tenancy::tenant_of(std::string address_or_domain) {
  Result<DomainOwner> owner = co_await owner_of(std::move(address_or_domain));
  if (!owner) co_return std::unexpected(std::move(owner).error());
  co_return owner->tenant;
}

std::unexpected<Error> Tenancy::no_owner(const std::string& domain) {
  return fail(Code::not_found, "finding the tenant", "no tenant has " + domain);
}

std::unexpected<Error> Tenancy::no_tenant(const std::string& name) {
  return fail(Code::not_found, "looking up a tenant", "there is no tenant " + name);
}

}  // namespace fumi::service
