// Text of attached files (domain/ports/attachment_text_store.h).
#include "store/mail/detail/schema.h"

namespace fumi::store {

// Stage: 0 to be extracted, 1 extracted, 2 indexed too. `not_before`: since when it is wanted; a
// claim moves it to its end. `unread`: files that were not read wholly. The texts stand apart, so
// that a change of stage doesn't write them again. Mail from before is looked through once, since
// no row says which of it has files.
const char* const kSchemaAttachments = R"sql(
CREATE TABLE attachment_tasks (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  email_id BIGINT NOT NULL,
  stage BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  unread BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, email_id)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX attachment_tasks_waiting
  ON attachment_tasks (tenant_id, account_id, not_before, email_id) WHERE stage = 0;
CREATE INDEX attachment_tasks_unindexed
  ON attachment_tasks (tenant_id, account_id, stage, email_id) WHERE stage = 1;

CREATE TABLE attachment_texts (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  email_id BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, email_id));

INSERT INTO attachment_tasks (tenant_id, account_id, email_id, stage, not_before, attempts, unread)
  SELECT tenant_id, account_id, email_id, 0,
    /*sqlite CAST(strftime('%s', 'now') AS INTEGER)*//*pg extract(epoch FROM now())::bigint*/ * 1000000, 0, 0
  FROM emails;
)sql";

}  // namespace fumi::store
