#include "net/detail/tls_layer.h"

#include <cerrno>

#include "base/ip.h"

namespace fumi::net::detail {
namespace {

constexpr std::string_view kExporterLabel = "EXPORTER-Channel-Binding";  // RFC 9266 §2
constexpr std::size_t kExporterOctets = 32;

std::string channel_exporter(SSL* ssl) {
  // RFC 9266 §4.2: on TLS 1.2 only with the extended master secret, or it binds nothing.
  if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
  std::string out(kExporterOctets, '\0');
  const int made = SSL_export_keying_material(
      ssl, reinterpret_cast<unsigned char*>(out.data()), out.size(), kExporterLabel.data(),
      kExporterLabel.size(), nullptr, 0, SSL_version(ssl) < TLS1_3_VERSION ? 1 : 0);
  return made == 1 ? out : std::string();
}

// RFC 5929 §4.1: the hash of the certificate's signature algorithm, SHA-256 instead of MD5 and
// SHA-1.
std::string end_point_hash(X509* certificate) {
  if (certificate == nullptr) return {};
  int digest = NID_undef;
  if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr) != 1) return {};
  if (digest == NID_undef) return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* method = EVP_get_digestbynid(digest);
  if (method == nullptr) return {};
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (X509_digest(certificate, method, hash, &length) != 1) return {};
  return {reinterpret_cast<const char*>(hash), length};
}

std::string alpn_wire(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) continue;
    out += static_cast<char>(name.size());
    out += name;
  }
  return out;
}

// RFC 7672 §3.1.3: PKIX usages can't be used with SMTP; records that don't parse don't count.
std::size_t add_tlsa(SSL* ssl, const std::vector<TlsaRecord>& records) {
  std::size_t usable = 0;
  for (const TlsaRecord& record : records) {
    if (record.usage != 2 && record.usage != 3) continue;
    const int added = SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching,
                                        reinterpret_cast<const unsigned char*>(record.data.data()),
                                        record.data.size());
    if (added == 1) ++usable;
  }
  ERR_clear_error();
  return usable;
}

bool set_names(SSL* ssl, const TlsClientOptions& options) {
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const std::string& name = options.server_name;
  if (IpAddress::parse(name)) {  // RFC 6066 §3: no SNI for addresses
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  }
  if (name.empty()) return true;
  if (SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) return false;
  if (SSL_set1_host(ssl, name.c_str()) != 1) return false;
  for (const std::string& more : options.more_names) {
    if (SSL_add1_host(ssl, more.c_str()) != 1) return false;
  }
  return true;
}

const char* verify_word(TlsVerify verify) { return verify == TlsVerify::pkix ? "pkix" : "any"; }

}  // namespace

TlsLayer::TlsLayer(SslPtr ssl) : ssl_(std::move(ssl)) { SSL_set_app_data(ssl_.get(), this); }

Result<std::unique_ptr<TlsLayer>> TlsLayer::server(TlsServerContext::Impl& context, int fd) {
  ERR_clear_error();
  std::shared_ptr<const ServerSet> set;
  std::shared_ptr<TicketKeys> keys;
  SslPtr ssl = new_server_ssl(context, set, keys);
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) {
    return fail(Code::internal, "starting TLS", openssl_errors());
  }
  std::unique_ptr<TlsLayer> layer(new TlsLayer(std::move(ssl)));
  layer->server_set = std::move(set);
  layer->ticket_keys = std::move(keys);
  layer->server_side_ = true;
  SSL_set_accept_state(layer->ssl_.get());
  return layer;
}

Result<std::unique_ptr<TlsLayer>> TlsLayer::client(TlsClientContext::Impl& context, int fd,
                                                   TlsClientOptions options) {
  constexpr const char* kDoing = "starting TLS";
  ERR_clear_error();
  std::shared_ptr<SessionCache> cache;
  SslPtr owned = new_client_ssl(context, cache);
  if (!owned || SSL_set_fd(owned.get(), fd) != 1) {
    return fail(Code::internal, kDoing, openssl_errors());
  }
  SSL* ssl = owned.get();
  std::unique_ptr<TlsLayer> layer(new TlsLayer(std::move(owned)));
  layer->verify_ = options.verify;
  if (options.verify != TlsVerify::opportunistic && options.server_name.empty()) {
    return fail(Code::invalid, kDoing, "verification needs a server name");
  }
  if (options.verify == TlsVerify::dane && SSL_dane_enable(ssl, options.server_name.c_str()) <= 0) {
    return fail(Code::internal, kDoing, openssl_errors());
  }
  if (!set_names(ssl, options)) return fail(Code::invalid, kDoing, "the server name can't be used");
  if (options.verify == TlsVerify::dane) {
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);  // RFC 7672 §3.1.1
    if (add_tlsa(ssl, options.tlsa) == 0) layer->failure_ = TlsFailure::tlsa_invalid;
  }
  const bool strict = options.verify != TlsVerify::opportunistic;
  SSL_set_verify(ssl, strict ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // Old servers with small keys are still better encrypted to than not.
  if (!strict) SSL_set_security_level(ssl, 1);
  const std::string protocols = alpn_wire(options.alpn);
  if (!protocols.empty()) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }
  // A resumed session skips the certificates: never where TLSA records may have changed.
  if (options.verify != TlsVerify::dane && !options.server_name.empty()) {
    layer->session_key = std::string(verify_word(options.verify)) + ':' + options.server_name;
    for (const std::string& more : options.more_names)
      layer->session_key += ',' + more;
    layer->session_cache = std::move(cache);
    const SslSessionPtr session = take_session(*layer->session_cache, layer->session_key);
    if (session) SSL_set_session(ssl, session.get());
  }
  SSL_set_connect_state(ssl);
  return layer;
}

