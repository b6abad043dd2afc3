// Test code only: a client of an IMAP session on a pipe, and the world around it.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "server/imap/session.h"
#include "server/testing/peer.h"

namespace fumi::server::testing {

class ImapClient {
 public:
  ImapClient(service::testing::FakeRuntime& runtime, std::unique_ptr<net::Stream> stream)
      : peer(runtime, std::move(stream)) {}
  // The answer to one command, untagged responses included; the tag reads "x".
  std::string operator()(const std::string& command) {
    const std::string tag = "t" + std::to_string(++count_);
    peer.say(tag + " " + command + "\r\n");
    std::string answer = peer.until(tag + " ");
    const std::size_t at = answer.rfind(tag + " ");
    if (at != std::string::npos) answer.replace(at, tag.size(), "x");
    return answer;
  }
  void append(const std::string& mailbox, const std::string& message,
              const std::string& flags = "") {
    const std::string answer = (*this)("APPEND " + mailbox + " " + flags + "{" +
                                       std::to_string(message.size()) + "+}\r\n" + message);
    CHECK(answer.contains("x OK [APPENDUID "));
  }
  Peer peer;

 private:
  int count_ = 0;
};

struct ImapFixture : SessionWorld {
  ImapFixture() {
    auto options = std::make_shared<imap::Options>();
    options->plaintext = imap::Plaintext::allow;
    options->mechanisms = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"};
    engine = options;
    host = std::unique_ptr<ImapHost>(
        new ImapHost{engine, {}, w->mailboxes, login, *tls.server, {}, w->search});
  }
  ~ImapFixture() { w->runtime.stop(); }

  ImapClient connect(imap::Channel channel = imap::Channel::clear) {
    auto [ours, theirs] = net::make_pipe(w->runtime.executor(), {});
    last = theirs.get();
    w->runtime.spawn("session", serve_imap(*host, std::move(theirs), channel));
    ImapClient client(w->runtime, std::move(ours));
    if (channel == imap::Channel::tls) client.peer.shake_hands(*tls.client);
    greeting = client.peer.until("* OK");
    return client;
  }
  ImapClient logged_in(const std::string& name = "hanako@acme.example") {
    ImapClient client = connect();
    const std::string answer =
        client("LOGIN " + name + " \"" + std::string(SessionWorld::kPassword) + "\"");
    REQUIRE(answer.contains("x OK"));
    return client;
  }
  ImapClient selected() {
    ImapClient client = logged_in();
    REQUIRE(client("SELECT INBOX").contains("x OK [READ-WRITE]"));
    return client;
  }
  // `count` messages "m1", "m2" … by delivery.
  void deliver(int count, int from = 1) {
    for (int i = from; i < from + count; ++i)
      REQUIRE(w.accept(service::testing::ServiceWorld::mx(), "a@b.example", {"hanako@acme.example"},
                       service::testing::mail("a@b.example", "m" + std::to_string(i)))
                  .has_value());
  }

  std::shared_ptr<imap::Options> engine;
  std::unique_ptr<ImapHost> host;
  net::Stream* last = nullptr;
  std::string greeting;
};

}  // namespace fumi::server::testing
