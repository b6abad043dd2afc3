#include "mailauth/dkim_sign.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "codec/base64.h"
#include "mailauth/detail/sha256.h"
#include "mailauth/detail/split.h"
#include "mailauth/dkim_canonical.h"

namespace fumi::mailauth {
namespace {

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, KeyFree>;
using MemoryBio = std::unique_ptr<BIO, KeyFree>;

const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

// Without this OpenSSL asks for a passphrase on the terminal, and a server would wait there.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return {data, std::size_t(length)};
}

std::unexpected<Error> crypto_failed(const char* what) {
  ERR_clear_error();
  return fail(Code::internal, "DKIM", std::string(what) + " failed");
}

constexpr int kRsaBitsMin = 1024;  // RFC 8301 §3.2

// RFC 6376 §5.4.1, and what RFC 8058 wants signed.
constexpr std::array<std::string_view, 21> kSigned{"from",
                                                   "reply-to",
                                                   "subject",
                                                   "date",
                                                   "to",
                                                   "cc",
                                                   "message-id",
                                                   "in-reply-to",
                                                   "references",
                                                   "mime-version",
                                                   "content-type",
                                                   "content-transfer-encoding",
                                                   "resent-date",
                                                   "resent-from",
                                                   "resent-to",
                                                   "resent-cc",
                                                   "list-id",
                                                   "list-post",
                                                   "list-unsubscribe",
                                                   "list-unsubscribe-post",
                                                   "auto-submitted"};

// §5.4.2: several fields of one name are signed from the bottom up.
struct Selection {
  std::string names;      // the h= tag
  std::string canonical;  // the fields, in that order
};

Selection select(const std::vector<SplitField>& fields, const std::vector<std::string>& oversign) {
  Selection out;
  const auto add_name = [&out](std::string_view name) {
    if (!out.names.empty()) out.names += ':';
    out.names += name;
  };
  for (const std::string_view name : kSigned) {
    for (std::size_t i = fields.size(); i-- > 0;) {
      if (!ascii::iequals(fields[i].name, name)) continue;
      add_name(name);
      out.canonical += canonical_field(fields[i].text, Canonicalization::relaxed);
    }
    const bool more =
        name == "from" || std::ranges::any_of(oversign, [name](const std::string& own) {
          return ascii::iequals(own, name);
        });
    if (more) add_name(name);
  }
  return out;
}

std::string folded(std::string_view value, std::string_view indent) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); i += 72) {
    if (i > 0) out += indent;
    out += value.substr(i, 72);
  }
  return out;
}

std::string folded_names(const std::string& names) {
  std::string out;
  std::size_t column = 3;
  for (const std::string_view name : ascii::split(names, ':')) {
    if (!out.empty()) out += ':';
    if (column + name.size() > 70) {
      out += "\r\n\t";
      column = 1;
    }
    out += name;
    column += name.size() + 1;
  }
  return out;
}

}  // namespace

