// Making and checking credentials. Both burn CPU (Argon2id, PBKDF2): run them on the pool.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "domain/tenancy.h"

namespace fumi::service {

inline constexpr std::size_t kPasswordOctetsMin = 8;

// For passwords that people choose. invalid: shorter than kPasswordOctetsMin, or holds control
// characters (SASL could not carry them).
[[nodiscard]] Result<Credential> make_credential(const Secret& password);

// For keys that we made (application passwords, API keys): 256 random bits need no slow hash, but
// get SCRAM verifiers too.
[[nodiscard]] Result<Credential> make_key_credential(const Secret& key);

enum class Match { right, wrong };
[[nodiscard]] Result<Match> check_credential(const Secret& password, const Credential& credential);

}  // namespace fumi::service
