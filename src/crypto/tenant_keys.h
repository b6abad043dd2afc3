// One tenant's keys: everything derived by HKDF-SHA-256 from its one 32-octet key, one per purpose.
//
// A purpose is a short constant such as "account.address"; it separates keys, so that a value
// sealed for one column opens in no other, and one column's blind index tells nothing about
// another's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace fumi::crypto {

// 16 octets by which equality look-ups work on what is stored encrypted.
using BlindIndex = std::array<std::uint8_t, 16>;
[[nodiscard]] inline std::string_view view(const BlindIndex& index) {
  return {reinterpret_cast<const char*>(index.data()), index.size()};
}

inline constexpr std::string_view kPurposeBlob = "blob";
inline constexpr std::size_t kPurposesMax = 64;  // a process uses a dozen; more is a bug

// Immutable but for its cache of derived keys; safe from any thread. Wipes itself at the end.
class TenantKeys {
 public:
  explicit TenantKeys(Secret tenant_key);  // exactly 32 octets
  TenantKeys(const TenantKeys&) = delete;
  TenantKeys& operator=(const TenantKeys&) = delete;
  ~TenantKeys();

  // `aad` says where the value belongs (crypto/aead.h); it isn't stored and must be given again.
  [[nodiscard]] std::string seal(std::string_view purpose, std::string_view plaintext,
                                 std::string_view aad) const;
  void seal_to(std::string& out, std::string_view purpose, std::string_view plaintext,
               std::string_view aad) const;
  [[nodiscard]] Result<std::string> open(std::string_view purpose, std::string_view sealed,
                                         std::string_view aad) const;

  // HMAC-SHA-256 cut to 16 octets. The caller normalises first: what differs by case differs here.
  [[nodiscard]] BlindIndex blind_index(std::string_view purpose, std::string_view normalized) const;

  // The name of a blob: HMAC-SHA-256 of its plaintext. Tells nobody without the key what it holds,
  // not even whether two tenants store the same.
  [[nodiscard]] Digest256 blob_hash(std::string_view plaintext) const;

 private:
  struct Derived;
  [[nodiscard]] const Derived& derived(std::string_view purpose) const;

  Secret key_;
  mutable std::mutex adding_;
  mutable std::atomic<const Derived*> first_{nullptr};  // grows at the front, never shrinks
};

}  // namespace fumi::crypto
