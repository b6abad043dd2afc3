// Signer: DKIM signatures for mail that leaves (RFC 6376, RFC 8463), with the keys of the domain in
// From. Both an RSA and an Ed25519 signature where both keys are there; one body hash for both.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"

namespace fumi::service {

class Signer {
 public:
  Signer(Store& store, Runtime& runtime, const Clock& clock);
  ~Signer();

  // The DKIM-Signature fields to put before `message` (CRLF line ends), or "" when the tenant has
  // no key for `domain`. Signs on the CPU pool: an RSA signature costs 0.4 ms.
  Task<Result<std::string>> sign(TenantScope scope, std::string domain, std::string_view message);
  // Whether the tenant has a key for the domain (13-006 of the sending API asks).
  Task<Result<bool>> has_key(TenantScope scope, std::string domain);

 private:
  struct Keys;
  Task<Result<std::shared_ptr<const Keys>>> keys(TenantScope scope, std::string domain);

  static constexpr Duration kAgeMax = std::chrono::minutes(1);
  Store& store_;
  Runtime& runtime_;
  const Clock& clock_;
  struct Cached {
    std::shared_ptr<const Keys> keys;
    Instant read_at;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Cached> cache_;  // by tenant and domain
};

}  // namespace fumi::service
