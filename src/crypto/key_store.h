// Where wrapped tenant keys live: a port, so that a directory, or an external vault, can hold them.
//
// A keystore is small and stands apart from all data: backups of data never contain it. Destroying
// one key makes everything of that tenant unreadable everywhere, backups included (crypto-erasure).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace fumi::crypto {

// The number of a tenant as the keys know it; equal in value to the domain's tenant id. crypto is
// below the domain and can't name its type.
using TenantNumber = StrongId<struct TenantNumberTag>;

// Calls block (they sync), and are safe from any thread. A change is durable when it returns
// success.
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // Code::conflict when the tenant has a key, or had one that was destroyed.
  [[nodiscard]] virtual Status create(TenantNumber tenant, std::string wrapped) = 0;
  // Code::not_found when there is none or it was destroyed.
  [[nodiscard]] virtual Result<std::string> load(TenantNumber tenant) = 0;
  // Atomic: a crash leaves the old or the new one. Code::not_found when there is none to replace.
  [[nodiscard]] virtual Status replace(TenantNumber tenant, std::string wrapped) = 0;
  // Overwrites and removes. Succeeds again when it was destroyed before; not_found if never
  // created.
  [[nodiscard]] virtual Status destroy(TenantNumber tenant) = 0;
  // All tenants that have a key, ascending.
  [[nodiscard]] virtual Result<std::vector<TenantNumber>> list() = 0;
};

}  // namespace fumi::crypto
