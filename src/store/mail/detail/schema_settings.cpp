#include "store/mail/detail/schema.h"

namespace fumi::store {

// access_version: the id of the last change that open sessions and caches of rules must hear of:
// settings, an account's status, a credential.
// tenant_settings: documents of the tenant by kind (ports/setting_store.h), sealed.
const char* const kSchemaSettings = R"sql(
ALTER TABLE tenants ADD COLUMN access_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tenants_by_access ON tenants (access_version);

CREATE TABLE tenant_settings (
  tenant_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  setting_id BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, kind, setting_id)) /*sqlite WITHOUT ROWID*/;
)sql";

}  // namespace fumi::store
