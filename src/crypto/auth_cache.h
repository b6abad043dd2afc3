// AuthenticationCache: who gave the right password a moment ago needn't pay Argon2 again.
//
// Mail clients reconnect every few seconds with the same password; 30 ms and 19 MiB each time would
// be an attack on ourselves. Why this weakens nothing:
// - Only right passwords are kept, and as HMAC-SHA-256 under a random key that lives in this
//   process alone. Who reads the process's memory sees passwords pass by anyway; who steals the
//   store finds Argon2 hashes alone.
// - A wrong guess finds nothing here and pays Argon2 as before, so guessing gets no faster. Failure
//   limits and access rules stand before the cache, and its answer is no reason to skip them.
// - The credential's version is part of what is compared: a changed or revoked password, which has
//   a new version, matches nothing. The caller reads the version, and that the account is enabled,
//   from the store at each login.
// - Entries live for minutes at most, and there are at most entries_max of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/secret.h"
#include "base/time.h"

namespace fumi::crypto {

struct AuthenticationCacheOptions {
  std::size_t entries_max = 100'000;           // ~100 octets each; the least recently used goes
  Duration age_max = std::chrono::minutes(5);  // from the last full check, not from the last use
};

// Safe from any thread; about 1 µs a call. `clock` must outlive it.
class AuthenticationCache {
 public:
  explicit AuthenticationCache(const Clock& clock, AuthenticationCacheOptions options = {});
  ~AuthenticationCache();

  // `subject` names the credential (tenant and account or application password) uniquely.
  void remember(std::string_view subject, std::uint64_t credential_version, const Secret& password);
  [[nodiscard]] bool knows(std::string_view subject, std::uint64_t credential_version,
                           const Secret& password);
  void forget(std::string_view subject);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fumi::crypto
