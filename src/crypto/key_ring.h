// KeyRing: the tenants' keys, unwrapped on first use and kept for a while.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "crypto/key_store.h"
#include "crypto/root_key.h"
#include "crypto/tenant_keys.h"

namespace fumi::crypto {

struct KeyRingOptions {
  std::size_t tenants_max = 10'000;             // kept unwrapped at a time
  Duration age_max = std::chrono::minutes(10);  // then asked for again: how long another node may
                                                // go on with a key that was destroyed here
};

// Safe from any thread. `store` and `clock` must outlive it. A call that misses the cache blocks on
// the store for one small read.
class KeyRing {
 public:
  // `previous` is the root key before a rotation that hasn't ended; null otherwise.
  KeyRing(KeyStore& store, std::shared_ptr<const RootKey> root,
          std::shared_ptr<const RootKey> previous, const Clock& clock, KeyRingOptions options = {});
  ~KeyRing();

  // Makes and stores a new key. Code::conflict when the tenant has or had one.
  [[nodiscard]] Status create(TenantNumber tenant);
  // Shared by whoever works with it at the moment. Code::not_found: never made, or destroyed.
  [[nodiscard]] Result<std::shared_ptr<const TenantKeys>> get(TenantNumber tenant);
  // Crypto-erasure: for ever. Work under way may still end with the keys it holds.
  [[nodiscard]] Status destroy(TenantNumber tenant);
  // Drops the cached keys: what the news of a destruction on another node calls.
  void forget(TenantNumber tenant);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fumi::crypto
