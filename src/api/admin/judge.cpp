// Who calls, what their call is about, and whether they may: the one place where grants are judged.
#include <algorithm>

#include "api/admin/admin_api.h"
#include "base/ascii.h"
#include "crypto/token.h"

namespace fumi::api::admin {
namespace {

constexpr const char* kJudging = "judging a call";

std::string_view bearer(const http::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = request.headers.value("Authorization");
  if (!ascii::istarts_with(value, kScheme)) return {};
  return ascii::trim(value.substr(kScheme.size()));
}

std::unexpected<Error> not_permitted(Permission needed) {
  return fail(Code::denied, kJudging,
              "it takes the permission " + std::string(to_string(needed)) +
                  ", which none of your roles has here");
}

std::string domain_of(const std::string& address_or_domain) {
  const std::size_t at = address_or_domain.rfind('@');
  const auto domain = normalize_domain(at == std::string::npos ? address_or_domain
                                                               : address_or_domain.substr(at + 1));
  return domain.value_or("");
}

// Whether one of the grants could permit it for some target in the tenant.
bool may_somewhere(const Caller& caller, Permission needed, TenantId tenant) {
  if (may(caller, needed, {tenant, {}})) return true;
  return std::ranges::any_of(caller.grants, [&](const Grant& grant) {
    return may(caller, needed, {tenant, grant.scope.domain});
  });
}

}  // namespace

Task<Result<Caller>> AdminApi::authenticate(const http::Request& request) {
  static constexpr const char* kDoing = "checking the operator token";
  const auto digest = crypto::token_digest("op", bearer(request));
  if (!digest) {
    co_return fail(Code::unauthenticated, kDoing,
                   "send Authorization: Bearer with an operator token (fumi_op_…)");
  }
  const std::string hash = ascii::to_hex(crypto::view(*digest));
  auto work = [&hash](PlatformTx& tx) { return tx.platform().operator_by_token(hash); };
  Result<std::optional<Operator>> person = co_await host_->platform.read(std::move(work));
  if (!person) co_return std::unexpected(std::move(person).error());
  if (!*person) co_return fail(Code::unauthenticated, kDoing, "no operator has this token");
  Caller caller;
  caller.actor = {Actor::Kind::operator_, (*person)->id.value()};
  Grant grant;
  grant.holder = caller.actor;
  grant.role = Role::operator_;
  grant.scope.kind = GrantScope::Kind::server;
  caller.grants.push_back(grant);
  co_return caller;
}

// {tenant}, or the one whose domain {address} is in; without either the caller's own.
Task<Result<GrantTarget>> AdminApi::target_of_path(const Caller& caller,
                                                   const http::RequestContext& context) {
  GrantTarget target{caller.tenant, {}};
  const std::string name(context.parameter("tenant"));
  if (!name.empty()) {
    Result<Tenant> tenant = co_await host_->tenancy.tenant_by_name(name);
    if (!tenant) co_return std::unexpected(std::move(tenant).error());
    if (caller.tenant && tenant->id != caller.tenant) co_return service::Tenancy::no_tenant(name);
    target.tenant = tenant->id;
  }
  const bool by_address = !context.parameter("address").empty();
  std::string about(context.parameter(by_address ? "address" : "domain"));
  if (about.empty()) co_return target;
  const std::string domain = domain_of(about);
  Result<DomainOwner> owner = co_await host_->tenancy.owner_of(std::move(about));
  if (!owner && !by_address) co_return target;  // the handler will tell that it isn't there
  if (!owner) co_return std::unexpected(std::move(owner).error());
  const bool own = !target.tenant || owner->tenant == target.tenant;
  if (own) target = {owner->tenant, owner->domain};
  if (!own && by_address) co_return service::Tenancy::no_owner(domain);
  co_return target;
}

Task<Result<Call>> AdminApi::admit(http::RequestContext& context, Permission needed, Says body) {
  Result<Caller> caller = co_await authenticate(context.request);
  if (!caller) co_return std::unexpected(std::move(caller).error());
  Result<GrantTarget> target = co_await target_of_path(*caller, context);
  if (!target) co_return std::unexpected(std::move(target).error());
  // Where the body will narrow the target, the final word is admit_address()'s.
  const bool later = body == Says::address && !target->domain;
  const bool good =
      later ? may_somewhere(*caller, needed, target->tenant) : may(*caller, needed, *target);
  if (!good) co_return not_permitted(needed);
  const TenantScope scope{target->tenant, caller->actor};
  co_return Call{context, std::move(*caller), scope};
}

Task<Status> AdminApi::admit_address(Call& call, Permission needed, std::string address) {
  const std::string domain = domain_of(address);
  const bool path_tells =
      !call.context.parameter("tenant").empty() || !call.context.parameter("address").empty();
  Result<DomainOwner> owner = co_await host_->tenancy.owner_of(std::move(address));
  if (owner && call.scope.tenant && owner->tenant != call.scope.tenant)
    owner = service::Tenancy::no_owner(domain);
  // Of an address outside the tenant the handler tells in its own words.
  if (!owner && !path_tells) co_return std::unexpected(std::move(owner).error());
  GrantTarget target{call.scope.tenant, {}};
  if (owner) target = {owner->tenant, owner->domain};
  if (!may(call.caller, needed, target)) co_return not_permitted(needed);
  call.scope.tenant = target.tenant;
  co_return Status();
}

Task<Result<std::string>> AdminApi::tenant_name(TenantId id) {
  auto work = [id](PlatformTx& tx) { return tx.platform().tenant(id); };
  Result<std::optional<Tenant>> tenant = co_await host_->platform.read(std::move(work));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  if (!*tenant) co_return fail(Code::not_found, "looking up a tenant", "there is no such tenant");
  co_return (*tenant)->name;
}

Task<Result<std::optional<TenantId>>> AdminApi::tenant_filter(const Call& call,
                                                              std::optional<std::string> name) {
  if (!name) co_return call.tenant();
  Result<Tenant> tenant = co_await host_->tenancy.tenant_by_name(*name);
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  if (call.scope.tenant && tenant->id != call.scope.tenant)
    co_return service::Tenancy::no_tenant(*name);
  co_return std::optional<TenantId>(tenant->id);
}

}  // namespace fumi::api::admin
