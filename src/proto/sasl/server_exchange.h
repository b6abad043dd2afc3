// The server side of one SASL exchange (RFC 4422), without I/O.
//
// The host passes in decoded octets and acts on the step that comes back:
//
//   start / respond ──▶ Challenge      send it; respond() with the answer
//                   ──▶ NeedPassword   check it; answer_password()
//                   ──▶ NeedVerifier   look it up; answer_verifier(), with nothing if there is none
//                   ──▶ Done, Failed   the end; the object is used up
//
// A call out of turn is a bug of the host and asserts; nothing that a peer sends does. Messages
// over kMessageOctetsMax fail. One session, one thread. How slow guessing is made is the host's
// business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.h"
#include "proto/sasl/mechanism.h"
#include "proto/sasl/scram.h"

namespace fumi::sasl {

struct ServerConfig {
  ChannelBindings bindings;  // empty on a plain connection
  // Whether SCRAM-SHA-256-PLUS was offered: a client that missed it was lied to (RFC 5802 §6).
  enum class Plus : std::uint8_t { not_offered, offered } plus = Plus::not_offered;
  std::string nonce;  // printable without comma, fresh each time: make_nonce()
  // Keys the salts of users who do not exist. Stable over restarts, or the salts' change tells.
  Secret fake_salt_key;
  std::uint32_t fake_iterations = kIterationsMin;  // what real verifiers of this host have
};

struct Challenge {
  std::string octets;
};
struct NeedPassword {
  std::string authzid;  // empty: the same as authcid
  std::string authcid;
  Secret password;
};
struct NeedVerifier {
  std::string authzid;
  std::string authcid;
};
struct Done {
  std::string authcid;
  std::string authzid;  // empty: the same as authcid
};
enum class Failure : std::uint8_t {
  malformed,        // the peer broke the mechanism's syntax
  unsupported,      // mechanism or demanded option that we do not do
  channel_binding,  // bound to another channel, or downgraded: somebody may sit in between
  credentials,      // unknown user or wrong password; never tell which
};
struct Failed {
  Failure failure = Failure::malformed;
  std::string authcid;     // as far as known, for records
  std::string_view cause;  // for an operator; static
};
using ServerStep = std::variant<Challenge, NeedPassword, NeedVerifier, Done, Failed>;

enum class PasswordVerdict : std::uint8_t { correct, wrong };

class ServerExchange {
 public:
  static constexpr std::size_t kMessageOctetsMax = 4096;

  explicit ServerExchange(ServerConfig config) : config_(std::move(config)) {}

  // `initial` is the initial response, if the client sent one; an empty one differs from none.
  [[nodiscard]] ServerStep start(Mechanism mechanism, std::optional<std::string_view> initial);
  [[nodiscard]] ServerStep respond(std::string_view octets);
  [[nodiscard]] ServerStep answer_password(PasswordVerdict verdict);
  // Nothing means "no such user, or none with a verifier": the exchange goes on and fails at its
  // end.
  [[nodiscard]] ServerStep answer_verifier(std::optional<ScramVerifier> verifier);

 private:
  enum class Turn : std::uint8_t {
    fresh,
    plain_message,
    login_name,
    login_password,
    password,
    scram_first,
    verifier,
    scram_final,
    scram_acknowledged,
    over
  };

  ServerStep failed(Failure failure, std::string_view cause);
  ServerStep done();
  ServerStep plain_message(std::string_view message);
  ServerStep need_password(std::string_view password);
  ServerStep client_first(std::string_view message);
  ServerStep client_final(std::string_view message);
  // RFC 5802 §7 gs2-header; empty when it is acceptable, else the failure.
  std::optional<ServerStep> gs2_header(std::string_view& message);

  ServerConfig config_;
  Turn turn_ = Turn::fresh;
  Mechanism mechanism_ = Mechanism::plain;
  std::string authcid_;
  std::string authzid_;
  // SCRAM
  std::string binding_input_;  // gs2-header and channel data that the client must repeat
  std::string first_bare_;
  std::string nonce_;
  std::string server_first_;
  ScramVerifier verifier_;
  bool known_ = false;
};

}  // namespace fumi::sasl
