#include "crypto/aead.h"

#include <openssl/evp.h>

#include <array>
#include <atomic>
#include <memory>

#include "base/assert.h"
#include "crypto/random.h"

namespace fumi::crypto {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonceOctets = 12;
constexpr std::size_t kTagOctets = 16;
constexpr std::size_t kCachedKeys = 8;
constexpr std::size_t kPlaintextOctetsMax = 1U << 30U;  // EVP lengths are int

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  FUMI_ASSERT(cipher != nullptr);
  return cipher;
}

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

struct CachedContext {
  std::unique_ptr<EVP_CIPHER_CTX, ContextFree> context;
  std::uint64_t key_number = 0;
};

enum class Direction { decrypt = 0, encrypt = 1 };

unsigned char* octets(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// A context with this key expanded and this nonce set, from the thread's cache when it can be.
EVP_CIPHER_CTX* prepared(Direction direction, std::uint64_t key_number, const Secret& key,
                         const unsigned char* nonce) {
  thread_local std::array<std::array<CachedContext, kCachedKeys>, 2> cache;
  CachedContext& slot = cache[std::size_t(direction)][key_number % kCachedKeys];
  const int encrypt = direction == Direction::encrypt ? 1 : 0;
  if (slot.key_number == key_number) {
    FUMI_ASSERT(EVP_CipherInit_ex2(slot.context.get(), nullptr, nullptr, nonce, encrypt, nullptr));
    return slot.context.get();
  }
  if (!slot.context) slot.context.reset(EVP_CIPHER_CTX_new());
  FUMI_ASSERT(slot.context != nullptr);
  FUMI_ASSERT(EVP_CipherInit_ex2(slot.context.get(), aes_256_gcm(), octets(key.reveal()), nonce,
                                 encrypt, nullptr));
  slot.key_number = key_number;
  return slot.context.get();
}

std::uint64_t next_key_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

AeadKey::AeadKey(std::string_view key) : key_(std::string(key)), number_(next_key_number()) {
  FUMI_ASSERT(key.size() == kAeadKeyOctets);
}

std::string AeadKey::seal(std::string_view plaintext, std::string_view aad) const {
  std::string out;
  seal_to(out, plaintext, aad);
  return out;
}

void AeadKey::seal_to(std::string& out, std::string_view plaintext, std::string_view aad) const {
  FUMI_ASSERT(plaintext.size() <= kPlaintextOctetsMax && aad.size() <= kPlaintextOctetsMax);
  const std::size_t start = out.size();
  out.resize(start + kAeadOverheadOctets + plaintext.size());
  out[start] = kVersion;
  unsigned char* const nonce = octets(out.data() + start + 1);
  unsigned char* const body = nonce + kNonceOctets;
  random_fill_buffered(nonce, kNonceOctets);
  EVP_CIPHER_CTX* const context = prepared(Direction::encrypt, number_, key_, nonce);
  int length = 0;
  if (!aad.empty()) {
    FUMI_ASSERT(EVP_CipherUpdate(context, nullptr, &length, octets(aad), int(aad.size())));
  }
  if (!plaintext.empty()) {
    FUMI_ASSERT(EVP_CipherUpdate(context, body, &length, octets(plaintext), int(plaintext.size())));
  }
  FUMI_ASSERT(EVP_CipherFinal_ex(context, body + plaintext.size(), &length));
  FUMI_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, int(kTagOctets),
                                  body + plaintext.size()));
}

Result<std::string> AeadKey::open(std::string_view sealed, std::string_view aad) const {
  constexpr auto kDoing = "opening a sealed value";
  if (sealed.size() < kAeadOverheadOctets || sealed[0] != kVersion) {
    return fail(Code::corrupt, kDoing, "not a sealed value");
  }
  if (sealed.size() > kPlaintextOctetsMax || aad.size() > kPlaintextOctetsMax) {
    return fail(Code::too_large, kDoing);
  }
  const std::string_view nonce = sealed.substr(1, kNonceOctets);
  const std::string_view body =
      sealed.substr(1 + kNonceOctets, sealed.size() - kAeadOverheadOctets);
  std::array<char, kTagOctets> tag;
  sealed.substr(sealed.size() - kTagOctets).copy(tag.data(), tag.size());
  EVP_CIPHER_CTX* const context = prepared(Direction::decrypt, number_, key_, octets(nonce));
  std::string out(body.size(), '\0');
  int length = 0;
  if (!aad.empty()) {
    FUMI_ASSERT(EVP_CipherUpdate(context, nullptr, &length, octets(aad), int(aad.size())));
  }
  if (!body.empty()) {
    FUMI_ASSERT(
        EVP_CipherUpdate(context, octets(out.data()), &length, octets(body), int(body.size())));
  }
  FUMI_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, int(kTagOctets), tag.data()));
  unsigned char end[kTagOctets];
  if (EVP_CipherFinal_ex(context, end, &length) != 1) {
    return fail(Code::corrupt, kDoing, "the tag does not match");
  }
  return out;
}

}  // namespace fumi::crypto
