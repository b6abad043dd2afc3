// Authenticated encryption: AES-256-GCM (NIST SP 800-38D) with additional data.
//
// A sealed string is: version octet 1 | nonce, 12 octets | ciphertext | tag, 16 octets. It tells
// its length and nothing else; it opens only under the same key and the same additional data, which
// says *where* the value belongs (table, row, tenant), so that a ciphertext can't be moved
// elsewhere.
//
// Nonces are random. One key may seal 2^32 strings before the chance of a repeated nonce reaches
// 2^-33; keys are per tenant and purpose to stay far below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace fumi::crypto {

inline constexpr std::size_t kAeadKeyOctets = 32;
inline constexpr std::size_t kAeadOverheadOctets = 1 + 12 + 16;

// A key ready for use, about 1 µs a short string on any thread: each thread keeps a few expanded
// keys, which go when other keys push them out or the thread ends.
class AeadKey {
 public:
  explicit AeadKey(std::string_view key);  // exactly 32 octets
  AeadKey(const AeadKey&) = delete;
  AeadKey& operator=(const AeadKey&) = delete;

  [[nodiscard]] std::string seal(std::string_view plaintext, std::string_view aad) const;
  // Appends the sealed form to `out`: spares a copy where a header stands before it.
  void seal_to(std::string& out, std::string_view plaintext, std::string_view aad) const;
  // Code::corrupt when anything differs: key, additional data, or a single bit.
  [[nodiscard]] Result<std::string> open(std::string_view sealed, std::string_view aad) const;

 private:
  Secret key_;
  std::uint64_t number_;  // unique in the process: names the key in the threads' caches
};

}  // namespace fumi::crypto
