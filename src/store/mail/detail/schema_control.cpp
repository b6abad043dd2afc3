#include "store/mail/detail/schema.h"

namespace fumi::store {

// Operators that were there before there were roles may do everything, as they could.
//
// grants: scope_id is a domain's, or 0 for all of the tenant. access_tokens is asked for by hash
// before the tenant is known. kept_answers: status 0 until the answer is known.
const char* const kSchemaControl = R"sql(
ALTER TABLE operators ADD COLUMN role BIGINT NOT NULL DEFAULT 1;
ALTER TABLE operators ADD COLUMN expires BIGINT NOT NULL DEFAULT 0;

CREATE TABLE grants (
  tenant_id BIGINT NOT NULL,
  grant_id BIGINT NOT NULL,
  holder_kind BIGINT NOT NULL,
  holder_id BIGINT NOT NULL,
  role BIGINT NOT NULL,
  scope_kind BIGINT NOT NULL,
  scope_id BIGINT NOT NULL,
  by_kind BIGINT NOT NULL,
  by_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, grant_id)) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX grants_by_holder
  ON grants (tenant_id, holder_kind, holder_id, role, scope_kind, scope_id);

CREATE TABLE access_tokens (
  tenant_id BIGINT NOT NULL,
  token_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT NOT NULL,
  hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  name /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, token_id)) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX access_tokens_by_hash ON access_tokens (hash);
CREATE INDEX access_tokens_by_account ON access_tokens (tenant_id, account_id);
CREATE INDEX access_tokens_by_end ON access_tokens (expires);

CREATE TABLE kept_answers (
  tenant_id BIGINT NOT NULL,
  actor_kind BIGINT NOT NULL,
  actor_id BIGINT NOT NULL,
  key_hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  at BIGINT NOT NULL,
  status BIGINT NOT NULL,
  request_hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, actor_kind, actor_id, key_hash)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX kept_answers_by_age ON kept_answers (at);
)sql";

}  // namespace fumi::store
