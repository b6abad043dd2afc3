#include <fcntl.h>

#include "base/ip.h"
#include "net/detail/openssl.h"
#include "net/detail/unique_fd.h"
#include "net/tls.h"

#include <openssl/rand.h>

namespace fumi::net {
namespace {

using namespace detail;  // NOLINT

constexpr const char* kDoing = "making a certificate";
constexpr long kSecondsADay = 24L * 60 * 60;

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ',';
    out += (IpAddress::parse(name) ? "IP:" : "DNS:") + name;
  }
  return out;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names, int days) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U | 1U);
  // An expired one must have been valid once: start before its end.
  const long from = days < 0 ? (days - 1) * kSecondsADay : -3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * kSecondsADay);
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* name = reinterpret_cast<const unsigned char*>(names.front().c_str());
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) != 1) return false;
  if (X509_set_issuer_name(certificate, subject) != 1) return false;
  if (X509_set_pubkey(certificate, key) != 1) return false;
  return add_extension(certificate, NID_subject_alt_name, alternative_names(names)) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

Result<BioPtr> writer(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (fd.get() < 0) return fail(Code::invalid, kDoing, path + ": can't be written");
  BIO* bio = BIO_new_fd(fd.get(), BIO_CLOSE);
  if (bio == nullptr) return fail(Code::internal, kDoing, openssl_errors());
  static_cast<void>(fd.release());
  return BioPtr(bio);
}

}  // namespace

Status write_self_signed(const TlsCertificateFiles& files, const std::vector<std::string>& names,
                         int days) {
  if (names.empty()) return fail(Code::invalid, kDoing, "no name");
  for (const std::string& name : names) {
    const bool plain = !name.empty() && name.find_first_of(",;\n\r") == std::string::npos;
    if (!plain) return fail(Code::invalid, kDoing, "a name can't be used");
  }
  ERR_clear_error();
  const PkeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), names, days)) {
    return fail(Code::internal, kDoing, openssl_errors());
  }
  FUMI_TRY(const BioPtr chain, writer(files.chain_file));
  FUMI_TRY(const BioPtr secret, writer(files.key_file));
  if (PEM_write_bio_X509(chain.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return fail(Code::storage_full, kDoing, openssl_errors());
  }
  return {};
}

Result<std::string> tlsa_311(const std::string& chain_file) {
  constexpr const char* kReading = "reading a certificate";
  ERR_clear_error();
  const BioPtr file(BIO_new_file(chain_file.c_str(), "r"));
  const X509Ptr leaf(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!leaf) return fail(Code::invalid, kReading, chain_file + ": " + openssl_errors());
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf.get()), &der);
  if (length <= 0) return fail(Code::invalid, kReading, openssl_errors());
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned octets = 0;
  const int hashed =
      EVP_Digest(der, static_cast<std::size_t>(length), hash, &octets, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  if (hashed != 1) return fail(Code::internal, kReading, openssl_errors());
  return std::string(reinterpret_cast<const char*>(hash), octets);
}

}  // namespace fumi::net
