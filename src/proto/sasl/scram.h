// SCRAM-SHA-256's arithmetic and what a server keeps instead of a password (RFC 5802, RFC 7677).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace fumi::sasl {

// RFC 7677 §4 asks for 4096 iterations at least; a client refuses more than kIterationsMax, since
// the server chooses the number and the client pays.
inline constexpr std::uint32_t kIterationsMin = 4096;
inline constexpr std::uint32_t kIterationsMax = 1'000'000;

// RFC 5802 §3: enough to check a client and to prove ourselves, not enough to log in elsewhere.
struct ScramVerifier {
  std::string salt;
  std::uint32_t iterations = 0;
  std::string stored_key;  // 32 octets
  std::string server_key;  // 32 octets; a secret of the server
};

// `password` must be is_prepared(); nothing is normalised. Costs about `iterations` x 0.3 us of
// CPU.
[[nodiscard]] ScramVerifier make_scram_verifier(const Secret& password, std::string_view salt,
                                                std::uint32_t iterations);

// Fresh random octets from OpenSSL: a nonce fit for SCRAM (printable, no comma), a salt.
[[nodiscard]] std::string make_nonce();
[[nodiscard]] std::string make_salt();

namespace scram {

// The five formulas of RFC 5802 §3. All keys are 32 octets.
[[nodiscard]] std::string hmac(std::string_view key, std::string_view text);
[[nodiscard]] std::string hash(std::string_view text);
[[nodiscard]] Secret salted_password(const Secret& password, std::string_view salt,
                                     std::uint32_t iterations);
[[nodiscard]] std::string exclusive_or(std::string_view a, std::string_view b);
// In a time that does not depend on where they differ.
[[nodiscard]] bool equal(std::string_view a, std::string_view b);

// One "x=value" attribute off the front of a comma-separated list; nothing if the next is not
// `name`.
[[nodiscard]] std::optional<std::string_view> take(std::string_view& message, char name);
// saslname: "," and "=" travel as =2C and =3D (RFC 5802 §5.1).
[[nodiscard]] std::string encode_name(std::string_view name);
[[nodiscard]] std::optional<std::string> decode_name(std::string_view text);

}  // namespace scram
}  // namespace fumi::sasl
