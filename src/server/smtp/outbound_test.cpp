#include "server/smtp/outbound.h"

#include <doctest/doctest.h>

#include "server/smtp/inbound.h"
#include "server/testing/peer.h"

namespace fumi::server {
namespace {

using service::testing::mail;
using testing::SessionWorld;

// What a scripted server does, one after the other. It reads until what it has read since its last
// word contains `wait_for`, then says `say`.
struct Act {
  std::string wait_for;
  std::string say;
  enum class Then : std::uint8_t { goes_on, hangs_up, stalls, starts_tls } then = Then::goes_on;
};
using Script = std::vector<Act>;

Task<void> play(std::unique_ptr<net::Stream> stream, Script script, std::string& heard,
                net::TlsServerContext& tls) {
  std::array<char, 4096> buffer;
  for (const Act& act : script) {
    std::string since;
    while (!since.contains(act.wait_for)) {
      const Result<std::size_t> got = co_await stream->read_some(buffer);
      if (!got || *got == 0) co_return;
      since.append(buffer.data(), *got);
      heard.append(buffer.data(), *got);
    }
    const Status said = co_await stream->write_all(act.say);
    if (!said || act.then == Act::Then::hangs_up) co_return;
    if (act.then == Act::Then::starts_tls) {
      const Status shaken = co_await stream->start_tls_server(tls);
      if (!shaken) co_return;
    }
    if (act.then == Act::Then::stalls) {
      net::AsyncEvent never;
      [[maybe_unused]] const Status stopped = co_await never.wait();
      co_return;
    }
  }
  for (;;) {
    const Result<std::size_t> got = co_await stream->read_some(buffer);
    if (!got || *got == 0) co_return;
    heard.append(buffer.data(), *got);
  }
}

Task<Result<std::unique_ptr<net::Stream>>> hand_over(std::unique_ptr<net::Stream> stream) {
  co_return std::move(stream);
}

struct Fixture : SessionWorld {
  explicit Fixture(std::size_t capacity = 64 * 1024) : pipe_capacity(capacity) {
    options.answer_timeout = std::chrono::milliseconds(300);
  }
  ~Fixture() { w->runtime.stop(); }
  SmtpOutbound outbound() {
    return {*tls.client, options, "mx.fumi.example",
            [this](Endpoint to, net::ConnectOptions) { return make(to); }};
  }
  Task<Result<std::unique_ptr<net::Stream>>> make(Endpoint to) {
    static_cast<void>(to);
    if (scripts.empty()) co_return fail(Code::unavailable, "connecting", "refused");
    net::PipeOptions how;
    how.capacity = pipe_capacity;
    auto [ours, theirs] = net::make_pipe(w->runtime.executor(), how);
    Script script = std::move(scripts.front());
    scripts.erase(scripts.begin());
    w->runtime.spawn("server", play(std::move(theirs), std::move(script), heard, *tls.server));
    co_return std::move(ours);
  }
  Result<std::unique_ptr<OutboundConnection>> connect(
      OutboundTls mode = OutboundTls::opportunistic) {
    SmtpOutbound out = outbound();
    OutboundHost host{"mx.remote.example", "192.0.2.25", 25};
    return w.call(out.connect(host, mode));
  }
  OutboundResult send(OutboundConnection& connection, const std::vector<std::string>& to,
                      const std::string& body = mail("hanako@acme.example")) {
    message.reverse_path = *EmailAddress::parse("hanako@acme.example");
    message.recipients.clear();
    for (const std::string& address : to) {
      QueueRecipient recipient;
      recipient.address = *EmailAddress::parse(address);
      recipient.notify = notify;
      message.recipients.push_back(recipient);
    }
    OutboundTransaction transaction;
    transaction.message = &message;
    for (const QueueRecipient& recipient : message.recipients)
      transaction.recipients.push_back(&recipient);
    transaction.body = body;
    return w.call(connection.send(std::move(transaction)));
  }

