#include "store/blob/detail/envelope.h"

#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/assert.h"
#include "store/blob/detail/bytes.h"

namespace fumi::store::detail {
namespace {

constexpr std::size_t kCompressOctetsMin = 200;
constexpr int kLevel = 1;

struct CompressorFree {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct DecompressorFree {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A thread's compressor keeps ~600 KB; only the store's callers make one.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, CompressorFree> own(ZSTD_createCCtx());
  FUMI_ASSERT(own != nullptr);
  return own.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, DecompressorFree> own(ZSTD_createDCtx());
  FUMI_ASSERT(own != nullptr);
  return own.get();
}

std::string additional_data(const Sealing& sealing) {
  std::string aad = "fumi blob 1 ";
  const std::size_t start = aad.size();
  aad.resize(start + 8 + 32 + 8 + 4);
  char* const at = aad.data() + start;
  put(at, sealing.tenant);
  std::memcpy(at + 8, sealing.hash.data(), sealing.hash.size());
  put(at + 40, sealing.octets);
  put(at + 48, sealing.flags);
  return aad;
}

constexpr std::uint32_t kFrameZstd = 1U << 31U;
constexpr auto kOpening = "opening a blob";

// Empty where compressing doesn't save at least 1/16: what needs more isn't worth decompressing.
std::string compressed(std::string_view bytes, Compression compression) {
  if (compression != Compression::when_it_helps || bytes.size() < kCompressOctetsMin) return {};
  std::string smaller(bytes.size() - bytes.size() / 16, '\0');
  const std::size_t size = ZSTD_compressCCtx(compressor(), smaller.data(), smaller.size(),
                                             bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0) return {};
  smaller.resize(size);
  return smaller;
}

// Appends `octets` of plaintext to `out`.
Status append_plain(std::string& out, std::string_view opened, std::uint64_t octets, bool zstd) {
  if (!zstd) {
    if (opened.size() != octets) return fail(Code::corrupt, kOpening, "wrong length");
    out += opened;
    return {};
  }
  const std::size_t before = out.size();
  out.resize(before + octets);
  const std::size_t size = ZSTD_decompressDCtx(decompressor(), out.data() + before, octets,
                                               opened.data(), opened.size());
  if (ZSTD_isError(size) != 0 || size != octets) {
    return fail(Code::corrupt, kOpening, "does not decompress");
  }
  return {};
}

std::string frame_data(const std::string& common, std::uint64_t number, std::uint32_t entry) {
  std::string aad = common;
  aad.resize(common.size() + 12);
  put(aad.data() + common.size(), number);
  put(aad.data() + common.size() + 8, entry);
  return aad;
}

void seal_frames(const crypto::TenantKeys& keys, const Sealing& sealing, std::string_view bytes,
                 Compression compression, std::string& out) {
  const std::string common = additional_data(sealing);
  const std::size_t index = out.size();
  out.resize(index + index_octets_of(bytes.size()));
  for (std::uint64_t number = 0; number < frames_of(bytes.size()); ++number) {
    const std::string_view plain = bytes.substr(number * kFrameOctets, kFrameOctets);
    const std::string smaller = compressed(plain, compression);
    const std::string_view body = smaller.empty() ? plain : std::string_view(smaller);
    std::uint32_t entry = std::uint32_t(body.size() + crypto::kAeadOverheadOctets);
    if (!smaller.empty()) entry |= kFrameZstd;
    put(out.data() + index + number * 4, entry);
    keys.seal_to(out, crypto::kPurposeBlob, body, frame_data(common, number, entry));
  }
}

Result<std::string> open_all_frames(const crypto::TenantKeys& keys, const Sealing& sealing,
                                    std::string_view payload) {
  const std::string_view index = payload.substr(0, index_octets_of(sealing.octets));
  FUMI_TRY(const FrameRun run, find_frames(sealing, index, 0, sealing.octets));
  if (run.end != payload.size()) return fail(Code::corrupt, kOpening, "wrong length");
  return open_frames(keys, sealing, index, run, payload.substr(run.begin));
}

}  // namespace

Sealing seal_envelope(const crypto::TenantKeys& keys, std::uint64_t tenant,
                      const crypto::Digest256& hash, std::string_view bytes,
                      Compression compression, std::string& out) {
  Sealing sealing{.tenant = tenant, .hash = hash, .octets = bytes.size(), .flags = 0};
  if (bytes.size() > kFrameOctets) {
    sealing.flags = kFlagFramed;
    seal_frames(keys, sealing, bytes, compression, out);
    return sealing;
  }
  const std::string smaller = compressed(bytes, compression);
  if (!smaller.empty()) {
    sealing.flags = kFlagZstd;
    keys.seal_to(out, crypto::kPurposeBlob, smaller, additional_data(sealing));
    return sealing;
  }
  keys.seal_to(out, crypto::kPurposeBlob, bytes, additional_data(sealing));
  return sealing;
}

Result<FrameRun> find_frames(const Sealing& sealing, std::string_view index, std::uint64_t offset,
                             std::uint64_t octets) {
  const std::uint64_t frames = frames_of(sealing.octets);
  if (sealing.octets > kBlobOctetsMax || index.size() < frames * 4) {
    return fail(Code::corrupt, kOpening, "the index is too short");
  }
  offset = std::min(offset, sealing.octets);
  octets = std::min(octets, sealing.octets - offset);
  FrameRun run;
  run.octets = octets;
  if (octets == 0) return run;
  run.first = offset / kFrameOctets;
  run.count = (offset + octets - 1) / kFrameOctets - run.first + 1;
  run.skip = offset % kFrameOctets;
  std::uint64_t at = frames * 4;
  for (std::uint64_t number = 0; number < run.first + run.count; ++number) {
    if (number == run.first) run.begin = at;
    const std::uint64_t size = take<std::uint32_t>(index.data() + number * 4) & ~kFrameZstd;
    if (size > kFrameOctets + crypto::kAeadOverheadOctets) {
      return fail(Code::corrupt, kOpening, "a frame is too long");
    }
    at += size;
  }
  run.end = at;
  return run;
}

Result<std::string> open_frames(const crypto::TenantKeys& keys, const Sealing& sealing,
                                std::string_view index, const FrameRun& run,
                                std::string_view bytes) {
  const std::string common = additional_data(sealing);
  std::string out;
  out.reserve(run.count * kFrameOctets);
  for (std::uint64_t number = run.first; number < run.first + run.count; ++number) {
    const auto entry = take<std::uint32_t>(index.data() + number * 4);
    const std::uint64_t size = entry & ~kFrameZstd;
    if (size > bytes.size()) return fail(Code::corrupt, kOpening, "a frame is missing");
    auto opened =
        keys.open(crypto::kPurposeBlob, bytes.substr(0, size), frame_data(common, number, entry));
    if (!opened) return fail(Code::corrupt, kOpening, opened.error().detail);
    bytes.remove_prefix(size);
    const std::uint64_t octets = std::min(kFrameOctets, sealing.octets - number * kFrameOctets);
    FUMI_CHECK(append_plain(out, *opened, octets, (entry & kFrameZstd) != 0));
  }
  out.erase(0, run.skip);
  out.resize(run.octets);
  return out;
}

Result<std::string> open_envelope(const crypto::TenantKeys& keys, const Sealing& sealing,
                                  std::string_view payload) {
  if (sealing.octets > kBlobOctetsMax) return fail(Code::corrupt, kOpening, "length out of range");
  if ((sealing.flags & kFlagFramed) != 0) return open_all_frames(keys, sealing, payload);
  auto opened = keys.open(crypto::kPurposeBlob, payload, additional_data(sealing));
  if (!opened) return fail(Code::corrupt, kOpening, opened.error().detail);
  if ((sealing.flags & kFlagZstd) == 0) {
    if (opened->size() != sealing.octets) return fail(Code::corrupt, kOpening, "wrong length");
    return opened;
  }
  std::string out;
  FUMI_CHECK(append_plain(out, *opened, sealing.octets, true));
  return out;
}

}  // namespace fumi::store::detail
