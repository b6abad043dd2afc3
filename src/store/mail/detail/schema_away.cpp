#include "store/mail/detail/schema.h"

namespace fumi::store {

// away: 1 while a vacation response is on; read with the row that each delivery writes anyway.
// vacation_jobs: mail that came meanwhile and is not decided on yet. vacation_replies: who was
// answered, by a hash. push_states: the change that a push subscription was last told of.
const char* const kSchemaAway = R"sql(
ALTER TABLE accounts ADD COLUMN away BIGINT NOT NULL DEFAULT 0;

CREATE TABLE vacation_jobs (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  email_id BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, email_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE vacation_replies (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  sender_hash BIGINT NOT NULL,
  replied BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, sender_hash)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE push_states (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  told BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, object_id)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX objects_push ON objects (tenant_id, account_id, object_id) WHERE kind = 16;
)sql";

}  // namespace fumi::store
