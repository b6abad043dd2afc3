// The root key: wraps the tenants' keys and does nothing else. One 0600 file, or later a KMS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/key_store.h"

namespace fumi::crypto {

inline constexpr std::size_t kTenantKeyOctets = 32;

// Immutable; safe from any thread. File form: one line "fumi-root-key-1 <64 hex digits>".
class RootKey {
 public:
  explicit RootKey(const Secret& key);  // exactly 32 octets

  // Writes a new random key: mode 0600, synced, with its folder. Code::conflict if the file exists.
  [[nodiscard]] static Result<std::unique_ptr<const RootKey>> create(const std::string& path);
  // Refuses a file that others than its owner may read (Code::denied), or that isn't a key
  // (corrupt).
  [[nodiscard]] static Result<std::unique_ptr<const RootKey>> load(const std::string& path);

  // Names the key without telling it: wrapped keys carry it, so that rotation knows which is which.
  [[nodiscard]] std::string_view id() const { return id_; }  // 8 octets

  // version octet 1 | root id, 8 | sealed tenant key; additional data: tenant number and version.
  [[nodiscard]] std::string wrap(TenantNumber tenant, const Secret& tenant_key) const;
  // Code::unauthenticated when another root key wrapped it, corrupt when it was changed or belongs
  // to another tenant.
  [[nodiscard]] Result<Secret> unwrap(TenantNumber tenant, std::string_view wrapped) const;
  [[nodiscard]] static std::optional<std::string_view> root_id_of(std::string_view wrapped);

 private:
  std::string id_;
  AeadKey wrapping_;
};

// Wraps every tenant's key anew under `to`. Keys already under `to` are passed over, so that an
// interrupted rotation is simply run again. Until it has ended both root keys are needed (KeyRing
// takes both). Returns how many were rewrapped.
[[nodiscard]] Result<std::size_t> rewrap_all(KeyStore& store, const RootKey& from,
                                             const RootKey& to);

}  // namespace fumi::crypto
