#include "store/mail/detail/settings.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kVersion{"SELECT access_version FROM tenants WHERE tenant_id = $1"};
constexpr Statement kRaise{"UPDATE tenants SET access_version = $2 WHERE tenant_id = $1"};
constexpr Statement kList{
    "SELECT setting_id, body FROM tenant_settings WHERE tenant_id = $1 AND kind = $2"
    " ORDER BY setting_id"};
constexpr Statement kOne{
    "SELECT setting_id, body FROM tenant_settings"
    " WHERE tenant_id = $1 AND kind = $2 AND setting_id = $3"};
constexpr Statement kCount{
    "SELECT count(*) FROM tenant_settings WHERE tenant_id = $1 AND kind = $2"};
constexpr Statement kInsert{
    "INSERT INTO tenant_settings (tenant_id, kind, setting_id, body) VALUES ($1, $2, $3, $4)"};
constexpr Statement kUpdate{
    "UPDATE tenant_settings SET body = $4 WHERE tenant_id = $1 AND kind = $2 AND setting_id = $3"};
constexpr Statement kDelete{
    "DELETE FROM tenant_settings WHERE tenant_id = $1 AND kind = $2 AND setting_id = $3"};

}  // namespace

Status raise_access_version(Context& context) {
  FUMI_TRY(const auto rows, context.execute(kRaise, context.next_id<SettingId>()));
  if (rows == 0) return fail(Code::not_found, "changing settings", "no such tenant");
  return {};
}

// First in every change: the row of the tenant is what concurrent changes wait for.
Status SqlSettings::raise() { return raise_access_version(context_); }

Result<std::string> SqlSettings::seal(SettingKind kind, SettingId id, const std::string& body) {
  if (body.size() > kSettingOctetsMax)
    return fail(Code::too_large, "storing a setting", "it has too many octets");
  return context_.seal(purpose::kSetting, body, Aad(static_cast<int>(kind), id));
}

Result<StoredSetting> SqlSettings::open(SettingKind kind, const Row& row) {
  StoredSetting out;
  out.id = row.id<SettingId>(0);
  FUMI_TRY(out.body,
           context_.open(purpose::kSetting, row.blob(1), Aad(static_cast<int>(kind), out.id)));
  return out;
}

Result<std::uint64_t> SqlSettings::version() {
  auto map = [](const Row& row) { return static_cast<std::uint64_t>(row.int64(0)); };
  FUMI_TRY(const auto version, context_.one(kVersion, map));
  return version.value_or(0);
}

Result<std::vector<StoredSetting>> SqlSettings::list(SettingKind kind) {
  std::vector<StoredSetting> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto setting, open(kind, row));
    found.push_back(std::move(setting));
    return {};
  };
  FUMI_CHECK(context_.query(kList, visit, kind));
  return found;
}

Result<std::optional<StoredSetting>> SqlSettings::setting(SettingKind kind, SettingId id) {
  auto map = [&](const Row& row) { return open(kind, row); };
  return context_.one(kOne, map, kind, id);
}

Result<SettingId> SqlSettings::create(SettingKind kind, const std::string& body,
                                      std::uint32_t most) {
  FUMI_CHECK(raise());
  auto number = [](const Row& row) { return row.int64(0); };
  FUMI_TRY(const auto held, context_.one(kCount, number, kind));
  if (held.value_or(0) >= std::int64_t{most})
    return fail(Code::quota, "storing a setting", "there are too many of its kind");
  const auto id = context_.next_id<SettingId>();
  FUMI_TRY(const auto sealed, seal(kind, id, body));
  FUMI_CHECK(context_.run(kInsert, kind, id, Blob{sealed}));
  return id;
}

Status SqlSettings::replace(SettingKind kind, SettingId id, const std::string& body) {
  FUMI_CHECK(raise());
  FUMI_TRY(const auto sealed, seal(kind, id, body));
  FUMI_TRY(const auto rows, context_.execute(kUpdate, kind, id, Blob{sealed}));
  if (rows == 0) return fail(Code::not_found, "changing a setting");
  return {};
}

Status SqlSettings::remove(SettingKind kind, SettingId id) {
  FUMI_CHECK(raise());
  FUMI_TRY(const auto rows, context_.execute(kDelete, kind, id));
  if (rows == 0) return fail(Code::not_found, "removing a setting");
  return {};
}

}  // namespace fumi::store
