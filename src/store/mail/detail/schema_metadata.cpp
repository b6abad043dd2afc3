#include "store/mail/detail/schema_metadata.h"

namespace fumi::store {

// Annotations (RFC 5464). `entry_key` is the blind index of the name; a mailbox of 0 is the
// account.
const char* const kSchemaMetadata = R"sql(
CREATE TABLE mailbox_metadata (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  entry_key BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id, entry_key)) /*sqlite WITHOUT ROWID*/;
)sql";

}  // namespace fumi::store
