// The migration that adds rights on mailboxes and shared accounts.
#pragma once

namespace fumi::store {
extern const char* const kSchemaAcl;
}  // namespace fumi::store
