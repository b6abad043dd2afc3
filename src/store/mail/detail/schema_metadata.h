// The migration that adds annotations of mailboxes and accounts.
#pragma once

namespace fumi::store {
extern const char* const kSchemaMetadata;
}  // namespace fumi::store
