// Who calls, what their call is about, and whether they may: the one place where grants are judged.
#include <algorithm>

#include "api/admin/admin_api.h"
#include "base/ascii.h"

namespace fumi::api::admin {
namespace {

constexpr const char* kJudging = "judging a call";

std::string_view bearer(const http::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = request.headers.value("Authorization");
  if (!ascii::istarts_with(value, kScheme)) return {};
  return ascii::trim(value.substr(kScheme.size()));
}

std::string_view session_cookie(const http::Request& request) {
  for (std::string_view pair : ascii::split(request.headers.value("Cookie"), ';')) {
    pair = ascii::trim(pair);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == kSessionCookie)
      return pair.substr(equals + 1);
  }
  return {};
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

struct AdminApi::Proof {
  service::ProvenCaller proven;
  std::string cookie;
};

Task<Result<AdminApi::Proof>> AdminApi::authenticate(const http::Request& request) {
  const std::string_view token = bearer(request);
  const std::string_view cookie = part_ == Part::tenants ? session_cookie(request) : "";
  if (token.empty() && !cookie.empty()) {
    Result<service::ProvenCaller> who = co_await host_->sessions.session(cookie);
    if (!who) co_return std::unexpected(std::move(who).error());
    // What another site makes a browser send carries the cookie (SameSite aside), not the header.
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    if (!reads && !service::Sessions::csrf_matches(cookie, request.headers.value("X-CSRF-Token")))
      co_return fail(Code::denied, kJudging, "send the session's X-CSRF-Token");
    co_return Proof{std::move(*who), std::string(cookie)};
  }
  Result<service::ProvenCaller> who = co_await host_->sessions.bearer(token);
  if (!who) co_return std::unexpected(std::move(who).error());
  const Part home = who->caller.tenant ? Part::tenants : Part::server;
  if (part_ != home)
    co_return fail(Code::unauthenticated, kJudging, "this token opens nothing at this address");
  co_return Proof{std::move(*who), {}};
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

Task<Result<Call>> AdminApi::admit(http::RequestContext& context, Permission needed, Says says) {
  if (needed == kAnybody) co_return Call(context, *host_);
  Result<Proof> proof = co_await authenticate(context.request);
  if (!proof) co_return std::unexpected(std::move(proof).error());
  Caller caller = std::move(proof->proven.caller);
  Result<GrantTarget> target = co_await target_of_path(caller, context);
  if (!target) co_return std::unexpected(std::move(target).error());
  // Where the body will narrow the target, the final word is admit_address()'s.
  const bool later = says == Says::address && !target->domain;
  const bool good =
      later ? may_somewhere(caller, needed, target->tenant) : may(caller, needed, *target);
  if (!good) co_return not_permitted(needed);
  Call call(context, *host_);
  call.scope = {target->tenant, caller.actor};
  call.caller = std::move(caller);
  call.token = proof->proven.token;
  call.cookie = std::move(proof->cookie);
  Status below = co_await require_not_above(call, needed);
  if (!below) co_return std::unexpected(std::move(below).error());
  co_return call;
}

// Who runs accounts must not become more by another's password, keys or shared mail: an account
// with roles beyond the caller's is touched by those alone who give roles.
Task<Status> AdminApi::require_not_above(const Call& call, Permission needed) {
  const bool takes_over = needed == Permission::accounts_write ||
                          needed == Permission::credentials_write ||
                          needed == Permission::sharing_write;
  std::string address(call.context.parameter("address"));
  if (!takes_over || address.empty() || !call.caller.tenant) co_return Status();
  if (may(call.caller, Permission::roles_write, {call.scope.tenant, {}})) co_return Status();
  Result<std::vector<Grant>> held = co_await host_->roles.held_by(call.scope, std::move(address));
  if (!held) co_return std::unexpected(std::move(held).error());
  for (const Grant& grant : *held) {
    if (may_pass_on(call.caller, grant.role, grant.scope)) continue;
    co_return fail(Code::denied, kJudging, "the account has roles beyond yours; ask an owner");
  }
  co_return Status();
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
