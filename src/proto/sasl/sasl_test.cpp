#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/ascii.h"
#include "proto/sasl/base64.h"
#include "proto/sasl/client_exchange.h"
#include "proto/sasl/server_exchange.h"

namespace fumi::sasl {
namespace {

using namespace std::string_literals;

ServerConfig config() {
  ServerConfig made;
  made.nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  made.fake_salt_key = Secret("host key");
  return made;
}

template <class T>
T expect(ServerStep step) {
  REQUIRE(std::holds_alternative<T>(step));
  return std::get<T>(std::move(step));
}

Failure failure(ServerStep step) { return expect<Failed>(std::move(step)).failure; }

TEST_CASE("base64 is strict") {
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("f") == "Zg==");
  CHECK(base64_encode("fo") == "Zm8=");
  CHECK(base64_encode("foo") == "Zm9v");
  CHECK(base64_decode("") == "");
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zg= =", "Zh==", "Zm9=", "====", "Zm 9v", "Zg==Zg==", "Zm9v\r\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(base64_decode(bad).has_value());
  }
  CHECK(rc::check([](const std::string& octets) {
    RC_ASSERT(base64_decode(base64_encode(octets)) == octets);
  }));
}

TEST_CASE("mechanism names and prepared strings") {
  CHECK(find_mechanism("scram-sha-256-plus") == Mechanism::scram_sha_256_plus);
  CHECK(find_mechanism("CRAM-MD5") == std::nullopt);
  CHECK(to_string(Mechanism::oauthbearer) == "OAUTHBEARER");
  CHECK(is_prepared("pass 文"));
  for (const std::string& bad :
       {""s, "a\0b"s, "a\r"s, "\x7f"s, "\xc2\x85"s, "\xff"s, std::string(1025, 'a')}) {
    CHECK_FALSE(is_prepared(bad));
  }
}

TEST_CASE("PLAIN (RFC 4616)") {
  ServerExchange exchange(config());
  const auto need =
      expect<NeedPassword>(exchange.start(Mechanism::plain, "\0tim\0tanstaaftanstaaf"s));
  CHECK(need.authcid == "tim");
  CHECK(need.authzid.empty());
  CHECK(need.password.reveal() == "tanstaaftanstaaf");
  CHECK(expect<Done>(exchange.answer_password(PasswordVerdict::correct)).authcid == "tim");

  ServerExchange slow(config());
  CHECK(expect<Challenge>(slow.start(Mechanism::plain, std::nullopt)).octets.empty());
  CHECK(expect<NeedPassword>(slow.respond("Ursel\0Kurt\0xipj3plmq"s)).authzid == "Ursel");
  CHECK(failure(slow.answer_password(PasswordVerdict::wrong)) == Failure::credentials);

  for (const std::string& bad :
       {""s, "a"s, "\0a"s, "\0\0p"s, "\0a\0"s, "\0a\0b\0c"s, "\0a\r\0p"s, std::string(5000, 'a')}) {
    ServerExchange refused(config());
    CHECK(failure(refused.start(Mechanism::plain, bad)) == Failure::malformed);
  }
}

TEST_CASE("LOGIN, with and without an initial response") {
  ServerExchange exchange(config());
  CHECK(expect<Challenge>(exchange.start(Mechanism::login, std::nullopt)).octets == "Username:");
  CHECK(expect<Challenge>(exchange.respond("tim")).octets == "Password:");
  CHECK(expect<NeedPassword>(exchange.respond("secret")).password.reveal() == "secret");
  CHECK(expect<Done>(exchange.answer_password(PasswordVerdict::correct)).authcid == "tim");
  ServerExchange initial(config());
  CHECK(expect<Challenge>(initial.start(Mechanism::login, "tim")).octets == "Password:");
  CHECK(failure(initial.respond("")) == Failure::malformed);
  ServerExchange empty(config());
  CHECK(failure(empty.start(Mechanism::login, "")) == Failure::malformed);
}

TEST_CASE("OAUTHBEARER is known and not done") {
  ServerExchange exchange(config());
  CHECK(failure(exchange.start(Mechanism::oauthbearer, "x")) == Failure::unsupported);
}

