#include "crypto/web_push.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <optional>

#include "crypto/hash.h"
#include "crypto/random.h"

namespace fumi::crypto {
namespace {

constexpr std::size_t kPointOctets = 65;
constexpr std::size_t kScalarOctets = 32;
constexpr std::size_t kAuthOctets = 16;
constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kTagOctets = 16;
constexpr std::size_t kNonceOctets = 12;
constexpr std::size_t kHeadOctets = kSaltOctets + 4 + 1 + kPointOctets;  // RFC 8188 §2.1
constexpr const char* kGroup = "prime256v1";
constexpr auto kDoing = "sealing a push message";

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

std::unexpected<Error> refused(const char* why) {
  ERR_clear_error();
  return fail(Code::invalid, kDoing, why);
}

// A key pair where `scalar` is given; else a public key alone.
Key make_key(std::string_view point, std::string_view scalar) {
  const Builder builder(OSSL_PARAM_BLD_new());
  const Number number(scalar.empty() ? nullptr
                                     : BN_bin2bn(octets(scalar), int(scalar.size()), nullptr));
  bool good =
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, kGroup, 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1;
  if (good && number)
    good = OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1;
  const Parameters parameters(good ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  const int selection = number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

Key peer_key(std::string_view point) {
  if (point.size() != kPointOctets || point[0] != 4) return nullptr;
  Key key = make_key(point, {});
  if (!key) return nullptr;
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  return EVP_PKEY_public_check(check.get()) == 1 ? std::move(key) : nullptr;
}

std::string point_of(const Key& key) {
  std::string point(kPointOctets, '\0');
  std::size_t size = 0;
  const int got = EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, octets(point),
                                                  point.size(), &size);
  return got == 1 && size == kPointOctets && point[0] == 4 ? point : std::string();
}

// The point that belongs to a private key: the group's generator times the scalar.
std::string point_of_scalar(std::string_view scalar) {
  using Group = std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>>;
  using Point = std::unique_ptr<EC_POINT, Freed<EC_POINT_free>>;
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Point point(EC_POINT_new(group.get()));
  const Number number(BN_bin2bn(octets(scalar), int(scalar.size()), nullptr));
  std::string out(kPointOctets, '\0');
  const bool good =
      EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1 &&
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets(out),
                         out.size(), nullptr) == kPointOctets;
  return good ? out : std::string();
}

std::string shared_secret(const Key& own, const Key& peer) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  std::string secret(kScalarOctets, '\0');
  std::size_t size = secret.size();
  const bool good = EVP_PKEY_derive_init(context.get()) == 1 &&
                    EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                    EVP_PKEY_derive(context.get(), octets(secret), &size) == 1;
  return good && size == kScalarOctets ? secret : std::string();
}

struct ContentKey {
  std::string key, nonce;
};

// RFC 8291 §3.4, RFC 8188 §2.2, §2.3.
ContentKey content_key(const std::string& secret, const WebPushKeys& keys,
                       const std::string& sender, std::string_view salt) {
  std::string info("WebPush: info\0", 14);
  info += keys.p256dh;
  info += sender;
  const std::string input = hkdf_sha256(secret, keys.auth, info, 32);
  return {
      hkdf_sha256(input, salt, std::string_view("Content-Encoding: aes128gcm\0", 28), 16),
      hkdf_sha256(input, salt, std::string_view("Content-Encoding: nonce\0", 24), kNonceOctets)};
}

Result<std::string> seal(const WebPushKeys& keys, std::string_view plaintext, const Key& own,
                         std::string_view salt) {
  FUMI_CHECK(check_web_push_keys(keys));
  if (plaintext.size() > kWebPushOctetsMax) return fail(Code::too_large, kDoing);
  const std::string sender = own ? point_of(own) : std::string();
  const std::string secret = sender.empty() ? "" : shared_secret(own, peer_key(keys.p256dh));
  if (secret.empty()) return refused("no key could be agreed on");
  const ContentKey content = content_key(secret, keys, sender, salt);
  std::string padded(plaintext);
  padded += '\x02';  // the last record, without padding
  std::string out(salt);
  out += std::string("\0\0\x10\0", 4);  // record size 4096
  out += char(kPointOctets);
  out += sender;
  out.resize(kHeadOctets + padded.size() + kTagOctets);
  unsigned char* const body = octets(out) + kHeadOctets;
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool good =
      EVP_EncryptInit_ex2(cipher.get(), EVP_aes_128_gcm(), octets(content.key),
                          octets(content.nonce), nullptr) == 1 &&
      EVP_EncryptUpdate(cipher.get(), body, &size, octets(padded), int(padded.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), body + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, int(kTagOctets),
                          body + padded.size()) == 1;
  if (!good) return refused("encryption failed");
  return out;
}

}  // namespace

Status check_web_push_keys(const WebPushKeys& keys) {
  if (keys.auth.size() != kAuthOctets) return refused("auth has 16 octets");
  if (!peer_key(keys.p256dh)) return refused("p256dh is no point of P-256");
  return {};
}

Result<std::string> seal_web_push(const WebPushKeys& keys, std::string_view plaintext) {
  const Key own(EVP_EC_gen(kGroup));
  return seal(keys, plaintext, own, random_bytes(kSaltOctets));
}

Result<std::string> seal_web_push_for_test(const WebPushKeys& keys, std::string_view plaintext,
                                           std::string_view private_key, std::string_view salt) {
  return seal(keys, plaintext, make_key(point_of_scalar(private_key), private_key), salt);
}

Result<std::string> open_web_push_for_test(const WebPushKeys& keys, std::string_view private_key,
                                           std::string_view sealed) {
  const auto corrupt = [] { return fail(Code::corrupt, "opening a push message"); };
  if (sealed.size() < kHeadOctets + kTagOctets + 1) return corrupt();
  const std::string sender(sealed.substr(kSaltOctets + 5, kPointOctets));
  const Key own = make_key(keys.p256dh, private_key);
  const Key peer = peer_key(sender);
  if (!own || !peer) return corrupt();
  const ContentKey content =
      content_key(shared_secret(own, peer), keys, sender, sealed.substr(0, kSaltOctets));
  const std::string_view body =
      sealed.substr(kHeadOctets, sealed.size() - kHeadOctets - kTagOctets);
  std::string tag(sealed.substr(sealed.size() - kTagOctets));
  std::string out(body.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool good =
      EVP_DecryptInit_ex2(cipher.get(), EVP_aes_128_gcm(), octets(content.key),
                          octets(content.nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(cipher.get(), octets(out), &size, octets(body), int(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, int(kTagOctets), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), octets(out) + size, &size) == 1;
  if (!good || out.empty() || out.back() != '\x02') return corrupt();
  out.pop_back();
  return out;
}

}  // namespace fumi::crypto
