#include "store/mail/detail/schema.h"

namespace fumi::store {

// Where an email is, is told by its entries (detail/held.h); a count of them cost each copy and
// expunge a write of the email's row, which is wide. SQLite writes the table anew for this, once.
const char* const kSchemaHeld = R"sql(
ALTER TABLE emails DROP COLUMN copies;
)sql";

}  // namespace fumi::store
