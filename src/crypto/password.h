// Password hashes: Argon2id (RFC 9106) as PHC strings.
//
// Hashing and checking take ~30 ms and 19 MiB each: call them on the bounded CPU pool, never on an
// io thread. Stateless; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace fumi::crypto {

struct PasswordCost {
  std::uint32_t passes = 2;
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t lanes = 1;
};

inline constexpr std::size_t kPasswordOctetsMax = 1024;

enum class PasswordMatch { right, wrong };
enum class HashAge { current, outdated };

// "$argon2id$v=19$m=19456,t=2,p=1$salt$hash". Code::too_large over kPasswordOctetsMax.
[[nodiscard]] Result<std::string> hash_password(const Secret& password, PasswordCost cost = {});

// Code::corrupt when `hash` isn't such a string or asks for more than 1 GiB or 64 passes.
[[nodiscard]] Result<PasswordMatch> check_password(const Secret& password, std::string_view hash);

// Takes as long as a real check and is never right: for a name that doesn't exist, so that the time
// of a refusal doesn't tell which names do.
void check_password_of_nobody(const Secret& password);

// outdated: made with other costs than `cost`; hash the password anew at the next right login.
[[nodiscard]] HashAge hash_age(std::string_view hash, PasswordCost cost = {});

}  // namespace fumi::crypto
