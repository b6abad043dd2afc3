// The client engine against scripted servers, and against our own server engine.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/ascii.h"
#include "proto/sasl/server_exchange.h"
#include "proto/smtp/client.h"
#include "proto/smtp/server.h"

namespace fumi::smtp {
namespace {

SessionPlan plan(SessionPlan::Tls tls = SessionPlan::Tls::never) {
  SessionPlan made;
  made.hello_name = "out.a.example";
  made.tls = tls;
  made.nonce = "client-nonce";
  return made;
}

Transaction to(std::initializer_list<const char*> recipients) {
  Transaction made;
  made.from.mailbox = *parse_mailbox("alice@a.example");
  for (const char* each : recipients)
    made.recipients.push_back({{*parse_mailbox(each)}, {}});
  return made;
}

// Plays the server's part by hand: says() feeds lines, expects() checks what the client wrote.
class Dialogue {
 public:
  explicit Dialogue(SessionPlan made) : client(std::move(made)) {}
  template <class T>
  T step() {
    ClientStep next = client.next();
    CAPTURE(next.index());
    REQUIRE(std::holds_alternative<T>(next));
    return std::get<T>(std::move(next));
  }
  void says(std::string_view octets) { REQUIRE(client.feed(octets) == octets.size()); }
  void expects(std::string_view octets) {
    CHECK(client.output() == octets);
    client.sent(client.output().size());
  }
  void hello(std::string_view features) {
    step<NeedInput>();
    says("220 mx\r\n");
    step<NeedInput>();
    expects("EHLO out.a.example\r\n");
    says(features);
    step<Ready>();
  }
  Client client;
};

constexpr std::string_view kPipelining =
    "250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 8BITMIME\r\n";

TEST_CASE(
    "without extensions everything goes step by step; EHLO falls back to HELO (RFC 5321 §3.2)") {
  Dialogue d(plan(SessionPlan::Tls::opportunistic));
  CHECK(d.step<NeedInput>().wait == NeedInput::Wait::greeting);
  d.says("220-hello\r\n220 mx\r\n");
  d.step<NeedInput>();
  d.expects("EHLO out.a.example\r\n");
  d.says("502 what\r\n");
  d.step<NeedInput>();
  d.expects("HELO out.a.example\r\n");
  d.says("250 mx\r\n");
  d.step<Ready>();
  CHECK(d.client.features().protocol == PeerFeatures::Protocol::smtp);
  d.client.begin(to({"bob@b.example", "carol@b.example"}));
  CHECK(d.step<NeedInput>().wait == NeedInput::Wait::mail);
  d.expects("MAIL FROM:<alice@a.example>\r\n");
  d.says("250 ok\r\n");
  CHECK(d.step<NeedInput>().wait == NeedInput::Wait::rcpt);
  d.expects("RCPT TO:<bob@b.example>\r\n");
  d.says("250 ok\r\n");
  d.step<NeedInput>();
  d.expects("RCPT TO:<carol@b.example>\r\n");
  d.says("550 5.1.1 who?\r\n");
  CHECK(d.step<NeedInput>().wait == NeedInput::Wait::data_start);
  d.expects("DATA\r\n");
  d.says("354 go\r\n");
  d.step<NeedBody>();
  d.client.body(".a\r\n..", BodyPart::more);
  d.step<NeedBody>();
  d.client.body("b\r\n\r\n", BodyPart::more);
  d.client.body(".c", BodyPart::last);
  d.expects("..a\r\n...b\r\n\r\n..c\r\n.\r\n");
  CHECK(d.step<NeedInput>().wait == NeedInput::Wait::data_end);
  d.says("250 2.0.0 queued\r\n");
  const auto done = d.step<TransactionDone>();
  CHECK(done.outcome == Outcome::answered);
  CHECK(done.recipients[0] == Reply{250, {2, 0, 0}, "queued"});
  CHECK(done.recipients[1] == Reply{550, {5, 1, 1}, "who?"});
  d.step<Ready>();
  d.client.quit();
  d.step<NeedInput>();
  d.expects("QUIT\r\n");
  d.says("221 bye\r\n");
  CHECK(d.step<Closed>().cause == Closed::Cause::quit);
}

TEST_CASE("with PIPELINING the envelope and DATA go in one group (RFC 2920)") {
  Dialogue d(plan());
  d.hello(kPipelining);
  CHECK(d.client.features().size_max == 1000);
  Transaction transaction = to({"bob@b.example"});
  transaction.parameters.size = 10;
  transaction.parameters.body = Body::eight_bit_mime;
  transaction.parameters.envid = "not offered";
  d.client.begin(transaction);
  d.step<NeedInput>();
  d.expects(
      "MAIL FROM:<alice@a.example> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<bob@b.example>\r\nDATA\r\n");
  d.says("250 ok\r\n250 ok\r\n354 go\r\n");
  d.step<NeedBody>();
  d.client.body("", BodyPart::last);
  d.expects(".\r\n");
  d.says("450 4.2.0 busy\r\n");
  CHECK(d.step<TransactionDone>().recipients[0].code == 450);
  d.step<Ready>();
  // The refused transaction may linger at the server: RSET goes first.
  d.client.begin(to({"bob@b.example"}));
  d.step<NeedInput>();
  d.expects("RSET\r\nMAIL FROM:<alice@a.example>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\n");
}

TEST_CASE("a 354 for nobody is answered with an empty message (RFC 2920 §3.1)") {
  Dialogue d(plan());
  d.hello(kPipelining);
  d.client.begin(to({"bob@b.example"}));
  d.step<NeedInput>();
  d.says("250 ok\r\n550 no\r\n354 go\r\n");
  d.client.sent(d.client.output().size());
  d.step<NeedInput>();
  d.expects(".\r\n");
  d.says("554 no recipients\r\n");
  const auto done = d.step<TransactionDone>();
  CHECK(done.recipients[0].code == 550);
  d.step<Ready>();
}

TEST_CASE("a refused MAIL decides for every recipient, pipelined or not") {
  for (const bool pipelined : {false, true}) {
    Dialogue d(plan());
    d.hello(pipelined ? kPipelining : "250 mx\r\n");
    d.client.begin(to({"bob@b.example", "carol@b.example"}));
    d.step<NeedInput>();
    d.says(pipelined ? "451 4.7.1 later\r\n503 no\r\n503 no\r\n503 no\r\n" : "451 4.7.1 later\r\n");
    const auto done = d.step<TransactionDone>();
    CHECK(done.recipients[0] == Reply{451, {4, 7, 1}, "later"});
    CHECK(done.recipients[1] == Reply{451, {4, 7, 1}, "later"});
    d.step<Ready>();
  }
}

TEST_CASE("no more commands are outstanding than planned") {
  SessionPlan narrow = plan();
  narrow.outstanding_max = 3;
  Dialogue d(narrow);
  d.hello(kPipelining);
  d.client.begin(to({"a@b", "b@b", "c@b", "d@b"}));
  d.step<NeedInput>();
  d.expects("MAIL FROM:<alice@a.example>\r\nRCPT TO:<a@b>\r\nRCPT TO:<b@b>\r\n");
  d.says("250 ok\r\n250 ok\r\n");
  d.step<NeedInput>();
  d.expects("RCPT TO:<c@b>\r\nRCPT TO:<d@b>\r\n");
  d.says("250 ok\r\n250 ok\r\n250 ok\r\n");
  d.step<NeedInput>();
  d.expects("DATA\r\n");
}

TEST_CASE("BDAT in chunks, and a failed chunk ends the transaction (RFC 3030 §2)") {
  SessionPlan chunking = plan();
  chunking.chunking = SessionPlan::Chunking::when_offered;
  Dialogue d(chunking);
  d.hello("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  d.client.begin(to({"bob@b.example"}));
  d.step<NeedInput>();
  d.expects("MAIL FROM:<alice@a.example>\r\nRCPT TO:<bob@b.example>\r\n");
  d.says("250 ok\r\n250 ok\r\n");
  d.step<NeedBody>();
  d.client.body(".a\r\n", BodyPart::more);
  d.step<NeedBody>();
  d.client.body("", BodyPart::last);
  d.expects("BDAT 4\r\n.a\r\nBDAT 0 LAST\r\n");
  d.says("250 ok\r\n250 2.0.0 done\r\n");
  CHECK(d.step<TransactionDone>().recipients[0].text == "done");
  d.step<Ready>();
  d.client.begin(to({"bob@b.example"}));
  d.step<NeedInput>();
  d.says("250 ok\r\n250 ok\r\n");
  d.step<NeedBody>();
  d.client.body("a\r\n", BodyPart::more);
  d.client.body("b\r\n", BodyPart::more);
  d.says("452 4.3.1 full\r\n");
  d.step<NeedInput>();
  d.says("503 5.5.1 order\r\n");
  const auto done = d.step<TransactionDone>();
  CHECK(done.outcome == Outcome::answered);
  CHECK(done.recipients[0] == Reply{452, {4, 3, 1}, "full"});
  d.step<Ready>();
}

TEST_CASE("what the server can't do is told before anything is sent") {
  struct Row {
    void (*change)(Transaction&);
    Outcome outcome;
    Enhanced enhanced;
  };
  const Row rows[] = {
      {[](Transaction& t) { t.parameters.body = Body::binary_mime; },
       Outcome::conversion_needed,
       {5, 6, 3}},
      {[](Transaction& t) { t.parameters.smtputf8 = true; }, Outcome::smtputf8_needed, {5, 6, 7}},
      {[](Transaction& t) { t.recipients[0].path.mailbox.local = "ボブ"; },
       Outcome::smtputf8_needed,
       {5, 6, 7}},
      {[](Transaction& t) { t.from.mailbox.domain = "例え.example"; },
       Outcome::smtputf8_needed,
       {5, 6, 7}},
      {[](Transaction& t) { t.parameters.requiretls = true; },
       Outcome::requiretls_needed,
       {5, 7, 30}},
      {[](Transaction& t) { t.parameters.size = 1001; }, Outcome::too_large, {5, 3, 4}},
  };
  Dialogue d(plan());
  d.hello(kPipelining);
  for (const Row& row : rows) {
    Transaction transaction = to({"bob@b.example"});
    row.change(transaction);
    d.client.begin(transaction);
    const auto done = d.step<TransactionDone>();
    CHECK(done.outcome == row.outcome);
    CHECK(done.recipients[0].enhanced == row.enhanced);
    d.step<Ready>();
    CHECK(d.client.output().empty());
  }
  Dialogue seven(plan());
  seven.hello("250 mx\r\n");
  Transaction eight = to({"bob@b.example"});
  eight.parameters.body = Body::eight_bit_mime;
  seven.client.begin(eight);
  CHECK(seven.step<TransactionDone>().outcome == Outcome::conversion_needed);
}

TEST_CASE("a message that can't be sent whole is never ended") {
  for (const char* text : {"a\nb\r\n", "a\rb\r\n", "a\r"}) {
    Dialogue d(plan());
    d.hello(kPipelining);
    d.client.begin(to({"bob@b.example"}));
    d.step<NeedInput>();
    d.says("250 ok\r\n250 ok\r\n354 go\r\n");
    d.step<NeedBody>();
    d.client.sent(d.client.output().size());
    d.client.body(text, BodyPart::last);
    d.expects("");
    CHECK(d.step<TransactionDone>().outcome == Outcome::bad_body);
    CHECK(d.step<Closed>().cause == Closed::Cause::aborted);
  }
}

TEST_CASE("servers that leave, break or refuse, at each point") {
  const auto with = [](std::string_view greeting) {
    Dialogue d(plan());
    d.says(greeting);
    return d.step<Closed>();
  };
  CHECK(with("554 5.7.1 no\r\n").cause == Closed::Cause::refused);
  CHECK(with("421 4.3.2 busy\r\n").reply.code == 421);
  CHECK(with("HTTP/1.1 400 Bad\r\n").cause == Closed::Cause::protocol_error);
  CHECK(with("220-" + std::string(5000, 'x') + "\r\n").cause == Closed::Cause::protocol_error);

  Dialogue idle(plan());
  idle.hello(kPipelining);
  idle.says("421 4.4.2 timeout\r\n");
  CHECK(idle.step<Closed>().cause == Closed::Cause::peer_closing);

  Dialogue envelope(plan());
  envelope.hello(kPipelining);
  envelope.client.begin(to({"a@b", "b@b"}));
  envelope.step<NeedInput>();
  envelope.says("250 ok\r\n550 5.1.1 who\r\n421 4.3.2 bye\r\n");
  const auto done = envelope.step<TransactionDone>();
  CHECK(done.recipients[0].code == 550);
  CHECK(done.recipients[1].code == 421);
  CHECK(envelope.step<Closed>().cause == Closed::Cause::peer_closing);

  Dialogue lost(plan());
  lost.hello(kPipelining);
  lost.client.begin(to({"a@b"}));
  lost.step<NeedInput>();
  lost.says("250 ok\r\n250 ok\r\n354 go\r\n");
  lost.step<NeedBody>();
  lost.client.body("x\r\n", BodyPart::last);
  lost.client.peer_closed();
  const auto unknown = lost.step<TransactionDone>();
  CHECK(unknown.outcome == Outcome::connection_lost);
  CHECK(unknown.recipients[0].enhanced == Enhanced{4, 4, 2});
  CHECK(lost.step<Closed>().cause == Closed::Cause::connection_lost);

  Dialogue early(plan());
  early.hello(kPipelining);
  early.client.begin(to({"a@b"}));
  early.step<NeedInput>();
  early.says("250 ok\r\n250 ok\r\n354 go\r\n");
  early.step<NeedBody>();
  early.client.body("x\r\n", BodyPart::more);
  early.says("552 5.3.4 enough\r\n");
  CHECK(early.step<TransactionDone>().recipients[0].code == 552);
  CHECK(early.step<Closed>().cause == Closed::Cause::aborted);

  Dialogue odd(plan());
  odd.hello(kPipelining);
  odd.says("250 what?\r\n");
  CHECK(odd.step<Closed>().cause == Closed::Cause::protocol_error);
}

TEST_CASE("TLS: required, opportunistic, and nothing believed from before it (RFC 3207)") {
  Dialogue none(plan(SessionPlan::Tls::required));
  none.says("220 mx\r\n250 mx\r\n");
  CHECK(none.step<Closed>().cause == Closed::Cause::tls_unavailable);
  Dialogue old(plan(SessionPlan::Tls::required));
  old.says("220 mx\r\n502 what\r\n");
  CHECK(old.step<Closed>().cause == Closed::Cause::refused);
  Dialogue refused(plan(SessionPlan::Tls::required));
  refused.says("220 mx\r\n250-mx\r\n250 STARTTLS\r\n454 4.7.0 no\r\n");
  CHECK(refused.step<Closed>().reply.code == 454);
  Dialogue clear(plan(SessionPlan::Tls::opportunistic));
  clear.says("220 mx\r\n250-mx\r\n250 STARTTLS\r\n454 4.7.0 no\r\n");
  clear.step<Ready>();

  Dialogue d(plan(SessionPlan::Tls::required));
  d.says(
      "220 mx\r\n250-mx\r\n250-8BITMIME\r\n250 STARTTLS\r\n220 go\r\n250-evil\r\n250 "
      "PIPELINING\r\n");
  d.step<BeginTls>();
  d.expects("EHLO out.a.example\r\nSTARTTLS\r\n");
  d.client.tls_started({});
  d.step<NeedInput>();
  d.expects("EHLO out.a.example\r\n");
  CHECK(d.client.features().extensions == Extensions{});
  d.says("250-mx\r\n250 REQUIRETLS\r\n");
  d.step<Ready>();
  Transaction transaction = to({"a@b"});
  transaction.parameters.requiretls = true;
  d.client.begin(transaction);
  d.step<NeedInput>();
  d.expects("MAIL FROM:<alice@a.example> REQUIRETLS\r\n");
}

TEST_CASE(
    "AUTH: no password in the clear, deferred initial responses, servers that can't prove "
    "themselves") {
  SessionPlan user = plan();
  user.credentials = sasl::Credentials{"", "alice", Secret("wonderland")};
  Dialogue clear(user);
  clear.says("220 mx\r\n250-mx\r\n250 AUTH PLAIN LOGIN\r\n");
  CHECK(clear.step<Closed>().cause == Closed::Cause::auth_failed);

  user.tls_state = TlsState::active;
  Dialogue plain(user);
  plain.says("220 mx\r\n250-mx\r\n250 AUTH=LOGIN PLAIN\r\n");
  plain.step<NeedInput>();
  plain.expects("EHLO out.a.example\r\nAUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n");
  plain.says("535 5.7.8 no\r\n");
  CHECK(plain.step<Closed>().reply.code == 535);

  Dialogue fake(user);
  fake.says("220 mx\r\n250-mx\r\n250 AUTH SCRAM-SHA-256\r\n235 2.7.0 welcome\r\n");
  CHECK(fake.step<Closed>().cause == Closed::Cause::auth_failed);

  Dialogue odd(user);
  odd.says("220 mx\r\n250-mx\r\n250 AUTH SCRAM-SHA-256\r\n334 !!!\r\n");
  odd.step<NeedInput>();
  CHECK(odd.client.output().ends_with("*\r\n"));
  odd.says("501 5.7.0 cancelled\r\n");
  CHECK(odd.step<Closed>().cause == Closed::Cause::auth_failed);

  user.credentials->password = Secret(std::string(500, 'p'));
  Dialogue deferred(user);
  deferred.says("220 mx\r\n250-mx\r\n250 AUTH PLAIN\r\n");
  deferred.step<NeedInput>();
  deferred.expects("EHLO out.a.example\r\nAUTH PLAIN\r\n");
  deferred.says("334 \r\n");
  deferred.step<NeedInput>();
  CHECK(deferred.client.output().size() > 600);
  deferred.says("235 ok\r\n");
  deferred.step<Ready>();
}

// Both engines on one wire, cut at random; the server accepts recipients whose local part has no
// 'x'.
struct Delivered {
  std::string text;
  std::vector<int> codes;
  Closed::Cause closed = Closed::Cause::aborted;
  TlsState tls = TlsState::plain;
  bool authenticated = false;
};

void answer_sasl(Server& server, std::optional<sasl::ServerExchange>& exchange,
                 sasl::ServerStep step) {
  const auto verifier =
      sasl::make_scram_verifier(Secret("wonderland"), "salt", sasl::kIterationsMin);
  if (std::holds_alternative<sasl::NeedVerifier>(step)) step = exchange->answer_verifier(verifier);
  if (auto* challenge = std::get_if<sasl::Challenge>(&step))
    return server.challenge(challenge->octets);
  CHECK(std::holds_alternative<sasl::Done>(step));
  server.accept();
}

Delivered converse(SessionPlan made, const ServerOptions& options, Transaction transaction,
                   std::string_view text, const std::function<std::size_t()>& cut) {
  Client client(std::move(made));
  Server server(std::make_shared<ServerOptions>(options), TlsState::plain);
  Delivered delivered;
  std::optional<sasl::ServerExchange> exchange;
  const sasl::ChannelBindings channel{"exported", ""};
  const auto serve = [&] {
    for (;;) {
      ServerStep step = server.next();
      if (std::holds_alternative<Need>(step) || std::holds_alternative<Close>(step)) return;
      if (std::holds_alternative<StartTls>(step)) return;
      if (auto* chunk = std::get_if<DataChunk>(&step)) {
        delivered.text += chunk->octets;
      } else if (auto* rcpt = std::get_if<RcptTo>(&step)) {
        if (rcpt->path.mailbox.local.find('x') == std::string::npos) {
          server.accept();
        } else {
          server.answer({550, {5, 1, 1}, "No such user"});
        }
      } else if (auto* start = std::get_if<AuthStart>(&step)) {
        sasl::ServerConfig config{.bindings = channel, .nonce = "server"};
        config.plus = sasl::ServerConfig::Plus::offered;
        exchange.emplace(std::move(config));
        const auto initial =
            start->initial ? std::optional(start->initial->reveal()) : std::nullopt;
        answer_sasl(server, exchange,
                    exchange->start(*sasl::find_mechanism(start->mechanism), initial));
      } else if (auto* response = std::get_if<AuthResponse>(&step)) {
        answer_sasl(server, exchange, exchange->respond(response->octets.reveal()));
      } else if (!std::holds_alternative<Reset>(step)) {
        server.accept();
      }
    }
  };
  const auto exchange_octets = [&](auto& from, auto& into) {
    while (!from.output().empty()) {
      const std::string part(from.output().substr(0, cut()));
      from.sent(part.size());
      CHECK(into.feed(part) == part.size());
      if constexpr (std::is_same_v<decltype(into), Server&>) serve();
    }
  };
  serve();
  bool begun = false;
  for (int turns = 0; turns < 100'000; ++turns) {
    ClientStep step = client.next();
    exchange_octets(client, server);
    if (std::holds_alternative<BeginTls>(step)) {
      server.tls_started();
      client.tls_started(channel);
    } else if (std::holds_alternative<Ready>(step)) {
      delivered.authenticated = server.is_authenticated();
      if (begun) client.quit();
      if (!begun) client.begin(std::move(transaction));
      begun = true;
    } else if (std::holds_alternative<NeedBody>(step)) {
      const std::string_view part = text.substr(0, cut() * 50);
      text.remove_prefix(part.size());
      client.body(part, text.empty() ? BodyPart::last : BodyPart::more);
    } else if (auto* done = std::get_if<TransactionDone>(&step)) {
      for (const Reply& reply : done->recipients)
        delivered.codes.push_back(reply.code);
    } else if (auto* closed = std::get_if<Closed>(&step)) {
      delivered.closed = closed->cause;
      break;
    } else {
      const std::size_t n = std::min(server.output().size(), cut());
      CHECK(client.feed(server.output().substr(0, n)) == n);
      server.sent(n);
    }
  }
  delivered.tls = server.tls();
  return delivered;
}

TEST_CASE(
    "property: what our client sends is what our server gets, whatever both offer and however it "
    "is cut") {
  CHECK(rc::check([] {
    ServerOptions options;
    options.hostname = "mx.b.example";
    options.extensions.bits = *rc::gen::arbitrary<std::uint16_t>();
    options.tls = *rc::gen::element(TlsPolicy::absent, TlsPolicy::offered);
    SessionPlan made = plan(SessionPlan::Tls::opportunistic);
    made.chunking =
        *rc::gen::element(SessionPlan::Chunking::when_needed, SessionPlan::Chunking::when_offered);
    made.outstanding_max = *rc::gen::inRange(1U, 6U);
    const bool auth = options.tls == TlsPolicy::offered && *rc::gen::inRange(0, 8) == 0;
    if (auth) {
      made.credentials = sasl::Credentials{"", "alice", Secret("wonderland")};
      options.mechanisms = "SCRAM-SHA-256";
      options.mechanisms_tls = "SCRAM-SHA-256-PLUS";
      options.role = Role::submission;
    }
    std::string text;
    for (int lines = *rc::gen::inRange(0, 30); lines > 0; --lines) {
      text += *rc::gen::container<std::string>(rc::gen::element('.', 'a', ' ')) + "\r\n";
    }
    Transaction transaction = to({"a@b", "x@b", "c@b"});
    unsigned state = *rc::gen::arbitrary<unsigned>();
    const unsigned most = *rc::gen::element(1U, 5U, 1000U);
    const Delivered got = converse(made, options, transaction, text, [&] {
      state = state * 1664525U + 1013904223U;
      return 1 + (state >> 16U) % most;
    });
    RC_ASSERT(got.text == text);
    RC_ASSERT(got.codes == (std::vector{250, 550, 250}));
    RC_ASSERT(got.closed == Closed::Cause::quit);
    RC_ASSERT((got.tls == TlsState::active) == (options.tls == TlsPolicy::offered));
    RC_ASSERT(got.authenticated == auth);
  }));
}

TEST_CASE("an idle session of either engine holds no buffers") {
  Server server(std::make_shared<ServerOptions>(ServerOptions{.hostname = "mx"}), TlsState::plain);
  (void)server.next();
  server.accept();
  (void)server.next();
  server.sent(server.output().size());
  REQUIRE(server.feed("NOOP\r\n") == 6);
  CHECK(std::holds_alternative<Need>(server.next()));
  server.sent(server.output().size());
  CHECK(server.input_capacity_octets() == 0);
}

}  // namespace
}  // namespace fumi::smtp
