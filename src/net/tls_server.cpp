#include <array>
#include <chrono>
#include <map>
#include <mutex>

#include "base/ascii.h"
#include "base/ip.h"
#include "net/detail/tls_layer.h"
#include "net/tls.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

namespace fumi::net {
namespace detail {

constexpr const char* kDoing = "loading TLS certificates";
// TLS 1.2: forward secrecy always; AEAD first, CBC for the mail servers that know nothing newer.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES";
constexpr auto kTicketKeyLife = std::chrono::hours(12);
constexpr std::size_t kTicketNameOctets = 16;

struct ServerSet {
  std::vector<SslCtxPtr> contexts;  // the first is the default
  std::map<std::string, SSL_CTX*, std::less<>> exact;
  std::map<std::string, SSL_CTX*, std::less<>> wildcard;  // "example.com" for *.example.com
  std::string alpn;                                       // wire form

  [[nodiscard]] SSL_CTX* find(std::string_view sni) const {
    const std::string name = ascii::to_lower(sni);
    if (const auto found = exact.find(name); found != exact.end()) return found->second;
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return nullptr;
    const auto found = wildcard.find(std::string_view(name).substr(dot + 1));
    return found == wildcard.end() ? nullptr : found->second;
  }
};

// The keys that session tickets are sealed with: one that seals, one before it that still opens.
class TicketKeys {
 public:
  struct Key {
    std::array<unsigned char, kTicketNameOctets> name{};
    std::array<unsigned char, 32> aes{};
    std::array<unsigned char, 32> mac{};
    std::chrono::steady_clock::time_point made;
  };
  enum class Found { none, current, previous };

  [[nodiscard]] std::optional<Key> sealing() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!current_ || now - current_->made >= kTicketKeyLife) {
      Key fresh;
      if (RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size())) != 1 ||
          RAND_bytes(fresh.aes.data(), static_cast<int>(fresh.aes.size())) != 1 ||
          RAND_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size())) != 1) {
        return std::nullopt;
      }
      fresh.made = now;
      previous_ = current_;
      current_ = fresh;
    }
    return current_;
  }
  [[nodiscard]] Found opening(const unsigned char* name, Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    for (const auto* candidate : {&current_, &previous_}) {
      if (!*candidate || !std::equal((*candidate)->name.begin(), (*candidate)->name.end(), name)) {
        continue;
      }
      if (now - (*candidate)->made >= 2 * kTicketKeyLife) return Found::none;
      key = **candidate;
      const bool fresh = candidate == &current_ && now - key.made < kTicketKeyLife;
      return fresh ? Found::current : Found::previous;
    }
    return Found::none;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Key> current_;
  std::optional<Key> previous_;
};

namespace {

TlsLayer& layer_of(SSL* ssl) { return *static_cast<TlsLayer*>(SSL_get_app_data(ssl)); }

bool set_mac(EVP_MAC_CTX* context, const TicketKeys::Key& key) {
  std::array<unsigned char, 32> bytes = key.mac;
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(context, parameters) == 1;
}

// OpenSSL's contract: 1 use it, 2 use it and issue a new one, 0 no ticket, -1 error.
int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int sealing) {
  TicketKeys& keys = *layer_of(ssl).ticket_keys;
  if (sealing == 1) {
    const auto key = keys.sealing();
    if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    std::copy(key->name.begin(), key->name.end(), name);
    if (EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->aes.data(), iv) != 1) return -1;
    return set_mac(mac, *key) ? 1 : -1;
  }
  TicketKeys::Key key;
  const TicketKeys::Found found = keys.opening(name, key);
  if (found == TicketKeys::Found::none) return 0;
  if (!set_mac(mac, key)) return -1;
  if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.aes.data(), iv) != 1) return -1;
  return found == TicketKeys::Found::current ? 1 : 2;
}

int on_sni(SSL* ssl, int* /*alert*/, void* /*unused*/) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto& set = layer_of(ssl).server_set;
  if (name == nullptr || !set) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* chosen = set->find(name);
  if (chosen != nullptr && chosen != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, chosen);
  // An unknown name gets the default certificate: mail clients decide, and MX names are many.
  return SSL_TLSEXT_ERR_OK;
}

