#include "store/blob/detail/envelope.h"

#include <zstd.h>

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

}  // namespace

Sealing seal_envelope(const crypto::TenantKeys& keys, std::uint64_t tenant,
                      const crypto::Digest256& hash, std::string_view bytes,
                      Compression compression, std::string& out) {
  Sealing sealing{.tenant = tenant, .hash = hash, .octets = bytes.size(), .flags = 0};
  if (compression == Compression::when_it_helps && bytes.size() >= kCompressOctetsMin) {
    // Room for anything that saves at least 1/16; what needs more isn't worth decompressing.
    std::string smaller(bytes.size() - bytes.size() / 16, '\0');
    const std::size_t size = ZSTD_compressCCtx(compressor(), smaller.data(), smaller.size(),
                                               bytes.data(), bytes.size(), kLevel);
    if (ZSTD_isError(size) == 0) {
      smaller.resize(size);
      sealing.flags = kFlagZstd;
      keys.seal_to(out, crypto::kPurposeBlob, smaller, additional_data(sealing));
      return sealing;
    }
  }
  keys.seal_to(out, crypto::kPurposeBlob, bytes, additional_data(sealing));
  return sealing;
}

Result<std::string> open_envelope(const crypto::TenantKeys& keys, const Sealing& sealing,
                                  std::string_view payload) {
  constexpr auto kDoing = "opening a blob";
  if (sealing.octets > kBlobOctetsMax) return fail(Code::corrupt, kDoing, "length out of range");
  auto opened = keys.open(crypto::kPurposeBlob, payload, additional_data(sealing));
  if (!opened) return fail(Code::corrupt, kDoing, opened.error().detail);
  if ((sealing.flags & kFlagZstd) == 0) {
    if (opened->size() != sealing.octets) return fail(Code::corrupt, kDoing, "wrong length");
    return opened;
  }
  std::string out(sealing.octets, '\0');
  const std::size_t size =
      ZSTD_decompressDCtx(decompressor(), out.data(), out.size(), opened->data(), opened->size());
  if (ZSTD_isError(size) != 0 || size != out.size()) {
    return fail(Code::corrupt, kDoing, "does not decompress");
  }
  return out;
}

}  // namespace fumi::store::detail
