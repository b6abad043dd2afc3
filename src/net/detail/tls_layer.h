// TlsLayer: one TLS connection on a non-blocking fd. Attempts only; TcpStream does the waiting.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/detail/io_step.h"
#include "net/detail/openssl.h"
#include "net/tls.h"

namespace fumi::net::detail {

struct ServerSet;  // the certificates and settings of one reload
class TicketKeys;
class SessionCache;

class TlsLayer {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TlsLayer>> server(TlsServerContext::Impl& context,
                                                                int fd);
  [[nodiscard]] static Result<std::unique_ptr<TlsLayer>> client(TlsClientContext::Impl& context,
                                                                int fd, TlsClientOptions options);

  [[nodiscard]] IoStep handshake();
  [[nodiscard]] IoStep read(char* into, std::size_t size);
  [[nodiscard]] IoStep write(const char* from, std::size_t size);
  // Whether read() would give data or the end: done, or what must be waited for.
  [[nodiscard]] IoStep peek();
  [[nodiscard]] IoStep close_notify();

  [[nodiscard]] TlsInfo info() const;
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] TlsFailure failure() const { return failure_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }  // of the last failed step

  // For OpenSSL's callbacks, which find the layer as the SSL's app data.
  std::shared_ptr<const ServerSet> server_set;  // during the handshake; then released
  std::shared_ptr<TicketKeys> ticket_keys;
  std::shared_ptr<SessionCache> session_cache;
  std::string session_key;

 private:
  explicit TlsLayer(SslPtr ssl);
  [[nodiscard]] IoStep step_of(int returned);
  void note_failure();
  void note_identity();

  SslPtr ssl_;
  bool server_side_ = false;
  bool broken_ = false;  // after a fatal error nothing more may be sent
  bool ready_ = false;
  TlsVerify verify_ = TlsVerify::opportunistic;
  PeerIdentity peer_ = PeerIdentity::none;
  TlsFailure failure_ = TlsFailure::none;
  std::string problem_;
};

// Called by TlsLayer; each lives with its context.
[[nodiscard]] SslPtr new_server_ssl(TlsServerContext::Impl& context,
                                    std::shared_ptr<const ServerSet>& set,
                                    std::shared_ptr<TicketKeys>& keys);
[[nodiscard]] SslPtr new_client_ssl(TlsClientContext::Impl& context,
                                    std::shared_ptr<SessionCache>& cache);
[[nodiscard]] SslSessionPtr take_session(SessionCache& cache, const std::string& key);

}  // namespace fumi::net::detail
