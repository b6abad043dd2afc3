// BlobRef: names an immutable run of bytes of one tenant (DESIGN §3, Blobs).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fumi {

struct BlobRef {
  // HMAC-SHA-256 of the plaintext under the tenant's blob key: equal content of one tenant is one
  // blob, and the name tells an outsider nothing.
  std::array<std::uint8_t, 32> hash{};
  std::uint64_t octets = 0;   // of the plaintext
  std::uint64_t locator = 0;  // the adapter's own: where the bytes lie; 0 where the hash is enough

  [[nodiscard]] explicit operator bool() const {
    return octets != 0 || hash[0] != 0 || locator != 0;
  }
  bool operator==(const BlobRef&) const = default;

  // 48 octets, big-endian numbers: hash, octets, locator. The form stored in rows.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<BlobRef> decode(std::string_view bytes);
};

}  // namespace fumi
