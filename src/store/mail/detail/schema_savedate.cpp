#include "store/mail/detail/schema.h"

namespace fumi::store {

// When an entry came into its mailbox, in microseconds; 0 for those that came before this was kept.
const char* const kSchemaSavedate = R"sql(
ALTER TABLE entries ADD COLUMN saved BIGINT NOT NULL DEFAULT 0;
)sql";

}  // namespace fumi::store