// The example of RFC 7677 §3.
const char* kFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const char* kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const char* kFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const char* kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramVerifier verifier() {
  return make_scram_verifier(Secret("pencil"), *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

TEST_CASE("SCRAM-SHA-256: both sides speak the example of RFC 7677 §3") {
  ServerExchange server(config());
  CHECK(expect<NeedVerifier>(server.start(Mechanism::scram_sha_256, kFirst)).authcid == "user");
  CHECK(expect<Challenge>(server.answer_verifier(verifier())).octets == kServerFirst);
  CHECK(expect<Challenge>(server.respond(kFinal)).octets == kServerFinal);
  CHECK(expect<Done>(server.respond("")).authcid == "user");

  ClientExchange client(Mechanism::scram_sha_256, {"", "user", Secret("pencil")}, {},
                        "rOprNGfwEbeRWgbNEkqO");
  CHECK(client.initial() == kFirst);
  CHECK(client.respond(kServerFirst).value() == kFinal);
  CHECK_FALSE(client.ensure_complete().has_value());
  CHECK(client.respond(kServerFinal).value().empty());
  CHECK(client.ensure_complete().has_value());
  CHECK_FALSE(client.respond("x").has_value());
}

// Runs client against server to the end; the step that ended it.
ServerStep run(Mechanism mechanism, ServerConfig server_config, const Credentials& credentials,
               const ChannelBindings& client_bindings, std::optional<ScramVerifier> stored) {
  ServerExchange server(std::move(server_config));
  ClientExchange client(mechanism, credentials, client_bindings, "client-nonce");
  ServerStep step = server.start(mechanism, client.initial());
  for (;;) {
    if (const auto* challenge = std::get_if<Challenge>(&step)) {
      const auto answer = client.respond(challenge->octets);
      REQUIRE(answer.has_value());
      step = server.respond(*answer);
    } else if (std::holds_alternative<NeedVerifier>(step)) {
      step = server.answer_verifier(stored);
    } else if (const auto* need = std::get_if<NeedPassword>(&step)) {
      const bool right = need->password.reveal() == "pencil";
      step = server.answer_password(right ? PasswordVerdict::correct : PasswordVerdict::wrong);
    } else {
      if (std::holds_alternative<Done>(step)) CHECK(client.ensure_complete().has_value());
      return step;
    }
  }
}

TEST_CASE("every mechanism: client and server agree, wrong passwords and unknown users do not") {
  ServerConfig bound = config();
  bound.bindings = {"exported-octets", "certificate-hash"};
  bound.plus = ServerConfig::Plus::offered;
  const ChannelBindings same = bound.bindings;
  for (const Mechanism mechanism : {Mechanism::plain, Mechanism::login, Mechanism::scram_sha_256,
                                    Mechanism::scram_sha_256_plus}) {
    const bool plus = mechanism == Mechanism::scram_sha_256_plus;
    const ChannelBindings mine = plus ? same : ChannelBindings{};
    const Credentials right{"", "a,b=c", Secret("pencil")};
    CHECK(expect<Done>(run(mechanism, bound, right, mine, verifier())).authcid == "a,b=c");
    CHECK(failure(run(mechanism, bound, {"", "a", Secret("pen")}, mine, verifier())) ==
          Failure::credentials);
    if (mechanism == Mechanism::scram_sha_256 || plus) {
      CHECK(failure(run(mechanism, bound, right, mine, std::nullopt)) == Failure::credentials);
      const Credentials as_other{"boss", "a", Secret("pencil")};
      CHECK(expect<Done>(run(mechanism, bound, as_other, mine, verifier())).authzid == "boss");
    }
  }
  // Without an exporter the end-point hash is used.
  CHECK(expect<Done>(run(Mechanism::scram_sha_256_plus, bound, {"", "a", Secret("pencil")},
                         {"", "certificate-hash"}, verifier()))
            .authcid == "a");
}

TEST_CASE("channel binding: another channel, a downgrade and odd flags fail (RFC 5802 §6)") {
  ServerConfig bound = config();
  bound.bindings = {"exported-octets", ""};
  bound.plus = ServerConfig::Plus::offered;
  const Credentials right{"", "user", Secret("pencil")};
  CHECK(failure(run(Mechanism::scram_sha_256_plus, bound, right, {"other-octets", ""},
                    verifier())) == Failure::channel_binding);
  CHECK(failure(run(Mechanism::scram_sha_256, bound, right, {"exported-octets", ""}, verifier())) ==
        Failure::channel_binding);
  CHECK(failure(run(Mechanism::scram_sha_256_plus, bound, right, {"", "hash"}, verifier())) ==
        Failure::channel_binding);
  CHECK(failure(ServerExchange(bound).start(Mechanism::scram_sha_256_plus, "n,,n=user,r=x")) ==
        Failure::channel_binding);
  CHECK(failure(ServerExchange(bound).start(Mechanism::scram_sha_256,
                                            "p=tls-exporter,,n=user,r=x")) == Failure::malformed);
  // Where -PLUS is not offered, "y" is honest.
  CHECK(expect<Done>(
            run(Mechanism::scram_sha_256, config(), right, {"exported-octets", ""}, verifier()))
            .authcid == "user");
}

TEST_CASE("SCRAM refuses what is malformed, at each message") {
  for (const char* bad : {"", "n", "n,", "x,,n=u,r=x", "n,b=x,n=u,r=x", "n,a=,n=u,r=x", "n,,n=,r=x",
                          "n,,n=u", "n,,n=u,r=", "n,,r=x,n=u", "n,,n=a=2Xb,r=x", "n,,n=u,r=a b"}) {
    CAPTURE(bad);
    CHECK(failure(ServerExchange(config()).start(Mechanism::scram_sha_256, bad)) ==
          Failure::malformed);
  }
  CHECK(failure(ServerExchange(config()).start(Mechanism::scram_sha_256, "n,,m=x,n=u,r=x")) ==
        Failure::unsupported);
  for (const char* bad :
       {"", "p=", "c=biws,r=no,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "c=biws,p=AAAA",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA",
        "c=!!!!,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
        "Ute9ytag9zjfMHgsqmmiz7AndVQ="}) {
    CAPTURE(bad);
    ServerExchange server(config());
    (void)server.start(Mechanism::scram_sha_256, kFirst);
    (void)server.answer_verifier(verifier());
    CHECK(failure(server.respond(bad)) == Failure::malformed);
  }
  ServerExchange server(config());
  (void)server.start(Mechanism::scram_sha_256, kFirst);
  (void)server.answer_verifier(verifier());
  (void)server.respond(kFinal);
  CHECK(failure(server.respond("more")) == Failure::malformed);
}

TEST_CASE("unknown users are answered like known ones, and always alike") {
  const auto first = [](const char* key, const char* message) {
    ServerConfig made = config();
    made.fake_salt_key = Secret(key);
    ServerExchange server(std::move(made));
    (void)server.start(Mechanism::scram_sha_256, message);
    return expect<Challenge>(server.answer_verifier(std::nullopt)).octets;
  };
  CHECK(first("k", kFirst) == first("k", kFirst));
  CHECK(first("k", kFirst).size() == std::string_view(kServerFirst).size());
  CHECK(first("k", kFirst) != first("other", kFirst));
  CHECK(first("k", "n,,n=a,r=x") != first("k", "n,,n=b,r=x"));
}

TEST_CASE("the client trusts no server blindly") {
  struct Row {
    const char* challenge;
    Code code;
  };
  const Row rows[] = {
      {"", Code::invalid},
      {"r=nonceX,s=AAAA", Code::invalid},
      {"r=nonce,s=AAAA,i=4096", Code::invalid},
      {"r=other,s=AAAA,i=4096", Code::invalid},
      {"r=nonceX,s=,i=4096", Code::invalid},
      {"r=nonceX,s=AAAA,i=4095", Code::invalid},
      {"r=nonceX,s=AAAA,i=4096x", Code::invalid},
      {"r=nonceX,s=AAAA,i=1000001", Code::too_large},
      {"r=nonceX,s=AAAA,i=99999999999", Code::too_large},
  };
  for (const Row& row : rows) {
    CAPTURE(row.challenge);
    ClientExchange client(Mechanism::scram_sha_256, {"", "user", Secret("pencil")}, {}, "nonce");
    (void)client.initial();
    const auto answer = client.respond(row.challenge);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == row.code);
  }
  ClientExchange client(Mechanism::scram_sha_256, {"", "user", Secret("pencil")}, {},
                        "rOprNGfwEbeRWgbNEkqO");
  (void)client.initial();
  REQUIRE(client.respond(kServerFirst).has_value());
  CHECK(client.respond("v=AAAA").error().code == Code::unauthenticated);
  ClientExchange plain(Mechanism::plain, {"", "user", Secret("pencil")}, {}, "");
  (void)plain.initial();
  CHECK(plain.respond("anything").error().code == Code::invalid);
}

TEST_CASE("the strongest mechanism is chosen") {
  const char* all = "LOGIN PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
  CHECK(choose_mechanism(all, {"x", ""}, ClearPasswords::forbidden) ==
        Mechanism::scram_sha_256_plus);
  CHECK(choose_mechanism(all, {}, ClearPasswords::allowed) == Mechanism::scram_sha_256);
  CHECK(choose_mechanism("LOGIN plain", {}, ClearPasswords::allowed) == Mechanism::plain);
  CHECK(choose_mechanism("LOGIN", {}, ClearPasswords::allowed) == Mechanism::login);
  CHECK(choose_mechanism("LOGIN PLAIN", {}, ClearPasswords::forbidden) == std::nullopt);
  CHECK(choose_mechanism("GSSAPI", {}, ClearPasswords::allowed) == std::nullopt);
}

TEST_CASE("nonces and salts are fresh") {
  CHECK(make_nonce() != make_nonce());
  CHECK(make_nonce().find(',') == std::string::npos);
  CHECK(make_salt().size() == 16);
}

}  // namespace
}  // namespace fumi::sasl
