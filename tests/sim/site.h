// Site: one node with its doors in one process: the real services, sessions and SQL, under virtual
// time, on pipes instead of sockets. It can crash and start again.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "api/jmap/jmap_api.h"
#include "server/imap/session.h"
#include "server/pop3/session.h"
#include "server/testing/peer.h"
#include "tests/sim/random.h"

namespace fumi::sim {

using server::testing::Peer;

// What was said, for whoever has to find out. Only the last of it is kept.
class Transcript {
 public:
  void add(std::string_view who, std::string_view direction, std::string_view text);
  [[nodiscard]] std::string text() const;

 private:
  std::deque<std::string> lines_;
};

inline const std::string kHanako = "hanako@acme.example";
inline const std::string kTaro = "taro@acme.example";
inline const std::string kPassword = "correct horse battery";

class Site {
 public:
  explicit Site(std::shared_ptr<sql::Database> database);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Each with a pipe of its own, that gives at most so many octets at a time.
  [[nodiscard]] std::unique_ptr<Peer> imap(std::size_t chunk);
  [[nodiscard]] std::unique_ptr<Peer> pop3(std::size_t chunk);
  [[nodiscard]] jmap::JmapApi& jmap() { return front_->api; }
  // By SMTP's way, from outside; false: refused for now.
  [[nodiscard]] bool deliver(const std::string& to, const std::string& message);
  // All that was in memory is gone, sessions included; what was committed is not.
  void crash();
  // Nobody has this maildrop open any more: a POP3 session that ended has given it back.
  [[nodiscard]] bool maildrop_is_free();
  // That somebody is logged in to. One whose client hung up may still be at its last command.
  [[nodiscard]] std::size_t sessions();

  service::testing::ServiceWorld w;
  TenantScope acme;
  AccountId hanako, taro;
  Transcript transcript;

 private:
  // What a crash takes along.
  struct Front {
    explicit Front(Site& site);
    server::LoginHost login;
    server::MaildropLocks locks;
    server::ImapHost imap;
    server::Pop3Host pop3;
    jmap::JmapHost jmap;
    jmap::JmapApi api;
  };
  AccountId person(const std::string& address);

  server::testing::TlsContexts tls_;
  std::unique_ptr<Front> front_;
};

}  // namespace fumi::sim
