#include "server/auth/login.h"

#include "base/ascii.h"
#include "crypto/scram.h"
#include "proto/sasl/mechanism.h"
#include "proto/sasl/scram.h"

namespace fumi::server {
namespace {

sasl::ServerConfig config_of(const LoginHost& host, const net::Stream& stream) {
  sasl::ServerConfig config;
  // Where -PLUS is not offered, a client that could have done it must not take that for a downgrade
  // (RFC 5802 §6).
  if (const auto tls = stream.tls_info()) {
    config.bindings.tls_exporter = tls->exporter;
    config.bindings.tls_server_end_point = tls->server_end_point;
    if (host.plus == LoginHost::Plus::offer) config.plus = sasl::ServerConfig::Plus::offered;
  }
  config.nonce = sasl::make_nonce();
  config.fake_salt_key = host.fake_salt_key;
  config.fake_iterations = crypto::kScramIterations;
  return config;
}

LoginFailed failed(Code code, std::string detail) {
  return {Error{code, "logging in", std::move(detail)}};
}

}  // namespace

Login::Login(LoginHost& host, const net::Stream& stream, service::LoginKinds kinds,
             std::string protocol, std::string client_ip)
    : host_(host),
      kinds_(kinds),
      attempt_{std::move(protocol), std::move(client_ip), {}},
      exchange_(config_of(host, stream)) {}

Task<LoginStep> Login::start(std::string mechanism, std::optional<Secret> initial) {
  const auto known = sasl::find_mechanism(mechanism);
  if (!known)
    co_return failed(Code::unsupported, "unknown mechanism " + ascii::printable(mechanism));
  scram_ =
      *known == sasl::Mechanism::scram_sha_256 || *known == sasl::Mechanism::scram_sha_256_plus;
  std::optional<std::string_view> octets;
  if (initial) octets = initial->reveal();
  sasl::ServerStep step = exchange_.start(*known, octets);
  co_return co_await act(std::move(step));
}

Task<LoginStep> Login::respond(Secret octets) {
  sasl::ServerStep step = exchange_.respond(octets.reveal());
  co_return co_await act(std::move(step));
}

Task<LoginStep> Login::act(sasl::ServerStep step) {
  if (auto* challenge = std::get_if<sasl::Challenge>(&step)) {
    co_return LoginChallenge{std::move(challenge->octets)};
  }
  if (auto* password = std::get_if<sasl::NeedPassword>(&step)) {
    co_return co_await check_password(std::move(*password));
  }
  if (auto* verifier = std::get_if<sasl::NeedVerifier>(&step)) {
    co_return co_await look_up(std::move(*verifier));
  }
  if (const auto* failure = std::get_if<sasl::Failed>(&step)) {
    if (scram_ && failure->failure == sasl::Failure::credentials) {
      co_await host_.access.scram_failed(attempt_);
    }
    if (failure->failure == sasl::Failure::malformed) {
      co_return failed(Code::invalid, std::string(failure->cause));
    }
    co_return failed(Code::unauthenticated, "wrong name or password");
  }
  if (!principal_) co_return failed(Code::unauthenticated, "wrong name or password");
  if (scram_) {
    Status recorded = co_await host_.access.scram_done(attempt_, principal_);
    if (!recorded) co_return LoginFailed{std::move(recorded).error()};
  }
  co_return LoginDone{*principal_};
}

Task<LoginStep> Login::check_password(sasl::NeedPassword asked) {
  attempt_.name = asked.authcid;
  if (!asked.authzid.empty() && !ascii::iequals(asked.authzid, asked.authcid)) {
    co_return failed(Code::denied, "acting for somebody else is not allowed");
  }
  Result<service::Principal> principal =
      co_await host_.access.password(attempt_, std::move(asked.password), kinds_);
  if (!principal) {
    if (principal.error().code != Code::unauthenticated) {
      co_return LoginFailed{std::move(principal).error()};
    }
    sasl::ServerStep step = exchange_.answer_password(sasl::PasswordVerdict::wrong);
    co_return co_await act(std::move(step));
  }
  principal_ = std::move(*principal);
  sasl::ServerStep step = exchange_.answer_password(sasl::PasswordVerdict::correct);
  co_return co_await act(std::move(step));
}

Task<LoginStep> Login::look_up(sasl::NeedVerifier asked) {
  attempt_.name = asked.authcid;
  if (!asked.authzid.empty() && !ascii::iequals(asked.authzid, asked.authcid)) {
    co_return failed(Code::denied, "acting for somebody else is not allowed");
  }
  Result<service::ScramCandidate> candidate = co_await host_.access.scram(attempt_, kinds_);
  if (!candidate) co_return LoginFailed{std::move(candidate).error()};
  std::optional<sasl::ScramVerifier> verifier;
  if (candidate->principal) {
    principal_ = candidate->principal;
    Credential& credential = candidate->credential;
    verifier.emplace();
    verifier->salt = std::move(credential.scram_salt);
    verifier->iterations = credential.scram_iterations;
    verifier->stored_key = std::move(credential.scram_stored_key);
    verifier->server_key = std::move(credential.scram_server_key);
  }
  sasl::ServerStep step = exchange_.answer_verifier(std::move(verifier));
  co_return co_await act(std::move(step));
}

}  // namespace fumi::server
