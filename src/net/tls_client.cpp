#include <deque>
#include <list>
#include <map>
#include <mutex>

#include "net/detail/tls_layer.h"
#include "net/tls.h"

namespace fumi::net {
namespace detail {

constexpr const char* kDoing = "setting up TLS for clients";
constexpr std::size_t kSessionsPerKey = 4;

// Sessions for resumption, by name and verification. TLS 1.3 ones are used once (RFC 8446 §C.4).
class SessionCache {
 public:
  explicit SessionCache(std::size_t sessions_max) : keys_max_(sessions_max / kSessionsPerKey) {}

  void put(const std::string& key, SslSessionPtr session) {
    const std::lock_guard lock(mutex_);
    if (keys_max_ == 0) return;
    auto found = index_.find(key);
    if (found == index_.end()) {
      if (entries_.size() >= keys_max_) {
        index_.erase(entries_.front().key);
        entries_.pop_front();
      }
      entries_.push_back({key, {}});
      found = index_.emplace(key, std::prev(entries_.end())).first;
    }
    entries_.splice(entries_.end(), entries_, found->second);
    auto& sessions = found->second->sessions;
    sessions.push_back(std::move(session));
    if (sessions.size() > kSessionsPerKey) sessions.pop_front();
  }

  [[nodiscard]] SslSessionPtr take(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    auto& sessions = found->second->sessions;
    SslSessionPtr session = std::move(sessions.back());
    sessions.pop_back();
    if (SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(session.get());
      sessions.emplace_back(session.get());
    }
    if (sessions.empty()) {
      entries_.erase(found->second);
      index_.erase(found);
    }
    return session;
  }

 private:
  struct Entry {
    std::string key;
    std::deque<SslSessionPtr> sessions;  // newest last
  };
  std::mutex mutex_;
  std::size_t keys_max_;
  std::list<Entry> entries_;  // least recently filled first
  std::map<std::string, std::list<Entry>::iterator> index_;
};

SslSessionPtr take_session(SessionCache& cache, const std::string& key) { return cache.take(key); }

namespace {

// OpenSSL's contract: 1 takes the reference over.
int on_new_session(SSL* ssl, SSL_SESSION* session) {
  const auto* layer = static_cast<TlsLayer*>(SSL_get_app_data(ssl));
  if (layer == nullptr || !layer->session_cache || layer->session_key.empty()) return 0;
  if (SSL_SESSION_is_resumable(session) != 1) return 0;
  layer->session_cache->put(layer->session_key, SslSessionPtr(session));
  return 1;
}

Result<SslCtxPtr> make_context(const TlsClientConfig& config) {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail(Code::internal, kDoing, openssl_errors());
  SSL_CTX* raw = context.get();
  const bool tls13 = config.version_min == TlsVersion::tls13;
  SSL_CTX_set_min_proto_version(raw, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(raw, &on_new_session);
  const int loaded = config.ca_file.empty() ? SSL_CTX_set_default_verify_paths(raw)
                                            : SSL_CTX_load_verify_file(raw, config.ca_file.c_str());
  if (loaded != 1) return fail(Code::invalid, kDoing, config.ca_file + ": " + openssl_errors());
  // RFC 7671 §9: SHA2-512 may be offered; names the digests that DANE records may use.
  if (SSL_CTX_dane_enable(raw) <= 0) return fail(Code::internal, kDoing, openssl_errors());
  return context;
}

}  // namespace
}  // namespace detail

class TlsClientContext::Impl {
 public:
  explicit Impl(std::size_t sessions_max)
      : cache(std::make_shared<detail::SessionCache>(sessions_max)) {}
  detail::SslCtxPtr context;
  std::shared_ptr<detail::SessionCache> cache;  // shared with connections, which add to it
};

detail::SslPtr detail::new_client_ssl(TlsClientContext::Impl& context,
                                      std::shared_ptr<SessionCache>& cache) {
  cache = context.cache;
  return SslPtr(SSL_new(context.context.get()));
}

TlsClientContext::TlsClientContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsClientContext::~TlsClientContext() = default;

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::open(TlsClientConfig config) {
  auto impl = std::make_unique<Impl>(config.sessions_max);
  FUMI_TRY(impl->context, detail::make_context(config));
  return std::unique_ptr<TlsClientContext>(new TlsClientContext(std::move(impl)));
}

std::string_view to_string(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::none:
      return "none";
    case TlsFailure::certificate_expired:
      return "certificate-expired";
    case TlsFailure::certificate_host_mismatch:
      return "certificate-host-mismatch";
    case TlsFailure::certificate_not_trusted:
      return "certificate-not-trusted";
    case TlsFailure::tlsa_invalid:
      return "tlsa-invalid";
    case TlsFailure::dane_mismatch:
    case TlsFailure::validation_failure:
      return "validation-failure";
  }
  return "validation-failure";
}

}  // namespace fumi::net
