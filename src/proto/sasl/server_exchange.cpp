#include "proto/sasl/server_exchange.h"

#include <algorithm>

#include "base/assert.h"
#include "proto/sasl/base64.h"

namespace fumi::sasl {

ServerStep ServerExchange::failed(Failure failure, std::string_view cause) {
  turn_ = Turn::over;
  return Failed{failure, authcid_, cause};
}

ServerStep ServerExchange::done() {
  turn_ = Turn::over;
  return Done{std::move(authcid_), std::move(authzid_)};
}

ServerStep ServerExchange::start(Mechanism mechanism, std::optional<std::string_view> initial) {
  FUMI_ASSERT(turn_ == Turn::fresh);
  mechanism_ = mechanism;
  switch (mechanism) {
    case Mechanism::plain:
      turn_ = Turn::plain_message;
      return initial ? respond(*initial) : Challenge{};
    case Mechanism::login:
      turn_ = Turn::login_name;
      return initial ? respond(*initial) : Challenge{"Username:"};
    case Mechanism::scram_sha_256:
    case Mechanism::scram_sha_256_plus:
      turn_ = Turn::scram_first;
      return initial ? respond(*initial) : Challenge{};
    case Mechanism::oauthbearer:
      break;
  }
  return failed(Failure::unsupported, "mechanism is not implemented");
}

ServerStep ServerExchange::respond(std::string_view octets) {
  if (octets.size() > kMessageOctetsMax) return failed(Failure::malformed, "message is too long");
  switch (turn_) {
    case Turn::plain_message:
      return plain_message(octets);
    case Turn::login_name:
      if (!is_prepared(octets)) return failed(Failure::malformed, "user name is malformed");
      authcid_ = octets;
      turn_ = Turn::login_password;
      return Challenge{"Password:"};
    case Turn::login_password:
      return need_password(octets);
    case Turn::scram_first:
      return client_first(octets);
    case Turn::scram_final:
      return client_final(octets);
    case Turn::scram_acknowledged:
      if (!octets.empty())
        return failed(Failure::malformed, "data behind the client's last message");
      return done();
    case Turn::fresh:
    case Turn::password:
    case Turn::verifier:
    case Turn::over:
      break;
  }
  FUMI_ASSERT(!"respond() out of turn");
  return failed(Failure::malformed, "out of turn");
}

// RFC 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
ServerStep ServerExchange::plain_message(std::string_view message) {
  const std::size_t first = message.find('\0');
  const std::size_t second = first == message.npos ? first : message.find('\0', first + 1);
  if (second == message.npos) return failed(Failure::malformed, "PLAIN message is malformed");
  const std::string_view authzid = message.substr(0, first);
  const std::string_view authcid = message.substr(first + 1, second - first - 1);
  if ((!authzid.empty() && !is_prepared(authzid)) || !is_prepared(authcid)) {
    return failed(Failure::malformed, "user name is malformed");
  }
  authzid_ = authzid;
  authcid_ = authcid;
  return need_password(message.substr(second + 1));
}

ServerStep ServerExchange::need_password(std::string_view password) {
  if (!is_prepared(password)) return failed(Failure::malformed, "password is malformed");
  turn_ = Turn::password;
  return NeedPassword{authzid_, authcid_, Secret(std::string(password))};
}

ServerStep ServerExchange::answer_password(PasswordVerdict verdict) {
  FUMI_ASSERT(turn_ == Turn::password);
  if (verdict == PasswordVerdict::wrong)
    return failed(Failure::credentials, "credentials are wrong");
  return done();
}

// RFC 5802 §7: gs2-header = gs2-cbind-flag "," [ authzid ] ","
std::optional<ServerStep> ServerExchange::gs2_header(std::string_view& message) {
  const std::size_t flag_end = message.find(',');
  const std::size_t header_end =
      flag_end == message.npos ? flag_end : message.find(',', flag_end + 1);
  if (header_end == message.npos) return failed(Failure::malformed, "GS2 header is malformed");
  const std::string_view flag = message.substr(0, flag_end);
  std::string_view authzid = message.substr(flag_end + 1, header_end - flag_end - 1);
  binding_input_ = message.substr(0, header_end + 1);
  message.remove_prefix(header_end + 1);
  if (!authzid.empty()) {
    const auto name = scram::take(authzid, 'a');
    const auto decoded = name ? scram::decode_name(*name) : std::nullopt;
    if (!decoded || !is_prepared(*decoded))
      return failed(Failure::malformed, "authzid is malformed");
    authzid_ = *decoded;
  }
  const bool plus = mechanism_ == Mechanism::scram_sha_256_plus;
  if (flag.starts_with("p=")) {
    const std::string_view type = flag.substr(2);
    const std::string* data = type == "tls-exporter" ? &config_.bindings.tls_exporter
                              : type == "tls-server-end-point"
                                  ? &config_.bindings.tls_server_end_point
                                  : nullptr;
    if (!plus) return failed(Failure::malformed, "channel binding in a mechanism without");
    if (data == nullptr || data->empty()) {
      return failed(Failure::channel_binding, "channel binding type is not available");
    }
    binding_input_ += *data;
    return std::nullopt;
  }
  if (plus) return failed(Failure::channel_binding, "no channel binding in a -PLUS mechanism");
  if (flag == "n") return std::nullopt;
  if (flag != "y") return failed(Failure::malformed, "GS2 header is malformed");
  // RFC 5802 §6: the client thinks that we can't bind; if we said we can, somebody changed the
  // list.
  if (config_.plus == ServerConfig::Plus::offered) {
    return failed(Failure::channel_binding, "the offer of -PLUS did not reach the client");
  }
  return std::nullopt;
}

// RFC 5802 §7: client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
ServerStep ServerExchange::client_first(std::string_view message) {
  if (auto failure = gs2_header(message)) return std::move(*failure);
  first_bare_ = message;
  if (message.starts_with("m=")) {
    return failed(Failure::unsupported, "a mandatory SCRAM extension is demanded");
  }
  const auto name = scram::take(message, 'n');
  const auto nonce = name ? scram::take(message, 'r') : std::nullopt;
  const auto decoded = name ? scram::decode_name(*name) : std::nullopt;
  const auto printable = [](char c) { return c >= 0x21 && c <= 0x7e; };
  if (!decoded || !is_prepared(*decoded) || !nonce || nonce->empty() || nonce->size() > 512 ||
      !std::ranges::all_of(*nonce, printable)) {
    return failed(Failure::malformed, "SCRAM first message is malformed");
  }
  authcid_ = *decoded;
  nonce_ = std::string(*nonce) + config_.nonce;
  turn_ = Turn::verifier;
  return NeedVerifier{authzid_, authcid_};
}

ServerStep ServerExchange::answer_verifier(std::optional<ScramVerifier> verifier) {
  FUMI_ASSERT(turn_ == Turn::verifier);
  known_ = verifier.has_value();
  if (known_) {
    verifier_ = std::move(*verifier);
  } else {
    // The same salt each time for the same name, and 16 octets as make_salt() has.
    const std::string_view key = config_.fake_salt_key.reveal();
    verifier_.salt = scram::hmac(key, "salt " + authcid_).substr(0, 16);
    verifier_.iterations = config_.fake_iterations;
    verifier_.stored_key = scram::hmac(key, "stored " + authcid_);
    verifier_.server_key = scram::hmac(key, "server " + authcid_);
  }
  server_first_ = "r=" + nonce_ + ",s=" + base64_encode(verifier_.salt) +
                  ",i=" + std::to_string(verifier_.iterations);
  turn_ = Turn::scram_final;
  return Challenge{server_first_};
}

// RFC 5802 §7: client-final-message = channel-binding "," nonce ["," extensions] "," proof
ServerStep ServerExchange::client_final(std::string_view message) {
  const std::size_t proof_at = message.rfind(",p=");
  if (proof_at == message.npos) return failed(Failure::malformed, "SCRAM proof is missing");
  std::string_view without_proof = message.substr(0, proof_at);
  const auto proof = base64_decode(message.substr(proof_at + 3));
  const std::string auth_message =
      first_bare_ + "," + server_first_ + "," + std::string(without_proof);
  const auto binding = scram::take(without_proof, 'c');
  const auto nonce = binding ? scram::take(without_proof, 'r') : std::nullopt;
  const auto binding_input = binding ? base64_decode(*binding) : std::nullopt;
  if (!proof || proof->size() != 32 || !binding_input || !nonce) {
    return failed(Failure::malformed, "SCRAM final message is malformed");
  }
  if (!scram::equal(*binding_input, binding_input_)) {
    return failed(Failure::channel_binding, "channel binding differs");
  }
  if (*nonce != nonce_) return failed(Failure::malformed, "SCRAM nonce differs");
  const std::string signature = scram::hmac(verifier_.stored_key, auth_message);
  const std::string client_key = scram::exclusive_or(*proof, signature);
  const bool proven = scram::equal(scram::hash(client_key), verifier_.stored_key);
  if (!proven || !known_) return failed(Failure::credentials, "credentials are wrong");
  turn_ = Turn::scram_acknowledged;
  return Challenge{"v=" + base64_encode(scram::hmac(verifier_.server_key, auth_message))};
}

}  // namespace fumi::sasl
