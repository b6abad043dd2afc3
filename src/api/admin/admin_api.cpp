#include "api/admin/admin_api.h"

#include "base/ascii.h"
#include "crypto/token.h"

namespace fumi::api::admin {
namespace {

constexpr const char* kDescription =
    "Runs a Fumi installation: tenants, domains, accounts, the queue, the log. Operators only. "
    "Errors are problem details (RFC 9457). Unknown members of requests are refused. Addresses in "
    "paths are percent-encoded.";

std::string_view bearer(const http::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = request.headers.value("Authorization");
  if (!ascii::istarts_with(value, kScheme)) return {};
  return ascii::trim(value.substr(kScheme.size()));
}

Task<http::Reply> serve_document(const std::string& document) {
  co_return http::text_response(200, document, "application/json");
}

Task<http::Reply> live() { co_return http::text_response(200, "live\n"); }

Task<http::Reply> ready(Platform& platform) {
  auto work = [](PlatformTx& tx) { return tx.platform().tenants(TenantId(), 1); };
  const auto read = co_await platform.read(std::move(work));
  if (read) co_return http::text_response(200, "ready\n");
  co_return http::text_response(503, "the store does not answer\n");
}

Task<http::Reply> metrics(obs::Registry& registry) {
  co_return http::text_response(200, registry.expose(), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace

std::expected<Json, FieldProblem> read_body(const http::Request& request) {
  const auto type = http::media_type(request.headers.value("Content-Type"));
  if (!type || (type->type != "application/json" && !type->type.ends_with("+json")))
    return std::unexpected(FieldProblem{"", "send JSON as Content-Type: application/json"});
  auto json = parse_json(request.body);
  if (!json)
    return std::unexpected(FieldProblem{"", "the body is no JSON: " + json.error().detail});
  return std::move(*json);
}

Task<Result<Actor>> AdminApi::authenticate(const http::Request& request) {
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
  co_return Actor{Actor::Kind::operator_, (*person)->id.value()};
}

Task<Result<TenantScope>> AdminApi::scope_of(Call& call) {
  const std::string name(call.context.parameter("tenant"));
  if (!name.empty()) {
    Result<Tenant> tenant = co_await host_->tenancy.tenant_by_name(name);
    if (!tenant) co_return std::unexpected(std::move(tenant).error());
    co_return TenantScope{tenant->id, call.actor};
  }
  std::string address(call.context.parameter("address"));
  Result<TenantId> tenant = co_await host_->tenancy.tenant_of(std::move(address));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  co_return TenantScope{*tenant, call.actor};
}

Task<Result<std::string>> AdminApi::tenant_name(TenantId id) {
  auto work = [id](PlatformTx& tx) { return tx.platform().tenant(id); };
  Result<std::optional<Tenant>> tenant = co_await host_->platform.read(std::move(work));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  if (!*tenant) co_return fail(Code::not_found, "looking up a tenant", "there is no such tenant");
  co_return (*tenant)->name;
}

Task<Result<std::optional<TenantId>>> AdminApi::tenant_id(std::optional<std::string> name) {
  if (!name) co_return std::optional<TenantId>();
  Result<Tenant> tenant = co_await host_->tenancy.tenant_by_name(std::move(*name));
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  co_return std::optional<TenantId>(tenant->id);
}

void AdminApi::add_all() {
  document_.title = "Fumi admin API";
  document_.version = "1";
  document_.description = kDescription;
  document_.path_parameters = {{"tenant", "A tenant's name."},
                               {"domain", "A domain of the tenant."},
                               {"address", "An account's address, percent-encoded."},
                               {"alias", "One of the account's other addresses."},
                               {"name", "An API user's name, percent-encoded."},
                               {"id", "An id, as lists show it."}};
  add_tenants();
  add_accounts();
  add_mail();
  add_acl();
  add_search_index();
  add_transfers();
}

void add_admin_routes(http::Router& router, AdminHost& host) {
  // Owned by the route that serves its document: the router outlives every call.
  const auto api = std::make_shared<AdminApi>(&host, &router);
  const auto document = std::make_shared<const std::string>(
      write_json(openapi(api->document()), Layout::pretty) + "\n");
  router.add(http::Method::get, "/api/admin/v1/openapi.json",
             [api, document](http::RequestContext&) { return serve_document(*document); });
}

void add_health_routes(http::Router& router, Platform& platform) {
  router.add(http::Method::get, "/health/live", [](http::RequestContext&) { return live(); });
  router.add(http::Method::get, "/health/ready",
             [&platform](http::RequestContext&) { return ready(platform); });
}

void add_metrics_route(http::Router& router, obs::Registry& registry) {
  router.add(http::Method::get, "/metrics",
             [&registry](http::RequestContext&) { return metrics(registry); });
}

std::string openapi_document() {
  const AdminApi api(nullptr, nullptr);
  return write_json(openapi(api.document()), Layout::pretty) + "\n";
}

}  // namespace fumi::api::admin