std::string_view to_string(DkimAlgorithm algorithm) {
  return algorithm == DkimAlgorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

struct DkimSigner::Impl {
  std::string domain;
  std::string selector;
  DkimAlgorithm algorithm = DkimAlgorithm::rsa_sha256;
  Key key;

  // RFC 8463 §3: Ed25519 signs the SHA-256 of the data; RSA hashes it itself.
  [[nodiscard]] Result<std::string> sign(std::string_view data) const {
    const bool rsa = algorithm == DkimAlgorithm::rsa_sha256;
    const std::string digest = rsa ? std::string() : sha256(data);
    const std::string_view input = rsa ? data : std::string_view(digest);
    const DigestContext context(EVP_MD_CTX_new());
    if (EVP_DigestSignInit(context.get(), nullptr, rsa ? sha256_method() : nullptr, nullptr,
                           key.get()) != 1) {
      return crypto_failed("EVP_DigestSignInit");
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
    std::size_t length = 0;
    if (EVP_DigestSign(context.get(), nullptr, &length, bytes, input.size()) != 1) {
      return crypto_failed("EVP_DigestSign");
    }
    std::string signature(length, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes, input.size()) != 1) {
      return crypto_failed("EVP_DigestSign");
    }
    signature.resize(length);
    return signature;
  }
};

DkimSigner::DkimSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DkimSigner::~DkimSigner() = default;
DkimSigner::DkimSigner(DkimSigner&&) noexcept = default;
DkimSigner& DkimSigner::operator=(DkimSigner&&) noexcept = default;

Result<DkimSigner> DkimSigner::open(std::string domain, std::string selector,
                                    DkimAlgorithm algorithm, const std::string& private_pem) {
  if (!is_dns_name(domain) || !is_dns_name(selector)) {
    return fail(Code::invalid, "reading a DKIM key", "the domain or selector is no DNS name");
  }
  const MemoryBio bio(BIO_new_mem_buf(private_pem.data(), int(private_pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  const int wanted = algorithm == DkimAlgorithm::rsa_sha256 ? EVP_PKEY_RSA : EVP_PKEY_ED25519;
  ERR_clear_error();
  if (!key || EVP_PKEY_base_id(key.get()) != wanted ||
      (wanted == EVP_PKEY_RSA && EVP_PKEY_get_bits(key.get()) < kRsaBitsMin)) {
    return fail(Code::invalid, "reading a DKIM key",
                "not a private key for " + std::string(to_string(algorithm)));
  }
  auto impl = std::make_unique<Impl>();
  impl->domain = std::move(domain);
  impl->selector = std::move(selector);
  impl->algorithm = algorithm;
  impl->key = std::move(key);
  return DkimSigner(std::move(impl));
}

Result<DkimKeyPair> make_dkim_key(DkimAlgorithm algorithm) {
  const bool rsa = algorithm == DkimAlgorithm::rsa_sha256;
  const Key key(rsa ? EVP_RSA_gen(2048) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return crypto_failed("making a key");
  const MemoryBio pem(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
      1) {
    return crypto_failed("writing a key");
  }
  DkimKeyPair pair;
  pair.private_pem = bio_text(pem.get());
  std::string encoded;
  if (rsa) {
    // RFC 6376 §3.6.1: SubjectPublicKeyInfo in DER.
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key.get(), &der);
    if (length <= 0) return crypto_failed("encoding a key");
    encoded.assign(reinterpret_cast<char*>(der), std::size_t(length));
    OPENSSL_free(der);
  } else {
    // RFC 8463 §4.2: the 32 octets of the key alone.
    encoded.resize(32);
    std::size_t length = encoded.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(encoded.data()),
                                &length);
  }
  pair.dns_record = std::string("v=DKIM1; k=") + (rsa ? "rsa" : "ed25519") +
                    "; p=" + codec::base64_encode(encoded);
  return pair;
}

Result<std::string> sign_dkim(std::string_view message, std::span<const DkimSigner> signers,
                              Instant now, const DkimSignOptions& options) {
  if (signers.empty()) return std::string();
  if (options.expires_in && *options.expires_in < std::chrono::seconds(1)) {
    return fail(Code::invalid, "signing with DKIM", "expiry under a second");
  }
  const SplitMessage parts = split_message(message);
  const bool has_from = std::ranges::any_of(
      parts.fields, [](const SplitField& field) { return ascii::iequals(field.name, "from"); });
  if (!has_from) return fail(Code::invalid, "signing with DKIM", "the message has no From field");
  const std::string body_hash =
      codec::base64_encode(sha256(canonical_body(parts.body, Canonicalization::relaxed)));
  const Selection selection = select(parts.fields, options.oversign);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  std::string expiry;
  if (options.expires_in) {
    expiry = "; x=" +
             std::to_string(
                 (seconds + std::chrono::floor<std::chrono::seconds>(*options.expires_in)).count());
  }
  std::string out;
  for (const DkimSigner& signer : signers) {
    const DkimSigner::Impl& impl = signer.impl();
    std::string field = "DKIM-Signature: v=1; a=" + std::string(to_string(impl.algorithm)) +
                        "; c=relaxed/relaxed;\r\n\td=" + impl.domain + "; s=" + impl.selector +
                        "; t=" + std::to_string(seconds.count()) + expiry +
                        ";\r\n\th=" + folded_names(selection.names) + ";\r\n\tbh=" + body_hash +
                        ";\r\n\tb=";
    // §3.7: the field itself comes last, with an empty b= and without its CRLF.
    std::string own = canonical_field(field, Canonicalization::relaxed);
    own.resize(own.size() - 2);
    FUMI_TRY(const std::string signature, impl.sign(selection.canonical + own));
    out += field + folded(codec::base64_encode(signature), "\r\n\t ") + "\r\n";
  }
  return out;
}

}  // namespace fumi::mailauth
