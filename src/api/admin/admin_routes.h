// The admin API /api/admin/v1, and what monitoring asks for.
//
//   api::admin::AdminHost admin{tenancy, platform, queue_admin, records, runtime, clock, hostname,
//                              search_index, transfers, mailboxes, access, live, domain_check,
//                              limits, roles, sessions, store};
//   api::admin::add_admin_routes(operator_router, admin, api::admin::Part::server);
//   api::admin::add_admin_routes(tenant_router, admin, api::admin::Part::tenants);
//   api::admin::add_health_routes(operator_router, platform);
//   api::admin::add_health_routes(tenant_router, platform);
//   api::admin::add_metrics_route(operator_router, registry);
//
// Every call but the OpenAPI document and logging in proves who it is from: on the server's part an
// operator by `Authorization: Bearer fumi_op_…`; on the tenants' part a person by the cookie that
// POST /session gave (and X-CSRF-Token with all but GET), or a program by a token `fumi_adm_…`.
#pragma once

#include <string>

#include "base/time.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "obs/metrics.h"
#include "server/http/router.h"
#include "service/access/live_sessions.h"
#include "service/control/roles.h"
#include "service/control/sessions.h"
#include "service/mailbox/mailboxes.h"
#include "service/records/query.h"
#include "service/search/indexer.h"
#include "service/spool/queue_admin.h"
#include "service/tenancy/domain_check.h"
#include "service/tenancy/limits.h"
#include "service/tenancy/tenancy.h"
#include "service/transfer/transfers.h"

namespace fumi::api::admin {

// What the API works on; outlives the routers' sessions.
struct AdminHost {
  service::Tenancy& tenancy;
  Platform& platform;
  service::QueueAdmin& queue;
  service::RecordReader& records;
  Runtime& runtime;
  const Clock& clock;
  std::string hostname;  // the MX that DNS records name
  service::SearchIndexer& search_index;
  service::Transfers& transfers;
  service::Mailboxes& mailboxes;
  service::AccessPolicy& access;
  service::LiveSessions& live;
  service::DomainCheck& domain_check;
  service::Limits& limits;
  service::Roles& roles;
  service::Sessions& sessions;
  Store& store;
};

// Each on a listener of its own. server: all operations, for operators alone. tenants: what a
// tenant's roles can permit, each caller within its tenant; operators' tokens open nothing there.
enum class Part : std::uint8_t { server, tenants };
void add_admin_routes(http::Router& router, AdminHost& host, Part part);

// GET /health/live: the process answers. GET /health/ready: the store does too (503 if not).
void add_health_routes(http::Router& router, Platform& platform);
// GET /metrics in the Prometheus text format.
void add_metrics_route(http::Router& router, obs::Registry& registry);

// The OpenAPI document of both parts together, and TypeScript types of the same.
[[nodiscard]] std::string openapi_document();
[[nodiscard]] std::string typescript_types();

}  // namespace fumi::api::admin
