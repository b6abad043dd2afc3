#include "server/smtp/inbound.h"

#include <doctest/doctest.h>

#include "codec/base64.h"
#include "server/testing/peer.h"

namespace fumi::server {
namespace {

using service::testing::mail;
using testing::Peer;
using testing::SessionWorld;

struct Fixture : SessionWorld {
  explicit Fixture(service::Door door = service::Door::mx) {
    auto engine = std::make_shared<smtp::ServerOptions>();
    engine->hostname = "mx.fumi.example";
    engine->tls = smtp::TlsPolicy::offered;
    if (door != service::Door::mx) {
      engine->role = door == service::Door::relay ? smtp::Role::relay : smtp::Role::submission;
      engine->mechanisms = "SCRAM-SHA-256 PLAIN LOGIN";
      engine->mechanisms_tls = "SCRAM-SHA-256-PLUS";
      if (door == service::Door::relay) engine->clear_auth = smtp::ClearAuth::allowed;
    }
    host = std::unique_ptr<InboundHost>(new InboundHost{
        door, engine, {}, w->intake, login, *tls.server, rates, w.world.clock(), trusted, {}});
  }
  ~Fixture() { w->runtime.stop(); }  // sessions refer to what follows

  Peer connect(smtp::TlsState state = smtp::TlsState::plain, std::size_t chunk = SIZE_MAX) {
    net::PipeOptions options;
    options.chunk_max = chunk;
    options.a = Endpoint::of(*IpAddress::parse(client_ip), 40000);
    auto [ours, theirs] = net::make_pipe(w->runtime.executor(), options);
    session = theirs.get();
    w->runtime.spawn("session", serve_smtp(*host, std::move(theirs), state));
    Peer peer(w->runtime, std::move(ours));
    if (state == smtp::TlsState::active) peer.shake_hands(*tls.client);
    return peer;
  }
  // Greeting and EHLO are done.
  Peer greeted(smtp::TlsState state = smtp::TlsState::plain) {
    Peer peer = connect(state);
    REQUIRE(peer.replies().starts_with("220 mx.fumi.example "));
    REQUIRE(peer.talk("EHLO client.example").contains("250 "));
    return peer;
  }
  static std::string plain(const std::string& name, const std::string& password) {
    std::string message("\0", 1);
    message += name;
    message += std::string("\0", 1) + password;
    return "AUTH PLAIN " + codec::base64_encode(message);
  }