IoStep TlsLayer::step_of(int returned) {
  if (returned > 0) return io_done(static_cast<std::size_t>(returned));
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return io_step(IoStep::Kind::want_read);
    case SSL_ERROR_WANT_WRITE:
      return io_step(IoStep::Kind::want_write);
    case SSL_ERROR_ZERO_RETURN:
      return io_step(IoStep::Kind::end);
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      problem_ = system_error == 0 ? "connection closed" : std::strerror(system_error);
      return io_step(IoStep::Kind::gone);
    default:
      break;
  }
  broken_ = true;
  problem_ = openssl_errors();
  return io_step(IoStep::Kind::failed);
}

IoStep TlsLayer::handshake() {
  if (failure_ != TlsFailure::none) {
    problem_ = "no usable TLSA record";
    return io_step(IoStep::Kind::failed);
  }
  ERR_clear_error();
  errno = 0;
  IoStep step = step_of(SSL_do_handshake(ssl_.get()));
  if (step.kind == IoStep::Kind::end) step.kind = IoStep::Kind::gone;
  if (step.kind == IoStep::Kind::failed) note_failure();
  if (step.kind == IoStep::Kind::done) {
    ready_ = true;
    server_set.reset();
    note_identity();
  }
  return step;
}

void TlsLayer::note_failure() {
  failure_ = TlsFailure::validation_failure;
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict == X509_V_OK) return;
  problem_ = X509_verify_cert_error_string(verdict);
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      failure_ = TlsFailure::certificate_expired;
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      failure_ = TlsFailure::certificate_host_mismatch;
      break;
    case X509_V_ERR_DANE_NO_MATCH:
      failure_ = TlsFailure::dane_mismatch;
      break;
    default:
      failure_ = TlsFailure::certificate_not_trusted;
      break;
  }
}

void TlsLayer::note_identity() {
  if (server_side_ || SSL_get0_peer_certificate(ssl_.get()) == nullptr) return;
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verify_ == TlsVerify::dane) {
    peer_ = SSL_get0_dane_authority(ssl_.get(), nullptr, nullptr) >= 0 ? PeerIdentity::dane
                                                                       : PeerIdentity::unverified;
  } else {
    const bool named = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) != nullptr ||
                       verify_ == TlsVerify::pkix;
    peer_ = verdict == X509_V_OK && named ? PeerIdentity::pkix : PeerIdentity::unverified;
  }
}

IoStep TlsLayer::read(char* into, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  std::size_t octets = 0;
  const int returned = SSL_read_ex(ssl_.get(), into, size, &octets);
  return returned == 1 ? io_done(octets) : step_of(0);
}

IoStep TlsLayer::write(const char* from, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  std::size_t octets = 0;
  const int returned = SSL_write_ex(ssl_.get(), from, size, &octets);
  return returned == 1 ? io_done(octets) : step_of(0);
}

IoStep TlsLayer::peek() {
  if (SSL_pending(ssl_.get()) > 0) return io_done(0);
  ERR_clear_error();
  errno = 0;
  char octet = 0;
  std::size_t octets = 0;
  const int returned = SSL_peek_ex(ssl_.get(), &octet, 1, &octets);
  return returned == 1 ? io_done(0) : step_of(0);
}

IoStep TlsLayer::close_notify() {
  if (broken_ || !ready_) return io_done(0);
  if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return io_done(0);
  ERR_clear_error();
  errno = 0;
  const int returned = SSL_shutdown(ssl_.get());
  return returned >= 0 ? io_done(0) : step_of(returned);
}

TlsInfo TlsLayer::info() const {
  SSL* ssl = ssl_.get();
  TlsInfo out;
  out.version = SSL_get_version(ssl);
  out.cipher = SSL_get_cipher_name(ssl);
  const char* sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (sni != nullptr) out.sni = sni;
  const unsigned char* alpn = nullptr;
  unsigned alpn_octets = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_octets);
  if (alpn_octets > 0) out.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_octets);
  out.resumed = SSL_session_reused(ssl) == 1;
  out.peer = peer_;
  if (peer_ == PeerIdentity::unverified) {
    const long verdict = SSL_get_verify_result(ssl);
    out.peer_problem =
        verdict == X509_V_OK ? "no name to verify" : X509_verify_cert_error_string(verdict);
  }
  out.exporter = channel_exporter(ssl);
  X509* certificate = server_side_ ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
  out.server_end_point = end_point_hash(certificate);
  return out;
}

}  // namespace fumi::net::detail
