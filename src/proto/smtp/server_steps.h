// What the server engine asks of its host. See server.h for how each is answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.h"
#include "proto/line/framing.h"
#include "proto/smtp/address.h"
#include "proto/smtp/parameters.h"

namespace fumi::smtp {

// No answer: flush output(), then feed() what arrives.
struct Need {};

// Answer: accept() greets; answer(554 …) turns the client away, which then may only QUIT
// (RFC 5321 §3.1); answer(421 …) closes.
struct Greet {};

// HELO or EHLO. A transaction that was open is over. accept(), or answer(4xx/5xx) to refuse it.
enum class NameForm : std::uint8_t { domain, literal, other };
struct Hello {
  std::string name;
  enum class Protocol : std::uint8_t { smtp, esmtp } protocol = Protocol::smtp;
  NameForm form = NameForm::domain;
};

// No answer: flush output() (it holds the 220), shake hands, then tls_started(). The engine has
// forgotten everything it knew (RFC 3207 §4.2) and threw away input behind the command; the host
// must throw away what it has read itself, and close if the handshake fails.
struct StartTls {};

// accept() or answer(235 …): authenticated. challenge(): go on. answer(4xx/5xx): failed.
struct AuthStart {
  std::string mechanism;          // in upper case, one of those offered
  std::optional<Secret> initial;  // decoded
};
// Answers as for AuthStart. If the client cancels instead, the engine refuses and no step comes.
struct AuthResponse {
  Secret octets;
};

// accept() or answer().
struct MailFrom {
  ReversePath path;
  MailParameters parameters;  // AUTH= only from authenticated clients
};
// accept() or answer().
struct RcptTo {
  ForwardPath path;
  RcptParameters parameters;
};

// The message is about to arrive: accept() to take it, or answer(4xx/5xx). No step DataEnd follows
// a refusal; the transaction is over.
struct DataBegin {
  enum class Transfer : std::uint8_t { data, bdat } transfer = Transfer::data;
};
// No answer: a part of the message, unstuffed. The view ends with the next call of the engine.
struct DataChunk {
  std::string_view octets;
};
// The whole message is there: accept() or answer() ends the transaction. Answer 250 only when it is
// durable (RFC 5321 §4.2.5).
struct DataEnd {
  line::TextFacts facts;
};

// No answer: an open transaction, and what was received of its message, is void.
struct Reset {
  enum class Cause : std::uint8_t {
    rset,
    too_large,         // over size_max; answered 552
    bare_line_ending,  // answered 554
    broken_chunks,     // BDAT out of order
  } cause = Cause::rset;
};

// No answer: flush output(), then close. The engine gives nothing else from now on.
struct Close {
  enum class Cause : std::uint8_t {
    quit,
    refused,  // the host answered 421, or called shut_down()
    too_many_errors,
    too_much_data,  // a line or message without end
    lost_framing,   // a BDAT that doesn't say how long it is
  } cause = Cause::quit;
};

using ServerStep = std::variant<Need, Greet, Hello, StartTls, AuthStart, AuthResponse, MailFrom,
                                RcptTo, DataBegin, DataChunk, DataEnd, Reset, Close>;

}  // namespace fumi::smtp
