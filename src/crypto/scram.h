// The server's half of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677): what is kept instead of a password.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret.h"

namespace fumi::crypto {

struct ScramVerifier {
  std::string salt;
  std::uint32_t iterations = 0;
  std::string stored_key;  // H(ClientKey)
  std::string server_key;  // HMAC(SaltedPassword, "Server Key")
};

// RFC 7677 §4 asks for 4096 or more. ~4 ms at 10,000: call it where passwords are hashed.
inline constexpr std::uint32_t kScramIterations = 10'000;

[[nodiscard]] ScramVerifier make_scram_verifier(const Secret& password, std::string salt,
                                                std::uint32_t iterations = kScramIterations);

}  // namespace fumi::crypto