int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_octets, const unsigned char* in,
            unsigned in_octets, void* /*unused*/) {
  const auto& set = layer_of(ssl).server_set;
  if (!set || set->alpn.empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* chosen = nullptr;
  const int selected = SSL_select_next_proto(
      &chosen, out_octets, reinterpret_cast<const unsigned char*>(set->alpn.data()),
      static_cast<unsigned>(set->alpn.size()), in, in_octets);
  if (selected != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 §3.2
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void add_name(ServerSet& set, std::string_view raw, SSL_CTX* context) {
  const std::string name = ascii::to_lower(raw);
  if (name.starts_with("*.")) {
    set.wildcard.emplace(name.substr(2), context);  // the first certificate that has it wins
  } else if (!name.empty()) {
    set.exact.emplace(name, context);
  }
}

void add_names(ServerSet& set, SSL_CTX* context) {
  X509* leaf = SSL_CTX_get0_certificate(context);
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* octets = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    const auto length = static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName));
    add_name(set, std::string_view(octets, length), context);
  }
  GENERAL_NAMES_free(names);
}

Result<SslCtxPtr> make_context(const TlsServerConfig& config, const TlsCertificateFiles& files) {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(Code::internal, kDoing, openssl_errors());
  SSL_CTX* raw = context.get();
  const bool tls13 = config.version_min == TlsVersion::tls13;
  SSL_CTX_set_min_proto_version(raw, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_dh_auto(raw, 1);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets need no memory here
  SSL_CTX_set_num_tickets(raw, 1);
  static constexpr unsigned char kIdContext[] = {'f', 'u', 'm', 'i'};
  SSL_CTX_set_session_id_context(raw, kIdContext, sizeof kIdContext);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(raw, &on_ticket);
  SSL_CTX_set_tlsext_servername_callback(raw, &on_sni);
  SSL_CTX_set_alpn_select_cb(raw, &on_alpn, nullptr);
  if (SSL_CTX_set_cipher_list(raw, kCiphers) != 1) {
    return fail(Code::internal, kDoing, openssl_errors());
  }
  if (SSL_CTX_use_certificate_chain_file(raw, files.chain_file.c_str()) != 1) {
    return fail(Code::invalid, kDoing, files.chain_file + ": " + openssl_errors());
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return fail(Code::invalid, kDoing, files.key_file + ": " + openssl_errors());
  }
  return context;
}

Result<std::shared_ptr<const ServerSet>> make_set(const TlsServerConfig& config) {
  if (config.certificates.empty()) return fail(Code::invalid, kDoing, "none is configured");
  const auto set = std::make_shared<ServerSet>();
  for (const TlsCertificateFiles& files : config.certificates) {
    FUMI_TRY(SslCtxPtr context, make_context(config, files));
    add_names(*set, context.get());
    set->contexts.push_back(std::move(context));
  }
  for (const std::string& name : config.alpn) {
    if (name.empty() || name.size() > 255) return fail(Code::invalid, kDoing, "an ALPN name");
    set->alpn += static_cast<char>(name.size());
    set->alpn += name;
  }
  return std::shared_ptr<const ServerSet>(set);
}

}  // namespace
}  // namespace detail

class TlsServerContext::Impl {
 public:
  mutable std::mutex mutex;
  TlsServerConfig config;
  std::shared_ptr<const detail::ServerSet> set;  // shared with handshakes under way
  // shared with connections, whose tickets may be renewed at any time
  std::shared_ptr<detail::TicketKeys> keys = std::make_shared<detail::TicketKeys>();
};

detail::SslPtr detail::new_server_ssl(TlsServerContext::Impl& context,
                                      std::shared_ptr<const ServerSet>& set,
                                      std::shared_ptr<TicketKeys>& keys) {
  {
    const std::lock_guard lock(context.mutex);
    set = context.set;
    keys = context.keys;
  }
  return SslPtr(SSL_new(set->contexts.front().get()));
}

TlsServerContext::TlsServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServerContext::~TlsServerContext() = default;

Result<std::unique_ptr<TlsServerContext>> TlsServerContext::open(TlsServerConfig config) {
  std::unique_ptr<TlsServerContext> context(new TlsServerContext(std::make_unique<Impl>()));
  FUMI_CHECK(context->reload(std::move(config)));
  return context;
}

Status TlsServerContext::reload() {
  TlsServerConfig config;
  {
    const std::lock_guard lock(impl_->mutex);
    config = impl_->config;
  }
  return reload(std::move(config));
}

Status TlsServerContext::reload(TlsServerConfig config) {
  FUMI_TRY(std::shared_ptr<const detail::ServerSet> set, detail::make_set(config));
  const std::lock_guard lock(impl_->mutex);
  impl_->set.swap(set);  // the old one dies outside handshakes, at the latest with the last of them
  impl_->config = std::move(config);
  return {};
}

}  // namespace fumi::net
