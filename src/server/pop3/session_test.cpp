#include "server/pop3/session.h"

#include <doctest/doctest.h>

#include "codec/base64.h"
#include "proto/sasl/client_exchange.h"
#include "server/testing/peer.h"

namespace fumi::server {
namespace {

using service::testing::mail;
using testing::Peer;
using testing::SessionWorld;

class Client {
 public:
  Client(service::testing::FakeRuntime& runtime, std::unique_ptr<net::Stream> stream)
      : peer(runtime, std::move(stream)) {}
  // The answer to a command that has one line.
  std::string operator()(const std::string& command) {
    peer.say(command + "\r\n");
    return peer.hear([](const std::string& text) { return text.ends_with("\r\n"); });
  }
  // The answer to one that has many.
  std::string many(const std::string& command) {
    peer.say(command + "\r\n");
    return peer.hear([](const std::string& text) {
      return text.starts_with("-") || text.ends_with("\r\n.\r\n");
    });
  }
  Peer peer;
};

struct Fixture : SessionWorld {
  Fixture() { open(); }
  ~Fixture() { w->runtime.stop(); }
  void open(Pop3Options options = {}) {
    options.plaintext = Pop3Plaintext::allow;
    auto engine = std::make_shared<pop3::Options>(engine_options(options));
    engine->mechanisms = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"};
    host = std::unique_ptr<Pop3Host>(new Pop3Host{
        std::move(engine), options, w->mailboxes, login, *tls.server, locks, w.world.clock(), {}});
  }

  Client connect(pop3::Channel channel = pop3::Channel::clear) {
    auto [ours, theirs] = net::make_pipe(w->runtime.executor(), {});
    last = theirs.get();
    w->runtime.spawn("session", serve_pop3(*host, std::move(theirs), channel));
    Client client(w->runtime, std::move(ours));
    if (channel == pop3::Channel::tls) client.peer.shake_hands(*tls.client);
    CHECK(client.peer.until("+OK").starts_with("+OK Fumi ready"));
    return client;
  }
  static std::string log_in(Client& client, const std::string& name = "hanako@acme.example") {
    CHECK(client("USER " + name).starts_with("+OK"));
    return client("PASS " + std::string(SessionWorld::kPassword));
  }
  Client logged_in(const std::string& name = "hanako@acme.example") {
    Client client = connect();
    REQUIRE(log_in(client, name).starts_with("+OK"));
    return client;
  }
  // `count` messages "m1", "m2" … by delivery.
  void deliver(int count, int from = 1) {
    for (int i = from; i < from + count; ++i)
      REQUIRE(w.accept(service::testing::ServiceWorld::mx(), "a@b.example", {"hanako@acme.example"},
                       mail("a@b.example", "m" + std::to_string(i)))
                  .has_value());
  }
  void append(const std::string& bytes) {
    std::vector<service::NewMessage> messages(1, {bytes, {}, std::nullopt});
    REQUIRE(w.call(w->mailboxes.append(who(), "INBOX", std::move(messages))).has_value());
  }
  service::MailAccount who() { return {acme, hanako}; }
  std::vector<Entry> entries() { return w.call(w->mailboxes.open(who(), "INBOX"))->entries; }
  void expunge(std::uint32_t uid) {
    const MailboxId inbox = w.call(w->mailboxes.find(who(), "INBOX"))->id;
    REQUIRE(w.call(w->mailboxes.depart(who(), inbox, {{Uid{uid}}, {}})).has_value());
  }

