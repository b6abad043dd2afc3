#include "store/mail/detail/schema.h"

namespace fumi::store {

// domains.state: DomainState; those from before are verified. challenge is what the owner publishes
// in DNS, so it lies in clear. tenant_limits: TenantLimits; revision makes transactions that decide
// by counts conflict. pace: where a sender's pace stands (kind, subject_id: PaceSubject).
const char* const kSchemaPeople = R"sql(
ALTER TABLE domains ADD COLUMN state BIGINT NOT NULL DEFAULT 1;
ALTER TABLE domains ADD COLUMN challenge TEXT NOT NULL DEFAULT '';
ALTER TABLE domains ADD COLUMN checked BIGINT NOT NULL DEFAULT 0;

CREATE TABLE tenant_limits (
  tenant_id BIGINT NOT NULL PRIMARY KEY,
  revision BIGINT NOT NULL,
  accounts_max BIGINT NOT NULL,
  domains_max BIGINT NOT NULL,
  api_users_max BIGINT NOT NULL,
  storage_octets_max BIGINT NOT NULL,
  person_minute BIGINT NOT NULL,
  person_burst BIGINT NOT NULL,
  person_backlog BIGINT NOT NULL,
  person_10_minutes BIGINT NOT NULL,
  person_day BIGINT NOT NULL,
  tenant_minute BIGINT NOT NULL,
  tenant_burst BIGINT NOT NULL,
  tenant_backlog BIGINT NOT NULL,
  tenant_10_minutes BIGINT NOT NULL,
  tenant_day BIGINT NOT NULL);

CREATE TABLE pace (
  tenant_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  free_at BIGINT NOT NULL,
  short_start BIGINT NOT NULL,
  short_current BIGINT NOT NULL,
  short_previous BIGINT NOT NULL,
  day_start BIGINT NOT NULL,
  day_current BIGINT NOT NULL,
  day_previous BIGINT NOT NULL,
  lifted_until BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, kind, subject_id)) /*sqlite WITHOUT ROWID*/;
)sql";

}  // namespace fumi::store
