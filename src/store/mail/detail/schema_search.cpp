// The search index (domain/ports/search_store.h).
#include "store/mail/detail/schema.h"

namespace fumi::store {

// `dropped` marks segments that were replaced and whose pages are being deleted. Pages lie by term
// within their segment: a look-up is one descent, a merge one sweep.
const char* const kSearchSchema = R"sql(
CREATE TABLE search_accounts (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  next_segment BIGINT NOT NULL,
  indexed BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE search_segments (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  segment_id BIGINT NOT NULL,
  dropped BIGINT NOT NULL,
  documents BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  list /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, segment_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE search_pages (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  segment_id BIGINT NOT NULL,
  first_term BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, segment_id, first_term)) /*sqlite WITHOUT ROWID*/;
)sql";

}  // namespace fumi::store
