// The client side of an IMAP connection (RFC 9051, RFC 3501), for bringing mail in from other
// servers. Sans-I/O: bytes in, events out; what is to be sent is what begin() returns.
//
//   client.feed(bytes);  event = client.next();
//     greeting ─▶ send client.begin("CAPABILITY") … data ─▶ … done
//
// One command at a time; data may come at any moment, and what nobody asked for is the host's to
// ignore. Code::invalid: the server breaks the protocol; peer_gone: it said BYE. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/imap/client_reader.h"

namespace fumi::imap {

struct ClientEvent {
  enum class Kind : std::uint8_t { greeting, data, challenge, done };
  Kind kind = Kind::data;
  // greeting: OK or PREAUTH. done: OK, NO or BAD. challenge: what "+" said.
  ServerResponse response;
  [[nodiscard]] bool is_ok() const { return response.name == "OK"; }
};

class Client {
 public:
  explicit Client(ClientLimits limits = {}) : reader_(limits) {}

  void feed(std::string_view bytes) { reader_.feed(bytes); }
  [[nodiscard]] Result<std::optional<ClientEvent>> next();

  // "A7 NOOP" and the line end, to be sent. No command may be running.
  [[nodiscard]] std::string begin(std::string_view command);

  // As last told by greeting, response or code; lost by forget_capabilities(), which is due after
  // STARTTLS (RFC 9051 §6.2.1) and authentication.
  [[nodiscard]] bool has(std::string_view capability) const;
  [[nodiscard]] bool knows_capabilities() const { return !capabilities_.empty(); }
  [[nodiscard]] std::string mechanisms() const;  // "PLAIN SCRAM-SHA-256"
  void forget_capabilities() { capabilities_.clear(); }
  // Something was sent before TLS began that we were to believe (RFC 9051 §11.1).
  [[nodiscard]] bool holds_input() const { return reader_.holds_input(); }

 private:
  void learn(std::string_view capabilities);

  ClientReader reader_;
  std::set<std::string> capabilities_;  // upper case
  std::string tag_;                     // of the command that runs
  std::uint64_t commands_ = 0;
  bool greeted_ = false;
};

// A quoted string; nullopt where only a literal could carry it: CR, LF, NUL, or beyond ASCII.
enum class QuotedOctets : std::uint8_t { ascii, utf8 };
[[nodiscard]] std::optional<std::string> quoted(std::string_view text, QuotedOctets octets);

// "* LIST (\HasNoChildren \Sent) "/" INBOX" (RFC 9051 §7.3.1).
struct ListedMailbox {
  std::string wire;                     // as the server wrote it
  std::string name;                     // UTF-8, in the server's hierarchy
  char separator = '\0';                // NIL: none
  std::vector<std::string> attributes;  // lower case: "\sent"
  [[nodiscard]] bool has(std::string_view attribute) const;
};
enum class NameCharset : std::uint8_t { modified_utf7, utf8 };
// A name that is no modified UTF-7 is taken as it is; nullopt: this is no LIST, or has no name that
// could be given back to the server.
[[nodiscard]] std::optional<ListedMailbox> listed_mailbox(const ServerResponse& response,
                                                          NameCharset charset);

// Prefixes of RFC 2342's namespaces.
struct Namespaces {
  std::string personal;             // "INBOX."; where it is the only one of its kind
  std::vector<std::string> others;  // other users', and shared ones
};
[[nodiscard]] std::optional<Namespaces> namespaces(const ServerResponse& response);

struct FetchedMessage {
  std::uint32_t uid = 0;
  std::optional<std::vector<std::string>> flags;
  std::string internal_date;
  std::optional<std::uint64_t> size;  // RFC822.SIZE, which need not be true
  enum class Body : std::uint8_t { absent, present, too_large };
  Body body = Body::absent;
  std::string bytes;
};
// nullopt: this is no FETCH with a UID.
[[nodiscard]] std::optional<FetchedMessage> fetched_message(ServerResponse response);

}  // namespace fumi::imap
