// Pop3Session: one POP3 connection. Connects the engine, the stream and the mailbox service.
//
// The maildrop is the inbox, as it was at login (RFC 1939 §4): what arrives later waits for the
// next session, and what others expunge meanwhile is refused when it is asked for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "net/stream.h"
#include "net/timer.h"
#include "obs/metrics.h"
#include "proto/pop3/engine.h"
#include "server/auth/login.h"
#include "server/pop3/maildrop_locks.h"
#include "server/pop3/options.h"
#include "service/mailbox/mailboxes.h"

namespace fumi::server {

struct Pop3Metrics {
  obs::Counter connections, logins, retrieved, removed;
};

// What all sessions share; outlives them.
struct Pop3Host {
  std::shared_ptr<const pop3::Options> engine;
  Pop3Options options;
  service::Mailboxes& mailboxes;
  LoginHost& login;
  net::TlsServerContext& tls;
  MaildropLocks& locks;
  const Clock& clock;
  Pop3Metrics metrics;
};

// What the engine announces, from the door's options.
[[nodiscard]] pop3::Options engine_options(const Pop3Options& options);

class Pop3Session {
 public:
  Pop3Session(Pop3Host& host, std::unique_ptr<net::Stream> stream, pop3::Channel channel);
  Task<void> run();

 private:
  // An open maildrop; it goes with the session, and the lock with it.
  struct Opened {
    MaildropLocks::Hold hold;
    service::Principal principal;
    MailboxId inbox;
    std::shared_ptr<net::AsyncEvent> changed;  // shared with the subscription's listener
    ChangeBus::Subscription subscription;
    std::map<std::uint32_t, BlobRef> located;  // by UID; true until `changed` is set
    Instant located_at;
    std::uint32_t last = 0;  // UID that was located last
    service::LiveSessions::Ticket ticket;
    [[nodiscard]] service::MailAccount who() const {
      return {principal.scope(), principal.account};
    }
  };

  Task<bool> flush();
  Task<bool> write(std::string_view behind);  // what waits in the engine, and this behind it
  Task<bool> fill();
  Task<bool> act(pop3::Step& step);
  Task<bool> on_stls();
  Task<void> on_login(pop3::Login login);
  Task<void> on_auth(LoginStep step);
  Task<void> enter(service::Principal principal);
  // Where a message's octets are; nothing if it is gone.
  Task<Result<std::optional<BlobRef>>> locate(std::uint32_t uid);
  Task<bool> on_retrieve(pop3::Retrieve retrieve);
  Task<bool> send(std::string_view message);
  Task<void> on_update(pop3::Update update);
  [[nodiscard]] static pop3::Refusal to_pop3(const Error& error);

  Pop3Host& host_;
  std::unique_ptr<net::Stream> stream_;
  pop3::Engine engine_;
  pop3::Channel channel_;
  std::unique_ptr<Login> login_;
  std::optional<Opened> opened_;
  std::vector<Uid> retrieved_;  // with pop3.seen = set: what QUIT will mark
};

// A session from its first octet to its last: what a listener starts for each connection.
Task<void> serve_pop3(Pop3Host& host, std::unique_ptr<net::Stream> stream, pop3::Channel channel);

}  // namespace fumi::server
