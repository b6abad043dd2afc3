// InboundSession: one SMTP connection from a client, on any door. Connects the engine, the stream
// and the intake service, and knows nothing else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "net/rate_limiter.h"
#include "net/stream.h"
#include "obs/metrics.h"
#include "proto/smtp/server.h"
#include "server/auth/login.h"
#include "server/smtp/options.h"
#include "server/smtp/trusted.h"
#include "service/intake/intake.h"

namespace fumi::server {

struct InboundMetrics {
  obs::Counter connections, accepted, refused_recipients, refused_messages, octets;
  obs::Histogram commit_seconds;
};

// What all sessions of one door share; outlives them.
struct InboundHost {
  service::Door door = service::Door::mx;
  std::shared_ptr<const smtp::ServerOptions> engine;
  SmtpOptions options;
  service::Intake& intake;
  LoginHost& login;
  net::TlsServerContext& tls;
  net::RateLimiter& rates;
  const Clock& clock;
  TrustedNetworks& trusted;
  InboundMetrics metrics;
};

class InboundSession {
 public:
  // `tls`: active on ports with implicit TLS; the handshake is the session's first act.
  InboundSession(InboundHost& host, std::unique_ptr<net::Stream> stream, smtp::TlsState tls);
  Task<void> run();

 private:
  Task<bool> flush();
  Task<bool> fill();
  bool say_farewell(const Error& error);
  bool is_postmaster_here(EmailAddress& address) const;
  Task<void> act(smtp::ServerStep& step);
  Task<void> on_hello(const smtp::Hello& hello);
  Task<void> on_auth(LoginStep step);
  Task<void> on_mail(const smtp::MailFrom& mail);
  Task<void> on_rcpt(const smtp::RcptTo& rcpt);
  Task<void> on_data_end(const smtp::DataEnd& end);
  Task<bool> on_starttls();
  Task<void> on_greet();
  void forget_transaction();
  [[nodiscard]] bool too_slow() const;
  [[nodiscard]] bool take(const std::string& key, std::uint32_t per_minute);

  InboundHost& host_;
  std::unique_ptr<net::Stream> stream_;
  smtp::Server engine_;
  service::Arrival arrival_;
  service::Envelope envelope_;
  std::optional<service::Draft> draft_;
  std::unique_ptr<Login> login_;
  service::LiveSessions::Ticket ticket_;  // while somebody is logged in
  TenantId trusted_tenant_;               // of the peer's address, on the relay door
  bool esmtp_ = false;
  Instant started_;
  Instant data_started_;
  bool more_comes_ = false;  // the last read filled its buffer: a pipeline
};

// A session from its first octet to its last: what a listener starts for each connection.
Task<void> serve_smtp(InboundHost& host, std::unique_ptr<net::Stream> stream, smtp::TlsState tls);

}  // namespace fumi::server
