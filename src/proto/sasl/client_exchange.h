// The client side of one SASL exchange, for smarthosts and tests.
//
//   initial() once, then respond() to each challenge; when the server says success,
//   ensure_complete() tells whether the server, too, has proved itself (SCRAM). One session, one
//   thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "proto/sasl/mechanism.h"

namespace fumi::sasl {

struct Credentials {
  std::string authzid;  // usually empty
  std::string authcid;
  Secret password;
};

// The strongest of `offered` (names, separated by spaces) that we can do: SCRAM with channel
// binding, SCRAM, PLAIN, LOGIN. `clear` says whether mechanisms that show the password may be used.
enum class ClearPasswords : std::uint8_t { forbidden, allowed };
[[nodiscard]] std::optional<Mechanism> choose_mechanism(std::string_view offered,
                                                        const ChannelBindings& bindings,
                                                        ClearPasswords clear);

class ClientExchange {
 public:
  // `nonce` is fresh and printable without comma (make_nonce()); only SCRAM looks at it.
  ClientExchange(Mechanism mechanism, Credentials credentials, ChannelBindings bindings,
                 std::string nonce)
      : mechanism_(mechanism),
        credentials_(std::move(credentials)),
        bindings_(std::move(bindings)),
        nonce_(std::move(nonce)) {}

  // The initial response; nothing where the mechanism has the server speak first (LOGIN).
  [[nodiscard]] std::optional<std::string> initial();
  // Errors: invalid (the server breaks the mechanism), unauthenticated (it can't prove itself),
  // too_large (iterations over kIterationsMax).
  [[nodiscard]] Result<std::string> respond(std::string_view challenge);
  [[nodiscard]] Status ensure_complete() const;

 private:
  Result<std::string> server_first(std::string_view message);
  Status server_final(std::string_view message);
  [[nodiscard]] std::string gs2_header() const;

  Mechanism mechanism_;
  Credentials credentials_;
  ChannelBindings bindings_;
  std::string nonce_;
  enum class Turn : std::uint8_t { first, second, third, complete } turn_ = Turn::first;
  std::string first_bare_;
  std::string expected_;  // the server's signature
};

}  // namespace fumi::sasl
