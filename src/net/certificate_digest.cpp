#include "net/certificate_digest.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace fumi::net {
namespace {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;

}  // namespace

Result<std::string> spki_sha256(const std::string& chain_file) {
  static constexpr const char* kDoing = "reading a certificate";
  const Bio bio(BIO_new_file(chain_file.c_str(), "r"));
  if (!bio) return fail(Code::not_found, kDoing, chain_file + " can't be read");
  const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf) return fail(Code::invalid, kDoing, chain_file + " holds no certificate");
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf.get()), &der);
  if (size <= 0) return fail(Code::invalid, kDoing, chain_file + " holds no public key");
  unsigned char digest[32];
  const int hashed = EVP_Digest(der, std::size_t(size), digest, nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  if (hashed != 1) return fail(Code::internal, kDoing, "SHA-256 failed");
  return std::string(reinterpret_cast<const char*>(digest), sizeof digest);
}

}  // namespace fumi::net