  std::size_t pipe_capacity;
  SmtpOptions options;
  std::vector<Script> scripts;
  std::string heard;
  QueueMessage message;
  DsnNotify notify;
};

const Act kGreet{"", "220 mx.remote.example ESMTP\r\n"};
const Act kHello{"EHLO mx.fumi.example\r\n",
                 "250-mx.remote.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"};

TEST_CASE("a transaction: each recipient has its own answer, and the connection serves another") {
  Fixture f;
  f.scripts.push_back(
      {kGreet,
       kHello,
       {"DATA\r\n", "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 No such user\r\n354 Go\r\n"},
       {"\r\n.\r\n", "250 2.0.0 Queued\r\n"},
       {"DATA\r\n", "250 Ok\r\n250 Ok\r\n354 Go\r\n"},
       {"\r\n.\r\n", "250 2.0.0 Again\r\n"}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  CHECK((*connection)->peer() == "mx.remote.example [192.0.2.25]:25");
  CHECK_FALSE((*connection)->tls());
  const OutboundResult got = f.send(**connection, {"a@remote.example", "b@remote.example"});
  REQUIRE(got.recipients.size() == 2);
  CHECK(got.recipients[0].text == "250 2.0.0 Queued");
  CHECK(got.recipients[1].code == 550);
  CHECK(got.recipients[1].text == "550 5.1.1 No such user");
  CHECK(got.connection_usable);
  CHECK_FALSE(got.passes_dsn_on);
  CHECK(f.heard.contains("MAIL FROM:<hanako@acme.example>"));
  CHECK(f.heard.contains("The text.\r\n.\r\n"));
  const OutboundResult again = f.send(**connection, {"c@remote.example"});
  CHECK(again.recipients.at(0).text == "250 2.0.0 Again");
  f.w->runtime.call((*connection)->quit());
}

TEST_CASE("greetings and hosts that are no mail hosts") {
  Fixture f;
  CHECK(f.connect().error().code == Code::unavailable);
  f.scripts.push_back({{"", "554 5.7.1 Go away\r\n"}});
  auto refused = f.connect();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::denied);
  CHECK(refused.error().detail.contains("554 5.7.1 Go away"));
  f.scripts.push_back({{"", "SSH-2.0-OpenSSH\r\n"}});
  CHECK(f.connect().error().code == Code::unavailable);
  f.scripts.push_back({{"", "", Act::Then::hangs_up}});
  CHECK(f.connect().error().code == Code::unavailable);
  f.scripts.push_back({{"", "", Act::Then::stalls}});
  auto silent = f.connect();
  CHECK(silent.error().detail.contains("no answer in time"));
}

TEST_CASE(
    "a connection that is lost: refusals that came before it stand, the others are tried again") {
  Fixture f;
  f.scripts.push_back({kGreet,
                       kHello,
                       {"DATA\r\n", "250 Ok\r\n250 Ok\r\n550 5.1.1 No such user\r\n354 Go\r\n"},
                       {"\r\n.\r\n", "", Act::Then::hangs_up}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  const OutboundResult got = f.send(**connection, {"a@remote.example", "b@remote.example"});
  REQUIRE(got.recipients.size() == 2);
  CHECK(got.recipients[0].code == 0);
  CHECK(got.recipients[0].text.starts_with("Connection lost"));
  CHECK(got.recipients[1].code == 550);
  CHECK_FALSE(got.connection_usable);
}

TEST_CASE(
    "a host that stops reading in the middle of the data ends the transaction, not the program") {
  Fixture f(1024);
  f.scripts.push_back(
      {kGreet, kHello, {"DATA\r\n", "250 Ok\r\n250 Ok\r\n354 Go\r\n", Act::Then::stalls}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  std::string big = mail("hanako@acme.example");
  for (int i = 0; i < 5000; ++i)
    big += "a line of the message that is to be sent over there\r\n";
  const OutboundResult got = f.send(**connection, {"a@remote.example"}, big);
  REQUIRE(got.recipients.size() == 1);
  CHECK(got.recipients[0].code == 0);
  CHECK_FALSE(got.connection_usable);
}

TEST_CASE("a host that hangs up in the middle of the data is heard out") {
  Fixture f(1024);
  f.scripts.push_back({kGreet,
                       kHello,
                       {"DATA\r\n", "250 Ok\r\n250 Ok\r\n354 Go\r\n"},
                       {"line", "552 5.3.4 Too big for us\r\n", Act::Then::hangs_up}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  std::string big = mail("hanako@acme.example");
  for (int i = 0; i < 5000; ++i)
    big += "a line of the message that is to be sent over there\r\n";
  const OutboundResult got = f.send(**connection, {"a@remote.example"}, big);
  REQUIRE(got.recipients.size() == 1);
  CHECK_FALSE(got.recipients[0].positive());
  CHECK_FALSE(got.connection_usable);
}

TEST_CASE("no answer to the end of the data in time is no delivery, whatever comes later") {
  Fixture f;
  f.options.answer_timeout = std::chrono::milliseconds(30);
  f.scripts.push_back({kGreet,
                       kHello,
                       {"DATA\r\n", "250 Ok\r\n250 Ok\r\n354 Go\r\n"},
                       {"\r\n.\r\n", "", Act::Then::stalls}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  const OutboundResult got = f.send(**connection, {"a@remote.example"});
  CHECK(got.recipients.at(0).code == 0);
  CHECK(got.recipients.at(0).text.contains("no answer in time"));
}

TEST_CASE("421 in a transaction is a temporary failure of it, and the end of the connection") {
  Fixture f;
  f.scripts.push_back({kGreet, kHello, {"DATA\r\n", "421 4.3.2 Closing\r\n", Act::Then::hangs_up}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  const OutboundResult got = f.send(**connection, {"a@remote.example"});
  REQUIRE(got.recipients.size() == 1);
  CHECK_FALSE(got.recipients[0].positive());
  CHECK_FALSE(got.recipients[0].permanent());
  CHECK_FALSE(got.connection_usable);
}

TEST_CASE("TLS: taken where offered; required or not at all; in clear again when it fails") {
  const Act offer{"EHLO", "250-mx\r\n250 STARTTLS\r\n"};
  const Act start{"STARTTLS\r\n", "220 Go\r\n", Act::Then::starts_tls};
  const Act broken{"STARTTLS\r\n", "220 Go\r\n", Act::Then::hangs_up};
  const Act plain_hello{"EHLO", "250 mx\r\n"};
  SUBCASE("opportunistic") {
    Fixture f;
    f.scripts.push_back({kGreet, offer, start, plain_hello});
    auto connection = f.connect();
    REQUIRE(connection.has_value());
    CHECK((*connection)->tls());
  }
  SUBCASE("never") {
    Fixture f;
    f.scripts.push_back({kGreet, offer});
    auto connection = f.connect(OutboundTls::never);
    REQUIRE(connection.has_value());
    CHECK_FALSE((*connection)->tls());
  }
  SUBCASE("required, not offered") {
    Fixture f;
    f.scripts.push_back({kGreet, plain_hello});
    auto connection = f.connect(OutboundTls::required);
    REQUIRE_FALSE(connection.has_value());
    CHECK(connection.error().detail.contains("offers no TLS"));
  }
  SUBCASE("required, broken: nothing in clear") {
    Fixture f;
    f.scripts.push_back({kGreet, offer, broken});
    f.scripts.push_back({kGreet, offer});
    CHECK_FALSE(f.connect(OutboundTls::required).has_value());
    CHECK(f.scripts.size() == 1);
  }
  SUBCASE("opportunistic, broken: once more in clear") {
    Fixture f;
    f.scripts.push_back({kGreet, offer, broken});
    f.scripts.push_back({kGreet, offer});
    auto connection = f.connect();
    REQUIRE(connection.has_value());
    CHECK_FALSE((*connection)->tls());
    CHECK(f.scripts.empty());
  }
}

TEST_CASE("DSN parameters go to hosts that take them, which then owe the notices") {
  Fixture f;
  f.notify.bits = DsnNotify::success | DsnNotify::failure;
  f.scripts.push_back({kGreet,
                       {"EHLO", "250-mx\r\n250-PIPELINING\r\n250 DSN\r\n"},
                       {"DATA\r\n", "250 Ok\r\n250 Ok\r\n354 Go\r\n"},
                       {"\r\n.\r\n", "250 Ok\r\n"}});
  auto connection = f.connect();
  REQUIRE(connection.has_value());
  const OutboundResult got = f.send(**connection, {"a@remote.example"});
  CHECK(got.recipients.at(0).positive());
  CHECK(got.passes_dsn_on);
  CHECK(f.heard.contains("NOTIFY=SUCCESS,FAILURE"));
}

TEST_CASE("our own server on the other end: delivered, over TLS, with what could not go refused") {
  Fixture f;
  auto engine = std::make_shared<smtp::ServerOptions>();
  engine->hostname = "mx.fumi.example";
  engine->tls = smtp::TlsPolicy::offered;
  net::RateLimiter rates(100);
  TrustedNetworks trusted(f.w->tenancy);
  const std::unique_ptr<InboundHost> host(new InboundHost{service::Door::mx,
                                                          engine,
                                                          {},
                                                          f.w->intake,
                                                          f.login,
                                                          *f.tls.server,
                                                          rates,
                                                          f.w.world.clock(),
                                                          trusted,
                                                          {}});
  f.options.answer_timeout = std::chrono::seconds(20);
  auto through = [&](Endpoint, net::ConnectOptions) {
    auto [ours, theirs] = net::make_pipe(f.w->runtime.executor(), {});
    f.w->runtime.spawn("session", serve_smtp(*host, std::move(theirs), smtp::TlsState::plain));
    return hand_over(std::move(ours));
  };
  SmtpOutbound out(*f.tls.client, f.options, "client.example", through);
  OutboundHost to{"mx.fumi.example", "192.0.2.25", 25};
  auto connection = f.w.call(out.connect(to, OutboundTls::opportunistic));
  REQUIRE(connection.has_value());
  CHECK((*connection)->tls());
  const OutboundResult got =
      f.send(**connection, {"hanako@acme.example", "nobody@acme.example", "x@remote.example"});
  REQUIRE(got.recipients.size() == 3);
  CHECK(got.recipients[0].positive());
  CHECK(got.recipients[1].text.starts_with("550 5.1.1"));
  CHECK(got.recipients[2].text.starts_with("550 5.7.1"));
  CHECK(got.connection_usable);
  CHECK(f.w.messages(f.acme, f.hanako).at(0).contains("with ESMTPS id"));
  f.w->runtime.call((*connection)->quit());
  connection->reset();
  f.w->runtime.stop();
}

}  // namespace
}  // namespace fumi::server
