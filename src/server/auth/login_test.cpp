#include "server/auth/login.h"

#include <doctest/doctest.h>

#include "proto/sasl/client_exchange.h"
#include "server/testing/peer.h"

namespace fumi::server {
namespace {

using testing::SessionWorld;

struct Fixture : SessionWorld {
  Fixture() {
    auto [a, b] = net::make_pipe(w->runtime.executor(), {});
    ours = std::move(a);
    theirs = std::move(b);
  }
  ~Fixture() { w->runtime.stop(); }
  void start_tls() {
    auto shake = [](net::Stream& stream, net::TlsClientContext& with) -> Task<Status> {
      net::TlsClientOptions how;
      co_return co_await stream.start_tls_client(with, std::move(how));
    };
    auto serve = [](net::Stream& stream, net::TlsServerContext& with) -> Task<void> {
      [[maybe_unused]] const Status shaken = co_await stream.start_tls_server(with);
    };
    w->runtime.spawn("serve", serve(*theirs, *tls.server));
    REQUIRE(w.call(shake(*ours, *tls.client)).has_value());
    w->runtime.settle();
  }
  Login login(service::LoginKinds kinds = {}) {
    return {SessionWorld::login, *theirs, kinds, "imap", "192.0.2.9"};
  }
  // Plays a whole exchange; empty: done, else what failed.
  std::optional<Error> play(sasl::Mechanism mechanism, const std::string& name,
                            const std::string& password, const std::string& authzid = "") {
    sasl::ChannelBindings bindings;
    if (const auto info = ours->tls_info()) {
      bindings.tls_exporter = info->exporter;
      bindings.tls_server_end_point = info->server_end_point;
    }
    sasl::ClientExchange client(mechanism, {authzid, name, Secret(password)}, bindings, "nonce");
    Login server = login();
    std::optional<Secret> initial;
    if (auto first = client.initial()) initial.emplace(std::move(*first));
    LoginStep step =
        w.call(server.start(std::string(sasl::to_string(mechanism)), std::move(initial)));
    for (;;) {
      if (auto* failed = std::get_if<LoginFailed>(&step)) return failed->error;
      if (auto* done = std::get_if<LoginDone>(&step)) {
        who = done->principal;
        return std::nullopt;
      }
      auto answer = client.respond(std::get<LoginChallenge>(step).octets);
      if (!answer) return answer.error();
      step = w.call(server.respond(Secret(*answer)));
    }
  }
  std::unique_ptr<net::Stream> ours, theirs;
  service::Principal who;
};

TEST_CASE("every mechanism lets the right one in and refuses all others alike") {
  using sasl::Mechanism;
  for (const Mechanism mechanism : {Mechanism::plain, Mechanism::login, Mechanism::scram_sha_256}) {
    CAPTURE(int(mechanism));
    Fixture f;
    CHECK_FALSE(f.play(mechanism, "hanako@acme.example", SessionWorld::kPassword).has_value());
    CHECK(f.who.account == f.hanako);
    for (const auto& [name, password] :
         {std::pair("hanako@acme.example", "wrong password"),
          std::pair("nobody@acme.example", SessionWorld::kPassword),
          std::pair("nobody@nowhere.example", SessionWorld::kPassword)}) {
      const auto failed = f.play(mechanism, name, password);
      REQUIRE(failed.has_value());
      CHECK(failed->code == Code::unauthenticated);
    }
    CHECK(f.w.records(f.acme, {RecordKind::login}).size() == 1);
    CHECK(f.w.records(f.acme, {RecordKind::login_failed}).size() == 2);
  }
}

TEST_CASE("channel binding on TLS, and nobody acts for somebody else") {
  Fixture f;
  f.start_tls();
  CHECK_FALSE(
      f.play(sasl::Mechanism::scram_sha_256_plus, "taro@acme.example", SessionWorld::kPassword)
          .has_value());
  CHECK(f.who.account == f.taro);
  for (const sasl::Mechanism mechanism :
       {sasl::Mechanism::plain, sasl::Mechanism::scram_sha_256_plus}) {
    const auto failed =
        f.play(mechanism, "taro@acme.example", SessionWorld::kPassword, "hanako@acme.example");
    REQUIRE(failed.has_value());
    CHECK(failed->code == Code::denied);
  }
  CHECK_FALSE(f.play(sasl::Mechanism::plain, "taro@acme.example", SessionWorld::kPassword,
                     "Taro@acme.example")
                  .has_value());
}

TEST_CASE("malformed messages, unknown mechanisms, and failures of ours have codes of their own") {
  Fixture f;
  Login unknown = f.login();
  LoginStep step = f.w.call(unknown.start("X-NONE", std::nullopt));
  CHECK(std::get<LoginFailed>(step).error.code == Code::unsupported);
  Login broken = f.login();
  step = f.w.call(broken.start("PLAIN", Secret("no separators")));
  CHECK(std::get<LoginFailed>(step).error.code == Code::invalid);
  Login scram = f.login();
  step = f.w.call(scram.start("SCRAM-SHA-256", Secret("n,,rubbish")));
  CHECK(std::get<LoginFailed>(step).error.code == Code::invalid);
  f.w.faults.dead = true;
  const auto away = f.play(sasl::Mechanism::plain, "hanako@acme.example", SessionWorld::kPassword);
  REQUIRE(away.has_value());
  CHECK(away->code == Code::unavailable);
  f.w.faults.dead = false;
}

}  // namespace
}  // namespace fumi::server
