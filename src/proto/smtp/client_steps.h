// What the client engine is told and what it asks of its host. See client.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/sasl/client_exchange.h"
#include "proto/smtp/address.h"
#include "proto/smtp/parameters.h"
#include "proto/smtp/reply.h"
#include "proto/smtp/server_options.h"

namespace fumi::smtp {

struct SessionPlan {
  std::string hello_name;  // a domain or address literal (RFC 5321 §4.1.1.1)
  enum class Tls : std::uint8_t { never, opportunistic, required } tls = Tls::opportunistic;
  TlsState tls_state = TlsState::plain;  // active from the start on port 465
  std::optional<sasl::Credentials> credentials;
  sasl::ClearPasswords clear_passwords = sasl::ClearPasswords::forbidden;  // PLAIN without TLS
  sasl::ChannelBindings bindings;  // of TLS that is active from the start
  std::string nonce;               // for SCRAM: sasl::make_nonce()
  enum class Chunking : std::uint8_t { when_needed, when_offered } chunking = Chunking::when_needed;
  std::uint32_t outstanding_max = 100;  // pipelined commands without a reply (RFC 2920 §3.1)
};

struct Recipient {
  ForwardPath path;
  RcptParameters parameters;
};
struct Transaction {
  ReversePath from;
  // `body`, `smtputf8`, `requiretls` and `size` say what the message is and needs.
  MailParameters parameters;
  std::vector<Recipient> recipients;  // at least one
};

// What the server offered.
struct PeerFeatures {
  Extensions extensions;
  std::optional<std::uint64_t> size_max;          // RFC 1870 §4
  std::optional<std::uint32_t> transactions_max;  // RFC 9422 §4
  std::optional<std::uint32_t> recipients_max;
  std::string mechanisms;
  enum class Protocol : std::uint8_t { smtp, esmtp } protocol = Protocol::esmtp;
};

// Flush output(), then feed() what arrives. `wait` chooses the deadline (RFC 5321 §4.5.3.2).
struct NeedInput {
  enum class Wait : std::uint8_t { greeting, command, mail, rcpt, data_start, data_end } wait;
};
// Flush, shake hands, then tls_started(); close the connection if that fails.
struct BeginTls {};
// begin() a transaction, or quit(). Features hold until the next TLS start.
struct Ready {};
// Give the next octets of the message by body(); flush output() first, it holds a whole part.
struct NeedBody {};

enum class Outcome : std::uint8_t {
  answered,           // the server decided; recipients say how
  conversion_needed,  // 8-bit or binary content that the server does not take (554 5.6.3)
  smtputf8_needed,    // 550 5.6.7 (RFC 6531 §3.5)
  requiretls_needed,  // 550 5.7.30 (RFC 8689 §4.2.1)
  too_large,          // over the server's SIZE (552 5.3.4)
  bad_body,           // the message has a bare CR or LF, or the host gave it up (554 5.6.0)
  connection_lost,    // no answer; whether it was delivered is unknown (451 4.4.2)
};
// The transaction is over. `recipients` has a reply for each, in order: its own refusal, or the
// final reply. Replies to things that the server never said have Outcome's code.
struct TransactionDone {
  Outcome outcome = Outcome::answered;
  std::vector<Reply> recipients;
  // What decided for the accepted ones: the reply to the data, to DATA, to MAIL, or ours. Where
  // every recipient was refused on its own it is MAIL's.
  Reply final;
};

struct Closed {
  enum class Cause : std::uint8_t {
    quit,             // we said QUIT
    refused,          // greeting or HELO was refused
    tls_unavailable,  // required, but not offered or refused
    auth_failed,      // or no mechanism in common
    peer_closing,     // 421
    connection_lost,  // peer_closed() was called
    protocol_error,   // the server does not speak SMTP
    aborted,          // a message could not be sent to its end
  } cause = Cause::quit;
  Reply reply;  // the server's last word, if it had one
};

using ClientStep = std::variant<NeedInput, BeginTls, Ready, NeedBody, TransactionDone, Closed>;

}  // namespace fumi::smtp
