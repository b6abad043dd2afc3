#include "store/mail/detail/schema_acl.h"

namespace fumi::store {

// Who else may use a mailbox (RFC 4314). grantee_id 0: anyone. granted, denied: bits of
// domain/acl.h. kind: AccountKind. shared_subscriptions: of others' mailboxes, by reader.
const char* const kSchemaAcl = R"sql(
ALTER TABLE account_profiles ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;

CREATE TABLE mailbox_acl (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  grantee_id BIGINT NOT NULL,
  granted BIGINT NOT NULL,
  denied BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id, grantee_id)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX mailbox_acl_by_grantee ON mailbox_acl (tenant_id, grantee_id);

CREATE TABLE shared_subscriptions (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX shared_subscriptions_by_mailbox ON shared_subscriptions (tenant_id, mailbox_id);
)sql";

}  // namespace fumi::store
