// A tenant that has an owner keeps one.
#pragma once

#include "base/result.h"
#include "domain/ports/store.h"

namespace fumi::service {

// conflict: the account is the tenant's only active owner, so it stays what it is.
[[nodiscard]] Status require_other_owner(Tx& tx, AccountId account);

}  // namespace fumi::service
