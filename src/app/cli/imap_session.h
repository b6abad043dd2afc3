// ImapSession: a connection to somebody else's IMAP server, logged in, to fetch mail from. Runs in
// the command's process, with its rights and its network: the Fumi server opens no connection for
// anybody. Private to the module; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "base/time.h"
#include "net/stream.h"
#include "proto/imap/client.h"

namespace fumi::app {

struct ImapServer {
  enum class Security : std::uint8_t { tls, starttls, none };
  std::string host;
  std::uint16_t port = 0;
  Security security = Security::tls;
  std::string ca_file;  // "": the system's
  std::string user;
  Secret password;
  Secret token;  // OAuth 2.0 access token; instead of a password
  // Without a byte from the server for so long, it is given up.
  Duration patience = std::chrono::minutes(3);

  // "imaps://user@host:port" or "imap://…" (STARTTLS), as RFC 5092 has them; the user's name may
  // have an "@". invalid: it is neither, or has more than that.
  [[nodiscard]] static Result<ImapServer> parse(std::string_view url);
  [[nodiscard]] std::string name() const;  // "imap user@host:port": the origins' source
};

class ImapSession {
 public:
  // Errors: unavailable, timeout, peer_gone (worth another try); denied (certificate, password);
  // unsupported (no TLS, no way to log in); invalid (no IMAP server).
  static Task<Result<std::unique_ptr<ImapSession>>> open(const ImapServer& server);
  // Over a connection that stands, for tests; `server` must outlive the session.
  static Task<Result<std::unique_ptr<ImapSession>>> open(std::unique_ptr<net::Stream> stream,
                                                         const ImapServer& server);

  using OnData = std::function<Status(imap::ServerResponse)>;
  // The command's answer, which may be NO or BAD. An error of `data` ends the session.
  Task<Result<imap::ServerResponse>> command(std::string text, OnData data);
  // The same in two steps, so that the server works while we do.
  Task<Status> begin(std::string text);
  Task<Result<imap::ServerResponse>> finish(OnData data);

  static constexpr std::size_t kMailboxesMax = 2000;
  // Those that can be opened and are the user's own.
  Task<Result<std::vector<imap::ListedMailbox>>> mailboxes();
  [[nodiscard]] const std::string& personal_prefix() const { return spaces_.personal; }

  struct Examined {
    std::uint32_t uid_validity = 0;
    std::uint32_t messages = 0;
  };
  // not_found: the server says NO.
  Task<Result<Examined>> examine(std::string wire_name);

 private:
  ImapSession(std::unique_ptr<net::Stream> stream, const ImapServer& server)
      : stream_(std::move(stream)), server_(server) {}
  Task<Status> start();
  Task<Status> greet();
  Task<Status> start_tls();
  Task<Status> log_in();
  Task<Status> authenticate(std::string mechanism);
  Task<Status> learn_capabilities();
  Task<Result<imap::ClientEvent>> event();
  Task<Status> send(std::string text);
  Task<Status> say_login();

  std::unique_ptr<net::Stream> stream_;
  const ImapServer& server_;
  imap::Client client_;
  imap::Namespaces spaces_;
  imap::NameCharset names_ = imap::NameCharset::modified_utf7;
};

// The addresses of a host, by the system's resolver. Blocks.
[[nodiscard]] Result<std::vector<Endpoint>> endpoints_of(const std::string& host,
                                                         std::uint16_t port);

}  // namespace fumi::app
