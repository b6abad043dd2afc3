// Login: one SASL exchange between a protocol session and the access service.
//
// The session decodes base64 and frames; this drives the mechanism, asks Access, and says what to
// send back. Used by SMTP, IMAP and POP3.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/task.h"
#include "net/stream.h"
#include "proto/sasl/server_exchange.h"
#include "service/access/access.h"
#include "service/access/live_sessions.h"

namespace fumi::server {

struct LoginChallenge {
  std::string octets;
};
struct LoginDone {
  service::Principal principal;
};
struct LoginFailed {
  Error error;  // unauthenticated, rate_limited, invalid (malformed), or a failure of ours
};
using LoginStep = std::variant<LoginChallenge, LoginDone, LoginFailed>;

struct LoginHost {
  service::Access& access;
  service::LiveSessions& live;
  Secret fake_salt_key;                                            // stable over restarts
  enum class Plus : std::uint8_t { off, offer } plus = Plus::off;  // SCRAM-SHA-256-PLUS on TLS
};

class Login {
 public:
  Login(LoginHost& host, const net::Stream& stream, service::LoginKinds kinds, std::string protocol,
        std::string client_ip);

  Task<LoginStep> start(std::string mechanism, std::optional<Secret> initial);
  Task<LoginStep> respond(Secret octets);

 private:
  Task<LoginStep> act(sasl::ServerStep step);
  Task<LoginStep> check_password(sasl::NeedPassword asked);
  Task<LoginStep> look_up(sasl::NeedVerifier asked);

  LoginHost& host_;
  service::LoginKinds kinds_;
  service::LoginAttempt attempt_;
  sasl::ServerExchange exchange_;
  std::optional<service::Principal> principal_;
  bool scram_ = false;
};

}  // namespace fumi::server
