#include "store/sql/row_security.h"

#include <limits>
#include <string>
#include <vector>

namespace fumi::sql {
namespace {

// These texts are PostgreSQL's alone; on SQLite none of them is run.
//
// Two bounds instead of "this tenant, or all of them": a range is a condition that an index takes,
// an OR would be asked for every row.
constexpr Statement kEnter{
    "SELECT set_config('fumi.tenant_low', $1, true), set_config('fumi.tenant_high', $2, true)"};
constexpr Statement kUnsecured{
    "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
    " AND a.attname = 'tenant_id' AND NOT a.attisdropped AND NOT c.relforcerowsecurity"
    " ORDER BY 1"};
constexpr Statement kBound{
    "SELECT CASE WHEN rolsuper OR rolbypassrls THEN 0 ELSE 1 END::bigint FROM pg_roles"
    " WHERE rolname = current_user"};

constexpr const char* kPolicy =
    " USING (tenant_id BETWEEN nullif(current_setting('fumi.tenant_low', true), '')::bigint"
    " AND nullif(current_setting('fumi.tenant_high', true), '')::bigint)";

Status enter(Session& session, std::int64_t low, std::int64_t high) {
  if (session.engine() != Engine::postgres) return {};
  return session.query(kEnter, [](const Row&) {}, std::to_string(low), std::to_string(high));
}

}  // namespace

Status enter_tenant(Session& session, std::uint64_t tenant) {
  const auto id = static_cast<std::int64_t>(tenant);
  return enter(session, id, id);
}

Status enter_platform(Session& session) {
  using Limits = std::numeric_limits<std::int64_t>;
  return enter(session, Limits::min(), Limits::max());
}

Status secure_tables(Session& session) {
  if (session.engine() != Engine::postgres) return {};
  std::vector<std::string> names;
  FUMI_CHECK(session.query(kUnsecured, [&](const Row& row) { names.push_back(row.string(0)); }));
  for (const std::string& name : names) {
    const std::string table = "ALTER TABLE \"" + name + "\" ";
    FUMI_CHECK(session.execute_script(table + "ENABLE ROW LEVEL SECURITY; " + table +
                                      "FORCE ROW LEVEL SECURITY; CREATE POLICY one_tenant ON \"" +
                                      name + "\"" + kPolicy));
  }
  return {};
}

Result<bool> role_is_bound(Session& session) {
  if (session.engine() != Engine::postgres) return true;
  FUMI_TRY(const auto bound, session.one(kBound, [](const Row& row) { return row.flag(0); }));
  return bound.value_or(false);
}

}  // namespace fumi::sql
