// What the engine asks of its host. A step marked (answer) must be answered, by what it names or by
// Engine::refuse(), before next() is called again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.h"

namespace fumi::pop3 {

struct NeedInput {};   // flush, then read more
struct Flush {};       // much is to be said: flush, then go on
struct Disconnect {};  // flush, then close

// AUTHORIZATION (RFC 1939 §4)
struct StartTls {};       // flush, shake hands, then Engine::tls_started()
struct AuthStart {        // (answer: challenge(), open())
  std::string mechanism;  // upper-case; one that the engine offers
  std::optional<Secret> initial;
};
struct AuthResponse {
  Secret bytes;
};  // (answer: challenge(), open())
struct AuthCancelled {};  // answered already: forget the exchange
struct Login {
  std::string user;
  Secret password;
};  // (answer: open())

// TRANSACTION (RFC 1939 §5)
struct Retrieve {  // RETR, TOP (answer: begin_message(), the message, end_message())
  std::uint32_t uid = 0;
  std::optional<std::uint64_t> lines;  // TOP: the header and so many lines of the body
};

// UPDATE (RFC 1939 §6): remove these, durably, then answer. QUIT asks, nothing else does: a session
// that ends otherwise removes nothing.
struct Update {
  std::vector<std::uint32_t> removed;  // UIDs, ascending
};  // (answer: updated())

using Step = std::variant<NeedInput, Flush, Disconnect, StartTls, AuthStart, AuthResponse,
                          AuthCancelled, Login, Retrieve, Update>;

}  // namespace fumi::pop3
