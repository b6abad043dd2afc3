// SettingStore: small documents of a tenant that its administrators make: access rules, the
// calendar of holidays. Their content is the service's; it is stored sealed.
//
// One method is one step of a transaction. Each change raises the tenant's access version, as a
// change of an account's status or credential does: by it caches and open sessions on every node
// know that theirs is old (PlatformStore::access_changes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/ids.h"

namespace fumi {

// Stored as numbers: never renumber.
enum class SettingKind : std::uint8_t { access_rule = 1, holidays = 2 };

struct StoredSetting {
  SettingId id;
  std::string body;
};

class SettingStore {
 public:
  virtual ~SettingStore() = default;

  // The access version; 0 before the first change.
  virtual Result<std::uint64_t> version() = 0;
  // Ascending by id, that is by age.
  virtual Result<std::vector<StoredSetting>> list(SettingKind kind) = 0;
  virtual Result<std::optional<StoredSetting>> setting(SettingKind kind, SettingId id) = 0;
  // quota: the tenant has `most` of that kind. too_large: the body is over kSettingOctetsMax.
  virtual Result<SettingId> create(SettingKind kind, const std::string& body,
                                   std::uint32_t most) = 0;
  virtual Status replace(SettingKind kind, SettingId id, const std::string& body) = 0;  // not_found
  virtual Status remove(SettingKind kind, SettingId id) = 0;                            // not_found
};

inline constexpr std::size_t kSettingOctetsMax = 256 * 1024;

}  // namespace fumi
