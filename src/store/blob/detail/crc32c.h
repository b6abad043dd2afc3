// CRC-32C (RFC 3720 appendix B.4): notices torn and rotten records without any key.
#pragma once

#include <cstdint>
#include <string_view>

namespace fumi::store::detail {

// `seed` is the value of what came before, so that crc32c(b, crc32c(a)) == crc32c(a + b).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);
// The same without the processor's instruction; what machines without it use.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace fumi::store::detail
