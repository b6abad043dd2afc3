// SettingStore over SQL.
#pragma once

#include "domain/ports/setting_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

// Tells open sessions and caches of rules, on every node, that something they go by has changed.
[[nodiscard]] Status raise_access_version(Context& context);

class SqlSettings final : public SettingStore {
 public:
  explicit SqlSettings(Context& context) : context_(context) {}

  Result<std::uint64_t> version() override;
  Result<std::vector<StoredSetting>> list(SettingKind kind) override;
  Result<std::optional<StoredSetting>> setting(SettingKind kind, SettingId id) override;
  Result<SettingId> create(SettingKind kind, const std::string& body, std::uint32_t most) override;
  Status replace(SettingKind kind, SettingId id, const std::string& body) override;
  Status remove(SettingKind kind, SettingId id) override;

 private:
  [[nodiscard]] Status raise();
  [[nodiscard]] Result<std::string> seal(SettingKind kind, SettingId id, const std::string& body);
  [[nodiscard]] Result<StoredSetting> open(SettingKind kind, const sql::Row& row);

  Context& context_;
};

}  // namespace fumi::store
