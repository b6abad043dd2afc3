// The envelope of a blob's bytes, the same in segments and in objects: zstd when that makes them
// smaller, then AES-256-GCM under the tenant's blob key. Tenant, hash, length and flags are
// authenticated with it, so that no envelope passes for another.
//
// Blobs over kFrameOctets are framed (kFlagFramed), so that a range opens only what it needs: an
// index, 4 octets a frame (length of its sealed form; the upper bit: zstd), then the frames, each
// sealed by itself. A frame's number, length and compression are authenticated with the rest, so a
// changed index opens nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/tenant_keys.h"

namespace fumi::store::detail {

inline constexpr std::uint64_t kBlobOctetsMax = 512ULL << 20U;
inline constexpr std::uint64_t kFrameOctets = 1ULL << 20U;  // of the plaintext

enum EnvelopeFlags : std::uint32_t { kFlagZstd = 1, kFlagFramed = 2 };

[[nodiscard]] constexpr std::uint64_t frames_of(std::uint64_t octets) {
  return (octets + kFrameOctets - 1) / kFrameOctets;
}
[[nodiscard]] constexpr std::uint64_t index_octets_of(std::uint64_t octets) {
  return frames_of(octets) * 4;
}
// The longest envelope of so many octets.
[[nodiscard]] constexpr std::uint64_t envelope_octets_max(std::uint64_t octets) {
  const std::uint64_t frames = octets > kFrameOctets ? frames_of(octets) : 1;
  return octets + frames * (crypto::kAeadOverheadOctets + 4);
}
inline constexpr std::uint64_t kPayloadOctetsMax = envelope_octets_max(kBlobOctetsMax);

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

// The frames that hold a range, and where they lie in the payload.
struct FrameRun {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t begin = 0, end = 0;    // in the payload
  std::uint64_t skip = 0, octets = 0;  // the range within what the frames hold
};
// `index`: the first index_octets_of(sealing.octets) of a framed payload. The range is cut to the
// blob.
[[nodiscard]] Result<FrameRun> find_frames(const Sealing& sealing, std::string_view index,
                                           std::uint64_t offset, std::uint64_t octets);
// `bytes`: the payload from run.begin to run.end.
[[nodiscard]] Result<std::string> open_frames(const crypto::TenantKeys& keys,
                                              const Sealing& sealing, std::string_view index,
                                              const FrameRun& run, std::string_view bytes);

// Code::corrupt when anything differs.
[[nodiscard]] Result<std::string> open_envelope(const crypto::TenantKeys& keys,
                                                const Sealing& sealing, std::string_view payload);

}  // namespace fumi::store::detail
