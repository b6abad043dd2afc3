// The envelope of a blob's bytes, the same in segments and in objects: zstd when that makes them
// smaller, then AES-256-GCM under the tenant's blob key. Tenant, hash, length and flags are
// authenticated with it, so that no envelope passes for another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/tenant_keys.h"

namespace fumi::store::detail {

inline constexpr std::uint64_t kBlobOctetsMax = 512ULL << 20U;
inline constexpr std::uint64_t kPayloadOctetsMax = kBlobOctetsMax + crypto::kAeadOverheadOctets;

enum EnvelopeFlags : std::uint32_t { kFlagZstd = 1 };

struct Sealing {
  std::uint64_t tenant = 0;
  crypto::Digest256 hash{};
  std::uint64_t octets = 0;
  std::uint32_t flags = 0;
};

enum class Compression { when_it_helps, none };

// Appends the envelope of `bytes` to `out` and returns what must be known to open it. Costs CPU in
// proportion to the bytes; any thread.
[[nodiscard]] Sealing seal_envelope(const crypto::TenantKeys& keys, std::uint64_t tenant,
                                    const crypto::Digest256& hash, std::string_view bytes,
                                    Compression compression, std::string& out);

// Code::corrupt when anything differs.
[[nodiscard]] Result<std::string> open_envelope(const crypto::TenantKeys& keys,
                                                const Sealing& sealing, std::string_view payload);

}  // namespace fumi::store::detail