  std::string client_ip = "198.51.100.7";
  net::RateLimiter rates{1000};
  TrustedNetworks trusted{w->tenancy};
  std::unique_ptr<InboundHost> host;
  net::Stream* session = nullptr;
};

std::string deliver(Peer& peer, const std::string& from, const std::string& to,
                    const std::string& message) {
  CHECK(peer.talk("MAIL FROM:<" + from + ">").starts_with("250"));
  CHECK(peer.talk("RCPT TO:<" + to + ">").starts_with("250"));
  CHECK(peer.talk("DATA").starts_with("354"));
  peer.say(message + ".\r\n");
  return peer.replies();
}

TEST_CASE("the MX door takes mail for us, byte by byte, and nothing else") {
  Fixture f;
  Peer peer = f.connect(smtp::TlsState::plain, 1);
  CHECK(peer.replies().starts_with("220 "));
  CHECK(peer.talk("EHLO client.example").contains("STARTTLS"));
  const std::string accepted =
      deliver(peer, "a@b.example", "hanako@acme.example", mail("a@b.example"));
  CHECK(accepted.starts_with("250 2.0.0 Ok: accepted as "));
  const auto inbox = f.w.messages(f.acme, f.hanako);
  REQUIRE(inbox.size() == 1);
  CHECK(inbox[0].contains("from client.example ([198.51.100.7])"));
  CHECK(inbox[0].contains("with ESMTP id"));
  CHECK(peer.talk("MAIL FROM:<a@b.example>").starts_with("250"));
  CHECK(peer.talk("RCPT TO:<x@remote.example>").starts_with("550 5.7.1"));
  CHECK(peer.talk("RCPT TO:<nobody@acme.example>").starts_with("550 5.1.1"));
  CHECK(peer.talk("DATA").starts_with("5"));
  CHECK(peer.talk("QUIT").starts_with("221"));
  CHECK(peer.rest().empty());
  CHECK(peer.ended());
}

TEST_CASE("submission: TLS, then a login, then mail of one's own") {
  Fixture f(service::Door::submission);
  Peer peer = f.greeted();
  CHECK(peer.talk("MAIL FROM:<hanako@acme.example>").starts_with("530"));
  CHECK(peer.talk(Fixture::plain("hanako@acme.example", SessionWorld::kPassword))
            .starts_with("5"));  // not in clear
  CHECK(peer.talk("STARTTLS").starts_with("220"));
  peer.shake_hands(*f.tls.client);
  CHECK(peer.talk("EHLO client.example").contains("SCRAM-SHA-256-PLUS"));
  CHECK(peer.talk(Fixture::plain("hanako@acme.example", "wrong password")).starts_with("535"));
  CHECK(
      peer.talk(Fixture::plain("hanako@acme.example", SessionWorld::kPassword)).starts_with("235"));
  CHECK(peer.talk("MAIL FROM:<taro@acme.example>").starts_with("550 5.7.1"));
  CHECK(deliver(peer, "hanako@acme.example", "taro@acme.example", mail("hanako@acme.example"))
            .starts_with("250"));
  CHECK(f.w.messages(f.acme, f.taro).at(0).contains("with ESMTPSA id"));
  const auto records = f.w.records(f.acme, {RecordKind::accepted});
  REQUIRE(records.size() == 1);
  CHECK(records[0].protocol == "submission");
  CHECK(records[0].actor == Actor{Actor::Kind::account, f.hanako.value()});
}

TEST_CASE("TLS from the start: the handshake comes before the greeting") {
  Fixture f(service::Door::submission);
  Peer peer = f.connect(smtp::TlsState::active);
  CHECK(peer.replies().starts_with("220 "));
  CHECK_FALSE(peer.talk("EHLO c.example").contains("STARTTLS"));
  CHECK(peer.talk(Fixture::plain("taro@acme.example", SessionWorld::kPassword)).starts_with("235"));
}

TEST_CASE("relay: API users by login, networks by address; a suspended tenant's no more") {
  Fixture f(service::Door::relay);
  auto app = f.w.call(f.w->tenancy.create_api_user(f.acme, "app@acme.example"));
  REQUIRE(app.has_value());
  {
    Peer peer = f.greeted();
    CHECK(peer.talk("MAIL FROM:<news@acme.example>").starts_with("530"));
    CHECK(peer.talk(Fixture::plain("app@acme.example", std::string(app->key.reveal())))
              .starts_with("235"));
    CHECK(deliver(peer, "news@acme.example", "x@remote.example", mail("news@acme.example"))
              .starts_with("250"));
    CHECK(peer.talk("MAIL FROM:<x@remote.example>").starts_with("550"));
    // RFC 3207 §4.2: after TLS the login in clear counts no more.
    CHECK(peer.talk("RSET").starts_with("250"));
    CHECK(peer.talk("STARTTLS").starts_with("220"));
    peer.shake_hands(*f.tls.client);
    CHECK(peer.talk("EHLO client.example").contains("AUTH"));
    CHECK(peer.talk("MAIL FROM:<news@acme.example>").starts_with("530"));
  }
  REQUIRE(f.trusted.add("198.51.100.0/24=acme").has_value());
  CHECK_FALSE(f.trusted.add("198.51.100.0/24").has_value());
  CHECK_FALSE(f.trusted.add("x=acme").has_value());
  {
    Peer peer = f.greeted();
    CHECK(deliver(peer, "machine@acme.example", "y@remote.example", mail("machine@acme.example"))
              .starts_with("250"));
  }
  CHECK(f.w.queue(f.acme).size() == 2);
  f.w.world.platform([&](PlatformTx& tx) {
    return tx.platform().set_tenant_status(f.acme.tenant, TenantStatus::suspended);
  });
  Peer peer = f.greeted();
  CHECK(peer.talk("MAIL FROM:<machine@acme.example>").starts_with("530"));
}

TEST_CASE("what is injected behind STARTTLS in clear is never acted upon (RFC 3207 §6)") {
  Fixture f;
  Peer peer = f.greeted();
  peer.say("STARTTLS\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<hanako@acme.example>\r\n");
  CHECK(peer.replies().starts_with("220"));
  peer.shake_hands(*f.tls.client);
  CHECK(peer.talk("EHLO c.example").starts_with("250-"));
  CHECK(peer.talk("RCPT TO:<hanako@acme.example>").starts_with("503"));
}

TEST_CASE("silence ends with 421, and so does draining; a command that runs is finished first") {
  SUBCASE("timeout") {
    Fixture f;
    f.host->options.command_timeout = std::chrono::milliseconds(20);
    Peer peer = f.connect();
    const std::string all = peer.rest();
    CHECK(all.contains("\r\n421 4.4.2 "));
  }
  SUBCASE("drain") {
    Fixture f;
    Peer peer = f.greeted();
    f.session->drain();
    CHECK(peer.rest().starts_with("421 4.3.2 "));
    CHECK(peer.ended());
  }
}

TEST_CASE("somebody who may not go on hears 421 4.7.0") {
  Fixture f(service::Door::submission);
  Peer peer = f.greeted(smtp::TlsState::active);
  CHECK(
      peer.talk(Fixture::plain("hanako@acme.example", SessionWorld::kPassword)).starts_with("235"));
  const auto sessions = f.w->live.of_tenant(f.acme.tenant, 10);
  REQUIRE(sessions.size() == 1);
  REQUIRE(f.w->live.revoke(f.acme.tenant, sessions[0].number).has_value());
  CHECK(peer.rest().starts_with("421 4.7.0 An administrator ended this session"));
}

TEST_CASE("a message that comes too slowly, and a session without end, are cut off") {
  Fixture f;
  f.host->options.data_octets_per_second_min = 100;
  Peer peer = f.greeted();
  CHECK(peer.talk("MAIL FROM:<a@b.example>").starts_with("250"));
  CHECK(peer.talk("RCPT TO:<hanako@acme.example>").starts_with("250"));
  CHECK(peer.talk("DATA").starts_with("354"));
  peer.say("Subject: slow\r\n");
  f.w.world.clock().advance(std::chrono::minutes(3));
  peer.say("\r\n");
  CHECK(peer.rest().starts_with("421 4.4.2 The message comes too slowly"));
  CHECK(f.w.messages(f.acme, f.hanako).empty());
  Peer other = f.greeted();
  f.w.world.clock().advance(std::chrono::hours(3));
  other.say("NOOP\r\n");
  CHECK(other.rest().starts_with("421 4.4.2 The connection has lasted too long"));
}

TEST_CASE("rates: too many messages of an address, too many recipients of a principal") {
  Fixture f;
  f.host->options.rate_ip = 2;
  Peer peer = f.greeted();
  for (int i = 0; i < 2; ++i)
    CHECK(deliver(peer, "a@b.example", "hanako@acme.example", mail("a@b.example"))
              .starts_with("250"));
  CHECK(peer.talk("MAIL FROM:<a@b.example>").starts_with("451 4.7.1"));
  f.w.world.clock().advance(std::chrono::minutes(1));
  CHECK(peer.talk("MAIL FROM:<a@b.example>").starts_with("250"));

  Fixture s(service::Door::submission);
  s.host->options.rate_account = 2;
  Peer me = s.greeted(smtp::TlsState::active);
  CHECK(me.talk(Fixture::plain("hanako@acme.example", SessionWorld::kPassword)).starts_with("235"));
  CHECK(me.talk("MAIL FROM:<hanako@acme.example>").starts_with("250"));
  CHECK(me.talk("RCPT TO:<a@remote.example>").starts_with("250"));
  CHECK(me.talk("RCPT TO:<b@remote.example>").starts_with("250"));
  CHECK(me.talk("RCPT TO:<c@remote.example>").starts_with("451 4.7.1"));
}

TEST_CASE("a store that is away is 4yz, and the same session goes on when it is back") {
  Fixture f;
  Peer peer = f.greeted();
  f.w.faults.dead = true;
  CHECK(peer.talk("MAIL FROM:<a@b.example>").starts_with("250"));
  CHECK(peer.talk("RCPT TO:<hanako@acme.example>").starts_with("451"));
  f.w.faults.dead = false;
  CHECK(peer.talk("RCPT TO:<hanako@acme.example>").starts_with("250"));
  CHECK(peer.talk("DATA").starts_with("354"));
  f.w.faults.dead = true;
  peer.say(mail("a@b.example") + ".\r\n");
  CHECK(peer.replies().starts_with("451"));
  f.w.faults.dead = false;
  CHECK(f.w.messages(f.acme, f.hanako).empty());
  CHECK(
      deliver(peer, "a@b.example", "hanako@acme.example", mail("a@b.example")).starts_with("250"));
}

TEST_CASE("a full mailbox answers 452 4.2.2 at RCPT") {
  Fixture f;
  const AccountId full = f.person("full@acme.example", 1);
  REQUIRE(f.w.world.write(f.acme, [&](Tx& tx) -> Status {
    auto account = tx.directory().account(full);
    FUMI_TRY([[maybe_unused]] const auto placed,
             tx.mailboxes().deliver(full, store::testing::content("<m@x>", 1)));
    return {};
  }));
  f.w->routing.forget_all();
  Peer peer = f.greeted();
  CHECK(peer.talk("MAIL FROM:<a@b.example>").starts_with("250"));
  CHECK(peer.talk("RCPT TO:<full@acme.example>").starts_with("452 4.2.2"));
}

TEST_CASE(
    "whichever operation of the connection fails, nothing leaks and no message is half there") {
  for (std::size_t at = 1;; ++at) {
    REQUIRE(at < 200);
    CAPTURE(at);
    Fixture f;
    auto [ours, theirs] = net::make_pipe(f.w->runtime.executor(), {});
    const std::size_t before = f.w->runtime.tasks();
    f.w->runtime.spawn(
        "session", serve_smtp(*f.host, net::make_failing(std::move(theirs), at, Code::peer_gone),
                              smtp::TlsState::plain));
    Peer peer(f.w->runtime, std::move(ours));
    peer.say("EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<hanako@acme.example>\r\nDATA\r\n");
    const std::string first = peer.replies(5);
    if (first.contains("354 ")) peer.say(mail("a@b.example") + ".\r\nQUIT\r\n");
    const std::string all = first + peer.rest();
    CHECK(f.w->runtime.tasks() == before);
    const std::size_t there = f.w.messages(f.acme, f.hanako).size();
    if (all.contains("accepted as")) CHECK(there == 1);
    CHECK(there <= 1);
    if (all.contains("\r\n221 ")) break;
  }
}

}  // namespace
}  // namespace fumi::server
