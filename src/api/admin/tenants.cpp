// Tenants and domains.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {
namespace {

using http::Method;

std::string_view name_of(TenantStatus status) {
  switch (status) {
    case TenantStatus::active:
      return "active";
    case TenantStatus::suspended:
      return "suspended";
    case TenantStatus::terminated:
      return "terminated";
  }
  return "terminated";
}

TenantView tenant_view(const Tenant& tenant) {
  return {tenant.name, tenant.id.text(), std::string(name_of(tenant.status)), tenant.created};
}

}  // namespace

void AdminApi::add_tenants() {
  tag_ = "tenants";
  add(Method::post, "/tenants", "createTenant", Permission::tenants_write, "Opens a tenant.",
      &AdminApi::create_tenant, 201);
  add(Method::get, "/tenants", "listTenants", Permission::server_read, "Lists tenants.",
      &AdminApi::list_tenants);
  add(Method::get, "/tenants/{tenant}", "showTenant", Permission::tenants_read, "Shows a tenant.",
      &AdminApi::show_tenant, 200, kTagged);
  add(Method::patch, "/tenants/{tenant}", "changeTenant", Permission::tenants_write,
      "Suspends or resumes a tenant.", &AdminApi::patch_tenant, 200, kMatched);
  tag_ = "domains";
  add(Method::post, "/tenants/{tenant}/domains", "createDomain", Permission::domains_write,
      "Adds a domain.", &AdminApi::create_domain, 201, kCreation);
  add(Method::get, "/tenants/{tenant}/domains", "listDomains", Permission::domains_read,
      "Lists a tenant's domains.", &AdminApi::list_domains);
  add(Method::delete_, "/tenants/{tenant}/domains/{domain}", "deleteDomain",
      Permission::domains_write, "Removes a domain.", &AdminApi::delete_domain, 204, kChange);
  // The short form, for callers that know the domain alone.
  add(Method::delete_, "/domains/{address}", "deleteDomainByName", Permission::domains_write,
      "Removes a domain.", &AdminApi::delete_domain, 204, kChange);
}

Task<Result<TenantView>> AdminApi::create_tenant(Call& call, None, NewTenant body) {
  Result<Tenant> made = co_await call.tenancy.create_tenant(call.scope.actor, std::move(body.name));
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return tenant_view(*made);
}

Task<Result<Page<TenantView>>> AdminApi::list_tenants(Call&, PageQuery query, None) {
  TenantId after;
  if (query.after) {
    const auto id = TenantId::parse(*query.after);
    if (!id) co_return fail(Code::invalid, "listing tenants", "after is no id");
    after = *id;
  }
  Result<std::vector<Tenant>> rows = co_await host_->tenancy.tenants(after, query.limit);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<TenantView> page;
  for (const Tenant& tenant : *rows)
    page.items.push_back(tenant_view(tenant));
  if (rows->size() == query.limit) page.next = rows->back().id.text();
  co_return page;
}

Task<Result<TenantView>> AdminApi::show_tenant(Call& call, None, None) {
  std::string name(call.context.parameter("tenant"));
  Result<Tenant> tenant = co_await call.tenancy.tenant_by_name(std::move(name));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  co_return tenant_view(*tenant);
}

Task<Result<TenantView>> AdminApi::patch_tenant(Call& call, None, TenantPatch body) {
  const TenantStatus status =
      body.status == "active" ? TenantStatus::active : TenantStatus::suspended;
  Status done =
      co_await call.tenancy.set_tenant_status(call.scope.actor, call.scope.tenant, status);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return co_await show_tenant(call, None(), None());
}

Task<Result<DomainView>> AdminApi::create_domain(Call& call, None, NewDomain body) {
  // A domain on one's word is the operator's to give; a tenant's own people prove theirs.
  const bool is_operator = call.scope.actor.kind == Actor::Kind::operator_;
  const bool on_word = body.verification.value_or(is_operator ? "operator" : "dns") == "operator";
  if (on_word && !is_operator) {
    co_return fail(Code::denied, "creating a domain",
                   "prove the domain: \"verification\": \"dns\"");
  }
  const auto ownership = on_word ? service::Ownership::vouched : service::Ownership::prove;
  Result<MailDomain> made =
      co_await call.tenancy.create_domain(call.scope, std::move(body.name), ownership);
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return domain_view(*made, std::string(call.context.parameter("tenant")));
}

Task<Result<Page<DomainView>>> AdminApi::list_domains(Call& call, None, None) {
  Result<std::vector<MailDomain>> rows = co_await call.tenancy.domains(call.scope);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<DomainView> page;
  for (const MailDomain& row : *rows)
    page.items.push_back(domain_view(row, std::string(call.context.parameter("tenant"))));
  co_return page;
}

Task<Result<None>> AdminApi::delete_domain(Call& call, None, None) {
  std::string name(call.context.parameter("domain"));
  if (name.empty()) name = call.context.parameter("address");
  Status done = co_await call.tenancy.delete_domain(call.scope, std::move(name));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

}  // namespace fumi::api::admin
