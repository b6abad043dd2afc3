// Row-level security: a second wall between tenants, kept by PostgreSQL itself. A statement that
// forgets its `WHERE tenant_id = $1` sees and changes nothing of another tenant.
//
// Every table with a column tenant_id has a policy that shows the rows of the tenant that the
// transaction has entered; without entering one it shows none. It binds the owner of the tables
// too (FORCE), but not superusers and roles with BYPASSRLS: role_is_bound() tells. On SQLite, which
// has no such thing, all of this does nothing.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/sql/session.h"

namespace fumi::sql {

// Until the closure ends. Costs a round trip on PostgreSQL.
[[nodiscard]] Status enter_tenant(Session& session, std::uint64_t tenant);
// Shows all tenants: for what routes, schedules, administers, checks and migrates.
[[nodiscard]] Status enter_platform(Session& session);

// Gives every table of the schema that has a tenant_id its policy, unless it has it already.
[[nodiscard]] Status secure_tables(Session& session);

// False where the connection's role passes every policy by.
[[nodiscard]] Result<bool> role_is_bound(Session& session);

}  // namespace fumi::sql
