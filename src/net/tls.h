// TLS contexts and what a handshake found. OpenSSL stays in the .cpp files.
//
// Contexts are shared by all connections and threads: handshakes may run while reload() swaps the
// certificates; connections that stand keep what they negotiated. Contexts must outlive the
// coroutine that calls start_tls_*(), not the connection.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/dns.h"

namespace fumi::net {

enum class TlsVersion { tls12, tls13 };

struct TlsCertificateFiles {
  std::string chain_file;  // PEM, leaf first
  std::string key_file;    // PEM, not encrypted
};

struct TlsServerConfig {
  // The first one is the default; the others are chosen by SNI against their subjectAltNames,
  // exact names before wildcards (RFC 6066 §3, RFC 9525 §6.3).
  std::vector<TlsCertificateFiles> certificates;
  TlsVersion version_min = TlsVersion::tls12;
  std::vector<std::string> alpn;  // in our order of preference; empty: the extension is ignored
};

// Session tickets are on; their keys rotate every 12 hours, survive reload(), live in memory only.
class TlsServerContext {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TlsServerContext>> open(TlsServerConfig config);
  ~TlsServerContext();
  // Reads the files again; on any error the certificates in use stay. For new handshakes only.
  [[nodiscard]] Status reload();
  [[nodiscard]] Status reload(TlsServerConfig config);

  class Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  explicit TlsServerContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class TlsVerify {
  opportunistic,  // encrypt with whoever answers (RFC 7435); the outcome is told in TlsInfo::peer
  pkix,           // chain to a trust anchor and `server_name` in the certificate, or fail
  dane,           // DANE-EE(3) or DANE-TA(2) by `tlsa` (RFC 7672 §3.1), or fail
};

struct TlsClientOptions {
  std::string server_name;              // SNI, and the reference identity; "" sends no SNI
  std::vector<std::string> more_names;  // further reference identities (RFC 7672 §3.2.2)
  TlsVerify verify = TlsVerify::opportunistic;
  std::vector<TlsaRecord> tlsa;  // for dane: unusable ones are skipped, none usable is an error
  std::vector<std::string> alpn;
};

struct TlsClientConfig {
  std::string ca_file;  // PEM; "" means the system's trust store
  TlsVersion version_min = TlsVersion::tls12;
  std::size_t sessions_max = 4096;  // remembered for resumption, by name and verification
};

class TlsClientContext {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TlsClientContext>> open(TlsClientConfig config);
  ~TlsClientContext();

  class Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  explicit TlsClientContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class PeerIdentity { none, unverified, pkix, dane };  // none: it sent no certificate

struct TlsInfo {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
  std::string sni;      // as the client sent it
  std::string alpn;
  bool resumed = false;
  PeerIdentity peer = PeerIdentity::none;
  std::string peer_problem;  // OpenSSL's words, when unverified
  // Channel bindings for SCRAM: tls-exporter (RFC 9266; empty on TLS 1.2 without extended master
  // secret) and tls-server-end-point (RFC 5929 §4.1; empty when its hash is undefined).
  std::string exporter;
  std::string server_end_point;
};

// Why a client handshake failed, in the words of TLS reports (RFC 8460 §4.3).
enum class TlsFailure {
  none,
  certificate_expired,
  certificate_host_mismatch,
  certificate_not_trusted,
  tlsa_invalid,        // no TLSA record could be used
  dane_mismatch,       // none of them matched: reported as validation-failure
  validation_failure,  // anything else about the handshake
};
[[nodiscard]] std::string_view to_string(TlsFailure failure);  // "certificate-expired"

// For demos and tests: a self-signed P-256 certificate for these names (the first is the subject;
// addresses become IP entries), valid from an hour ago for `days` (negative: expired already), in
// chain_file and key_file (mode 0600). Existing files are replaced.
[[nodiscard]] Status write_self_signed(const TlsCertificateFiles& files,
                                       const std::vector<std::string>& names, int days);
// The leaf's data for a TLSA "3 1 1" record: SHA-256 of its SubjectPublicKeyInfo.
[[nodiscard]] Result<std::string> tlsa_311(const std::string& chain_file);

}  // namespace fumi::net