  MaildropLocks locks;
  std::unique_ptr<Pop3Host> host;
  net::Stream* last = nullptr;
};

TEST_CASE("login: right and wrong, by USER and SASL, with records; -PLUS on TLS alone") {
  Fixture f;
  Client clear = f.connect();
  CHECK(clear.many("CAPA").contains("SASL SCRAM-SHA-256 PLAIN LOGIN\r\n"));
  CHECK(clear("USER hanako@acme.example").starts_with("+OK"));
  CHECK(clear("PASS wrong-password").starts_with("-ERR [AUTH] "));
  CHECK(clear("USER nobody@acme.example").starts_with("+OK"));
  CHECK(clear("PASS wrong-password").starts_with("-ERR [AUTH] "));
  Client tls = f.connect(pop3::Channel::tls);
  CHECK(tls.many("CAPA").contains("SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n"));
  CHECK(tls("AUTH PLAIN " + codec::base64_encode("nonsense")).starts_with("-ERR Malformed"));
  const std::string acting =
      "taro@acme.example" + std::string("\0hanako@acme.example\0", 21) + SessionWorld::kPassword;
  CHECK(tls("AUTH PLAIN " + codec::base64_encode(acting)).starts_with("-ERR [AUTH]"));
  const std::string plain = std::string("\0hanako@acme.example\0", 21) + SessionWorld::kPassword;
  CHECK(tls("AUTH PLAIN " + codec::base64_encode(plain)) == "+OK 0 messages (0 octets)\r\n");
  CHECK(f.w.records(f.acme, {RecordKind::login}).size() == 1);
  CHECK(f.w.records(f.acme, {RecordKind::login_failed}).size() >= 1);
}

TEST_CASE("SCRAM-SHA-256, right and wrong") {
  for (const std::string password : {SessionWorld::kPassword, "wrong-password"}) {
    Fixture f;
    Client client = f.connect();
    sasl::ClientExchange scram(sasl::Mechanism::scram_sha_256,
                               {"", "hanako@acme.example", Secret(password)}, {}, "nonce");
    std::string said = client("AUTH SCRAM-SHA-256 " + codec::base64_encode(*scram.initial()));
    while (said.starts_with("+ ")) {
      const auto challenge = codec::base64_decode(said.substr(2, said.size() - 4));
      REQUIRE(challenge.has_value());
      const auto answer = scram.respond(*challenge);
      said = answer ? client(codec::base64_encode(*answer)) : client("*");
    }
    const bool right = password == SessionWorld::kPassword;
    CHECK(said.starts_with(right ? "+OK 0 messages" : "-ERR [AUTH] "));
  }
}

TEST_CASE("STLS forgets what was sent behind it in clear") {
  Fixture f;
  f.deliver(1);
  Client client = f.connect();
  client.peer.say("STLS\r\nUSER hanako@acme.example\r\n");
  CHECK(client.peer.until("+OK").starts_with("+OK Begin"));
  client.peer.shake_hands(*f.tls.client);
  CHECK(client("PASS " + std::string(SessionWorld::kPassword)).starts_with("-ERR USER"));
  CHECK(f.log_in(client).starts_with("+OK 1 messages"));
}

TEST_CASE("RETR gives the stored octets, TOP their beginning, LIST their number") {
  Fixture f;
  f.deliver(2);
  const std::string dots = "Subject: dots\r\n\r\n.\r\n..x\r\nend\r\n";
  f.append(dots);
  Client a = f.logged_in();
  const auto stored = f.w.messages(f.acme, f.hanako);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string number = std::to_string(i + 1);
    CHECK(a("LIST " + number) == "+OK " + number + " " + std::to_string(stored[i].size()) + "\r\n");
    const std::string got = a.many("RETR " + number);
    CHECK(got == "+OK " + std::to_string(stored[i].size()) + " octets\r\n" + stored[i] + ".\r\n");
  }
  CHECK(a.many("RETR 3").ends_with("\r\n\r\n..\r\n...x\r\nend\r\n.\r\n"));
  CHECK(a.many("TOP 3 1").ends_with("\r\n\r\n..\r\n.\r\n"));
  for (const Entry& entry : f.entries())
    CHECK_FALSE(entry.flags.has(Flags::seen));
}

TEST_CASE("a large message, a slow reader: streamed whole") {
  Fixture f;
  std::string big = "Subject: big\r\n\r\n";
  for (int i = 0; big.size() < 3'000'000; ++i)
    big += i % 3 == 0 ? ".dot\r\n" : "line " + std::string(i % 70, 'x') + "\r\n";
  f.append(big);
  Client a = f.logged_in();
  const std::string got = a.many("RETR 1");
  CHECK(got.size() > big.size());
  CHECK(got.contains("\r\n..dot\r\n"));
  CHECK(a("STAT") == "+OK 1 " + std::to_string(big.size()) + "\r\n");
}

TEST_CASE("QUIT removes what DELE marked, once; what arrived meanwhile stays") {
  Fixture f;
  f.deliver(3);
  Client a = f.logged_in();
  CHECK(a("DELE 1").starts_with("+OK"));
  CHECK(a("DELE 3").starts_with("+OK"));
  f.deliver(1, 4);
  CHECK(a("STAT").starts_with("+OK 1 "));
  CHECK(f.entries().size() == 4);
  CHECK(a("QUIT") == "+OK Goodbye\r\n");
  CHECK(a.peer.rest().empty());
  REQUIRE(f.entries().size() == 2);
  CHECK(f.entries()[0].uid == Uid{2});
  CHECK(f.entries()[1].uid == Uid{4});
}

TEST_CASE("no other end removes anything") {
  Fixture f;
  f.deliver(2);
  SUBCASE("the client hangs up") {
    Client a = f.logged_in();
    CHECK(a("DELE 1").starts_with("+OK"));
    a.peer.hang_up();
    f.w->runtime.settle();
  }
  SUBCASE("silence ends it without a word") {
    Pop3Options options;
    options.idle_timeout = std::chrono::milliseconds(50);
    f.open(options);
    Client a = f.logged_in();
    CHECK(a("DELE 1").starts_with("+OK"));
    CHECK(a.peer.rest().empty());
  }
  SUBCASE("the server drains") {
    Client a = f.logged_in();
    CHECK(a("DELE 1").starts_with("+OK"));
    f.last->drain();
    CHECK(a.peer.rest().empty());
  }
  SUBCASE("an administrator ends the session") {
    Client a = f.logged_in();
    CHECK(a("DELE 1").starts_with("+OK"));
    const auto sessions = f.w->live.of_tenant(f.acme.tenant, 10);
    REQUIRE(sessions.size() == 1);
    REQUIRE(f.w->live.revoke(f.acme.tenant, sessions[0].number).has_value());
    CHECK(a.peer.rest().empty());
  }
  SUBCASE("the client never logged in") {
    Pop3Options options;
    options.login_timeout = std::chrono::milliseconds(20);
    f.open(options);
    Client a = f.connect();
    CHECK(a.peer.rest().empty());
  }
  CHECK(f.entries().size() == 2);
  Client again = f.logged_in();  // the lock went with the session
  CHECK(again("STAT").starts_with("+OK 2 "));
}

TEST_CASE("one session at a time; the lock is free when QUIT is answered") {
  Fixture f;
  Client a = f.logged_in();
  Client b = f.connect();
  CHECK(f.log_in(b).starts_with("-ERR [IN-USE] "));
  Client other = f.logged_in("taro@acme.example");
  CHECK(a("QUIT").starts_with("+OK"));
  CHECK(f.log_in(b).starts_with("+OK"));
}

TEST_CASE("LOGIN-DELAY and EXPIRE as the options say") {
  Fixture f;
  Pop3Options options;
  options.login_delay = std::chrono::seconds(60);
  options.expire_days = 30;
  f.open(options);
  Client a = f.logged_in();
  const std::string capa = a.many("CAPA");
  CHECK(capa.contains("\r\nLOGIN-DELAY 60\r\n"));
  CHECK(capa.contains("\r\nEXPIRE 30\r\n"));
  CHECK(a("QUIT").starts_with("+OK"));
  Client b = f.connect();
  CHECK(f.log_in(b).starts_with("-ERR [LOGIN-DELAY] "));
  f.w.world.clock().advance(std::chrono::seconds(61));
  CHECK(f.log_in(b).starts_with("+OK"));
}

TEST_CASE("what somebody else expunged is refused, and no error at QUIT") {
  Fixture f;
  f.deliver(3);
  Client a = f.logged_in();
  f.expunge(2);
  CHECK(a.many("RETR 2").starts_with("-ERR The message was removed"));
  CHECK(a.many("TOP 2 0").starts_with("-ERR The message was removed"));
  CHECK(a.many("RETR 3").contains("Subject: m3"));
  CHECK(a("DELE 2").starts_with("+OK"));
  CHECK(a("DELE 3").starts_with("+OK"));
  CHECK(a("QUIT").starts_with("+OK"));
  CHECK(f.entries().size() == 1);
}

TEST_CASE("fetching in turn: what is expunged, or arrives, in between is noticed") {
  Fixture f;
  f.deliver(6);
  Client a = f.logged_in();
  for (const char* number : {"1", "2", "3"})
    CHECK(a.many("RETR " + std::string(number)).contains("Subject: m" + std::string(number)));
  f.expunge(4);  // looked up already, together with 3
  CHECK(a.many("RETR 4").starts_with("-ERR The message was removed"));
  f.deliver(1, 7);
  CHECK(a("DELE 5").starts_with("+OK"));
  CHECK(a.many("RETR 6").contains("Subject: m6"));
  CHECK(a.many("RETR 1").contains("Subject: m1"));
  CHECK(a.many("RETR 7").starts_with("-ERR No such message"));
}

TEST_CASE("UIDL is the same in each session, and never given twice") {
  Fixture f;
  f.deliver(2);
  Client a = f.logged_in();
  const std::string first = a.many("UIDL");
  CHECK(a("DELE 2").starts_with("+OK"));
  CHECK(a("QUIT").starts_with("+OK"));
  f.deliver(1, 3);
  Client b = f.logged_in();
  const std::string second = b.many("UIDL");
  const std::string one = first.substr(first.find("\r\n1 ") + 4, 20);
  CHECK(second.contains("\r\n1 " + one.substr(0, one.find("\r\n")) + "\r\n"));
  CHECK(second.contains("-3\r\n"));
  CHECK_FALSE(second.contains("-2\r\n"));
}

TEST_CASE("pop3.seen = set: QUIT marks what was fetched and stays") {
  Fixture f;
  f.deliver(3);
  Pop3Options options;
  options.seen = Pop3Seen::set;
  f.open(options);
  Client a = f.logged_in();
  CHECK(a.many("RETR 1").starts_with("+OK"));
  CHECK(a.many("RETR 2").starts_with("+OK"));
  CHECK(a.many("RETR 2").starts_with("+OK"));
  CHECK(a.many("TOP 3 1").starts_with("+OK"));
  CHECK(a("DELE 1").starts_with("+OK"));
  CHECK(a("QUIT").starts_with("+OK"));
  const auto left = f.entries();
  REQUIRE(left.size() == 2);
  CHECK(left[0].flags.has(Flags::seen));
  CHECK_FALSE(left[1].flags.has(Flags::seen));
}

TEST_CASE("pop3.utf8_headers = refuse: only in UTF-8 mode") {
  Fixture f;
  f.append("Subject: \xe4\xbc\x9a\r\n\r\nx\r\n");
  f.append("Subject: y\r\n\r\n\xe4\xbc\x9a\r\n");
  Client sent = f.logged_in();
  CHECK(sent.many("RETR 1").contains("Subject: \xe4\xbc\x9a\r\n"));
  CHECK(sent("QUIT").starts_with("+OK"));
  Pop3Options options;
  options.utf8_headers = Pop3Utf8Headers::refuse;
  f.open(options);
  Client a = f.logged_in();
  CHECK(a.many("RETR 1").starts_with("-ERR [UTF8] "));
  CHECK(a.many("RETR 2").starts_with("+OK"));
  CHECK(a("QUIT").starts_with("+OK"));
  Client b = f.connect();
  CHECK(b("UTF8").starts_with("+OK"));
  CHECK(f.log_in(b).starts_with("+OK"));
  CHECK(b.many("RETR 1").contains("Subject: \xe4\xbc\x9a\r\n"));
}

TEST_CASE("another account's mail can't be seen, whatever number is named") {
  Fixture f;
  f.deliver(2);
  Client b = f.logged_in("taro@acme.example");
  CHECK(b("STAT") == "+OK 0 0\r\n");
  for (const char* command : {"RETR 1", "TOP 1 0", "DELE 1", "LIST 1", "UIDL 2"})
    CHECK(b(command) == "-ERR No such message\r\n");
  CHECK(b("QUIT").starts_with("+OK"));
  CHECK(f.entries().size() == 2);
}

TEST_CASE("a store that is away: [SYS/TEMP], nothing removed, and the session goes on") {
  Fixture f;
  f.deliver(2);
  Client a = f.logged_in();
  f.w.faults.dead = true;
  CHECK(a.many("RETR 1").starts_with("-ERR [SYS/TEMP] "));
  Client b = f.connect();
  CHECK(f.log_in(b, "taro@acme.example").starts_with("-ERR [SYS/TEMP] "));
  f.w.faults.dead = false;
  CHECK(a.many("RETR 1").starts_with("+OK"));
  CHECK(a("DELE 1").starts_with("+OK"));
  f.w.faults.dead = true;
  CHECK(a("QUIT").starts_with("-ERR [SYS/TEMP] Nothing was removed"));
  CHECK(a.peer.rest().empty());
  f.w.faults.dead = false;
  CHECK(f.entries().size() == 2);
  CHECK(f.log_in(b).starts_with("+OK 2 messages"));
}

TEST_CASE("whichever operation of the connection fails, the session ends, all or nothing") {
  for (std::size_t at = 1;; ++at) {
    REQUIRE(at < 200);
    CAPTURE(at);
    Fixture f;
    f.deliver(2);
    auto [ours, theirs] = net::make_pipe(f.w->runtime.executor(), {});
    const std::size_t tasks = f.w->runtime.tasks();
    f.w->runtime.spawn(
        "session", serve_pop3(*f.host, net::make_failing(std::move(theirs), at, Code::peer_gone),
                              pop3::Channel::clear));
    Peer peer(f.w->runtime, std::move(ours));
    peer.say(
        "USER hanako@acme.example\r\nPASS correct horse battery\r\nLIST\r\nRETR 1\r\n"
        "DELE 1\r\nDELE 2\r\nQUIT\r\n");
    const std::string all = peer.rest();
    CHECK(f.w->runtime.tasks() == tasks);
    CHECK((f.entries().empty() || f.entries().size() == 2));
    CHECK(f.locks.hold(f.hanako, from_micros(0), Duration(0)).has_value());
    if (all.contains("Goodbye")) {
      CHECK(f.entries().empty());
      break;
    }
  }
}

}  // namespace
}  // namespace fumi::server
