#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>
#include <memory>

#include "base/assert.h"

namespace fumi::crypto {
namespace {

constexpr std::size_t kBlockOctets = 64;

// Fetched once: an implicit fetch costs more than hashing a short string. Never freed, so that
// threads may hash until the process ends.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  FUMI_ASSERT(algorithm != nullptr);
  return algorithm;
}

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class Hasher {
 public:
  Hasher() : context_(context()) {
    FUMI_ASSERT(EVP_DigestInit_ex2(context_, sha256_algorithm(), nullptr) == 1);
  }
  void add(const void* bytes, std::size_t count) {
    FUMI_ASSERT(EVP_DigestUpdate(context_, bytes, count) == 1);
  }
  void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }
  [[nodiscard]] Digest256 finish() {
    Digest256 out;
    unsigned length = 0;
    FUMI_ASSERT(EVP_DigestFinal_ex(context_, out.data(), &length) == 1 && length == out.size());
    return out;
  }

 private:
  // One context a thread; a Hasher lives within one function, and they never nest.
  static EVP_MD_CTX* context() {
    thread_local const std::unique_ptr<EVP_MD_CTX, ContextFree> own(EVP_MD_CTX_new());
    FUMI_ASSERT(own != nullptr);
    return own.get();
  }
  EVP_MD_CTX* context_;
};

}  // namespace

Digest256 sha256(std::string_view bytes) { return sha256({bytes}); }

Digest256 sha256(std::initializer_list<std::string_view> parts) {
  Hasher hasher;
  for (const std::string_view part : parts)
    hasher.add(part);
  return hasher.finish();
}

Digest256 hmac_sha256(std::string_view key, std::string_view bytes) {
  return hmac_sha256(key, {bytes});
}

Digest256 hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  std::array<std::uint8_t, kBlockOctets> pad{};
  if (key.size() > pad.size()) {
    const Digest256 shortened = sha256(key);
    std::memcpy(pad.data(), shortened.data(), shortened.size());
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (auto& octet : pad)
    octet ^= 0x36U;
  Digest256 inner;
  {
    Hasher hasher;
    hasher.add(pad.data(), pad.size());
    for (const std::string_view part : parts)
      hasher.add(part);
    inner = hasher.finish();
  }
  for (auto& octet : pad)
    octet ^= 0x36U ^ 0x5cU;
  Hasher hasher;
  hasher.add(pad.data(), pad.size());
  hasher.add(inner.data(), inner.size());
  OPENSSL_cleanse(pad.data(), pad.size());
  return hasher.finish();
}

std::string hkdf_sha256(std::string_view input_key, std::string_view salt, std::string_view info,
                        std::size_t octets) {
  FUMI_ASSERT(octets <= 255 * sizeof(Digest256));
  const Digest256 zeros{};
  Digest256 extracted = hmac_sha256(salt.empty() ? view(zeros) : salt, input_key);
  std::string out;
  Digest256 block{};
  std::string_view previous;
  for (char counter = 1; out.size() < octets; ++counter) {
    block = hmac_sha256(view(extracted), {previous, info, {&counter, 1}});
    previous = view(block);
    out.append(previous.substr(0, octets - out.size()));
  }
  OPENSSL_cleanse(extracted.data(), extracted.size());
  OPENSSL_cleanse(block.data(), block.size());
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fumi::crypto
