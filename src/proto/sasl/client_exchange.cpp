#include "proto/sasl/client_exchange.h"

#include <charconv>

#include "base/ascii.h"
#include "proto/sasl/base64.h"
#include "proto/sasl/scram.h"

namespace fumi::sasl {
namespace {
constexpr const char* kDoing = "authenticating to a server";
}

std::optional<Mechanism> choose_mechanism(std::string_view offered, const ChannelBindings& bindings,
                                          ClearPasswords clear) {
  const auto has = [&](Mechanism wanted) {
    for (const std::string_view name : ascii::split(offered, ' ')) {
      if (ascii::iequals(name, to_string(wanted))) return true;
    }
    return false;
  };
  if (!bindings.empty() && has(Mechanism::scram_sha_256_plus)) return Mechanism::scram_sha_256_plus;
  if (has(Mechanism::scram_sha_256)) return Mechanism::scram_sha_256;
  if (clear == ClearPasswords::forbidden) return std::nullopt;
  if (has(Mechanism::plain)) return Mechanism::plain;
  if (has(Mechanism::login)) return Mechanism::login;
  return std::nullopt;
}

std::string ClientExchange::gs2_header() const {
  std::string header = "n,";
  if (mechanism_ == Mechanism::scram_sha_256_plus) {
    header = bindings_.tls_exporter.empty() ? "p=tls-server-end-point," : "p=tls-exporter,";
  } else if (!bindings_.empty()) {
    header = "y,";  // RFC 5802 §6: lets the server notice that its -PLUS was taken off the list
  }
  if (!credentials_.authzid.empty()) header += "a=" + scram::encode_name(credentials_.authzid);
  return header + ",";
}

std::optional<std::string> ClientExchange::initial() {
  switch (mechanism_) {
    case Mechanism::plain:
      turn_ = Turn::complete;
      return credentials_.authzid + '\0' + credentials_.authcid + '\0' +
             std::string(credentials_.password.reveal());
    case Mechanism::scram_sha_256:
    case Mechanism::scram_sha_256_plus:
      first_bare_ = "n=" + scram::encode_name(credentials_.authcid) + ",r=" + nonce_;
      return gs2_header() + first_bare_;
    case Mechanism::login:
    case Mechanism::oauthbearer:
      break;
  }
  return std::nullopt;
}

Result<std::string> ClientExchange::respond(std::string_view challenge) {
  if (mechanism_ == Mechanism::login && turn_ == Turn::first) {
    turn_ = Turn::second;
    return credentials_.authcid;
  }
  if (mechanism_ == Mechanism::login && turn_ == Turn::second) {
    turn_ = Turn::complete;
    return std::string(credentials_.password.reveal());
  }
  if (first_bare_.empty()) return fail(Code::invalid, kDoing, "challenge out of turn");
  if (turn_ == Turn::first) return server_first(challenge);
  if (turn_ != Turn::second) return fail(Code::invalid, kDoing, "challenge out of turn");
  FUMI_CHECK(server_final(challenge));
  return std::string();
}

// RFC 5802 §7: server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count
Result<std::string> ClientExchange::server_first(std::string_view message) {
  const std::string server_first(message);
  const auto nonce = scram::take(message, 'r');
  const auto salt_text = nonce ? scram::take(message, 's') : std::nullopt;
  const auto count = salt_text ? scram::take(message, 'i') : std::nullopt;
  const auto salt = salt_text ? base64_decode(*salt_text) : std::nullopt;
  if (!count || !salt || salt->empty()) {
    return fail(Code::invalid, kDoing, "SCRAM challenge is malformed");
  }
  if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size()) {
    return fail(Code::invalid, kDoing, "SCRAM nonce is not ours");
  }
  std::uint32_t iterations = 0;
  const auto [end, error] =
      std::from_chars(count->data(), count->data() + count->size(), iterations);
  if (error == std::errc::result_out_of_range || iterations > kIterationsMax) {
    return fail(Code::too_large, kDoing, "SCRAM asks for too many iterations");
  }
  if (error != std::errc{} || end != count->data() + count->size() || iterations < kIterationsMin) {
    return fail(Code::invalid, kDoing, "SCRAM iteration count is unacceptable");
  }
  std::string binding = gs2_header();
  if (mechanism_ == Mechanism::scram_sha_256_plus) {
    binding +=
        bindings_.tls_exporter.empty() ? bindings_.tls_server_end_point : bindings_.tls_exporter;
  }
  const std::string without_proof = "c=" + base64_encode(binding) + ",r=" + std::string(*nonce);
  const std::string auth_message = first_bare_ + "," + server_first + "," + without_proof;
  const Secret salted = scram::salted_password(credentials_.password, *salt, iterations);
  const std::string client_key = scram::hmac(salted.reveal(), "Client Key");
  const std::string signature = scram::hmac(scram::hash(client_key), auth_message);
  expected_ = scram::hmac(scram::hmac(salted.reveal(), "Server Key"), auth_message);
  turn_ = Turn::second;
  return without_proof + ",p=" + base64_encode(scram::exclusive_or(client_key, signature));
}

Status ClientExchange::server_final(std::string_view message) {
  const auto verifier = scram::take(message, 'v');
  const auto signature = verifier ? base64_decode(*verifier) : std::nullopt;
  if (!signature || !scram::equal(*signature, expected_)) {
    return fail(Code::unauthenticated, kDoing, "the server does not know the password either");
  }
  turn_ = Turn::complete;
  return {};
}

Status ClientExchange::ensure_complete() const {
  if (turn_ == Turn::complete) return {};
  return fail(Code::unauthenticated, kDoing, "success before the exchange was complete");
}

}  // namespace fumi::sasl
