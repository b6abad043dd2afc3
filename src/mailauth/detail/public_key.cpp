#include "mailauth/detail/public_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace fumi::mailauth {
namespace {

constexpr int kRsaBitsMin = 1024;  // RFC 8301 §3.2
constexpr int kRsaBitsMax = 8192;  // a larger key costs the verifier too much
constexpr std::size_t kKeyOctetsMax = 2048;

struct Deleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool set_rsa_sha256(EVP_PKEY_CTX* context) {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context, method) == 1;
}

}  // namespace

KeyCheck check_signature(DkimAlgorithm algorithm, std::string_view public_key,
                         std::string_view digest, std::string_view signature) {
  if (algorithm == DkimAlgorithm::ed25519_sha256) {
    const Owned<EVP_PKEY> key(public_key.size() == 32 ? EVP_PKEY_new_raw_public_key_ex(
                                                            nullptr, "ED25519", nullptr,
                                                            octets(public_key), public_key.size())
                                                      : nullptr);
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!key || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
      ERR_clear_error();
      return KeyCheck::bad_key;
    }
    const int good = EVP_DigestVerify(context.get(), octets(signature), signature.size(),
                                      octets(digest), digest.size());
    ERR_clear_error();
    return good == 1 ? KeyCheck::good : KeyCheck::bad_signature;
  }
  if (public_key.size() > kKeyOctetsMax) return KeyCheck::bad_key;
  const unsigned char* at = octets(public_key);
  const Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, long(public_key.size())));
  if (!key || EVP_PKEY_is_a(key.get(), "RSA") != 1 || EVP_PKEY_get_bits(key.get()) > kRsaBitsMax) {
    ERR_clear_error();
    return KeyCheck::bad_key;
  }
  if (EVP_PKEY_get_bits(key.get()) < kRsaBitsMin) return KeyCheck::weak_key;
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1 || !set_rsa_sha256(context.get())) {
    ERR_clear_error();
    return KeyCheck::bad_key;
  }
  const int good = EVP_PKEY_verify(context.get(), octets(signature), signature.size(),
                                   octets(digest), digest.size());
  ERR_clear_error();
  return good == 1 ? KeyCheck::good : KeyCheck::bad_signature;
}

}  // namespace fumi::mailauth
