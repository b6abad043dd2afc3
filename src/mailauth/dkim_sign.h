// DKIM signatures for mail that leaves (RFC 6376, RFC 8463): relaxed/relaxed, RSA-SHA256 and
// Ed25519-SHA256. A message signed with several keys is canonicalised and hashed once.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fumi::mailauth {

enum class DkimAlgorithm { rsa_sha256, ed25519_sha256 };

[[nodiscard]] std::string_view to_string(DkimAlgorithm algorithm);  // "rsa-sha256"

struct DkimKeyPair {
  std::string private_pem;  // PKCS #8
  std::string dns_record;   // the TXT value: "v=DKIM1; k=rsa; p=…"
};

// RSA with 2048 bits takes up to a second of CPU.
[[nodiscard]] Result<DkimKeyPair> make_dkim_key(DkimAlgorithm algorithm);

// A private key ready for use. Immutable; safe from any thread.
class DkimSigner {
 public:
  // invalid: the PEM holds no key of that algorithm (or one with a passphrase, or RSA under 1024
  // bits: RFC 8301 §3.2), or the domain or selector is no DNS name in ASCII.
  [[nodiscard]] static Result<DkimSigner> open(std::string domain, std::string selector,
                                               DkimAlgorithm algorithm,
                                               const std::string& private_pem);
  ~DkimSigner();
  DkimSigner(DkimSigner&&) noexcept;
  DkimSigner& operator=(DkimSigner&&) noexcept;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit DkimSigner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct DkimSignOptions {
  std::optional<Duration> expires_in;  // x= is t= plus this; whole seconds, at least one
  // Named once more in h= than they occur, so that none can be added (§8.15). Only fields that get
  // signed count; From is always among them.
  std::vector<std::string> oversign{"from", "subject", "to", "cc", "date"};
};

// One DKIM-Signature field for each signer, to be put before the message. `message`: RFC 5322 bytes
// with CRLF line ends. Signs From and the other fields of RFC 6376 §5.4.1 that are there.
// invalid: there is no From field (§5.4), or the expiry is under a second.
[[nodiscard]] Result<std::string> sign_dkim(std::string_view message,
                                            std::span<const DkimSigner> signers, Instant now,
                                            const DkimSignOptions& options = {});

}  // namespace fumi::mailauth
