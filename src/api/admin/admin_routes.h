// The admin API /api/admin/v1, and what monitoring asks for.
//
//   api::admin::AdminHost admin{tenancy, platform, queue_admin, records, runtime, clock, hostname,
//                              search_index, transfers, mailboxes, access, live, domain_check,
//                              limits};
//   api::admin::add_admin_routes(operator_router, admin);
//   api::admin::add_health_routes(operator_router, platform);
//   api::admin::add_health_routes(tenant_router, platform);
//   api::admin::add_metrics_route(operator_router, registry);
//
// Every call but the OpenAPI document carries `Authorization: Bearer fumi_op_…`. Operators may do
// everything; grants of tenants' own administrators will be asked in AdminApi::authenticate().
#pragma once

#include <string>

#include "base/time.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "obs/metrics.h"
#include "server/http/router.h"
#include "service/access/live_sessions.h"
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
};

void add_admin_routes(http::Router& router, AdminHost& host);

// GET /health/live: the process answers. GET /health/ready: the store does too (503 if not).
void add_health_routes(http::Router& router, Platform& platform);
// GET /metrics in the Prometheus text format.
void add_metrics_route(http::Router& router, obs::Registry& registry);

// The OpenAPI document that add_admin_routes() serves.
[[nodiscard]] std::string openapi_document();

}  // namespace fumi::api::admin
