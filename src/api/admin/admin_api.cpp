#include "api/admin/admin_api.h"

#include <algorithm>

#include "api/typescript.h"

namespace fumi::api::admin {
namespace {

constexpr const char* kDescription =
    "Runs a Fumi installation: tenants, domains, accounts, the queue, the log. Each operation "
    "names "
    "the permission that it needs (x-permission); roles give them. "
    "Errors are problem details (RFC 9457). Unknown members of requests are refused. Addresses in "
    "paths are percent-encoded.";

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

bool offers(Part part, Permission needed) {
  const auto gives = [needed](const RoleInfo& role) {
    return role.of == RoleInfo::Of::tenant && role.permissions.has(needed);
  };
  const bool personal = needed == kAnybody || needed == Permission::self;
  if (part == Part::server) return !personal;
  return personal || std::ranges::any_of(roles(), gives);
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
  add_domain_checks();
  add_limits();
  add_accounts();
  add_mail();
  add_acl();
  add_access();
  add_search_index();
  add_transfers();
  add_roles();
  add_sessions();
}

void add_admin_routes(http::Router& router, AdminHost& host, Part part) {
  // Owned by the route that serves its document: the router outlives every call.
  const auto api = std::make_shared<AdminApi>(&host, &router, part);
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

std::string typescript_types() {
  const AdminApi api(nullptr, nullptr, std::nullopt);
  return typescript(api.document());
}

std::string openapi_document() {
  const AdminApi api(nullptr, nullptr, std::nullopt);
  return write_json(openapi(api.document()), Layout::pretty) + "\n";
}

}  // namespace fumi::api::admin
