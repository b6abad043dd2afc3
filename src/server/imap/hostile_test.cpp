// Clients that ask for too much, or take too little: each gets its clear answer, or the end.
#include <doctest/doctest.h>

#include "net/timer.h"
#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using testing::ImapClient;
using testing::ImapFixture;

Task<bool> ended(service::testing::FakeRuntime& runtime, std::size_t tasks) {
  while (runtime.tasks() > tasks)
    co_await net::yield();
  co_return true;
}

std::string multipart(int depth, const std::string& inside) {
  std::string out;
  for (int i = 0; i < depth; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    out += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  return out + inside;
}

TEST_CASE("who asks for bodies and reads none is cut off; others go on") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  const std::string large = "Subject: large\r\n\r\n" + std::string(200'000, 'x') + "\r\n";
  for (int i = 0; i < 5; ++i)
    a.append("INBOX", large);
  const std::size_t tasks = f.w->runtime.tasks();
  ImapClient slow = f.selected();
  f.host->options.idle_timeout = std::chrono::milliseconds(50);  // of its writes, from here on
  slow.peer.say("f FETCH 1:* (BODY.PEEK[])\r\n");
  CHECK(f.w->runtime.call(ended(f.w->runtime, tasks + 1)));  // the call is one itself
  f.host->options.idle_timeout = std::chrono::minutes(30);
  CHECK_FALSE(slow.peer.rest().contains("f OK"));
  CHECK(a("SELECT INBOX").contains("* 5 EXISTS"));
  CHECK(a("FETCH 1 (BODY.PEEK[TEXT]<0.3>)").contains("{3}\r\nxxx"));
}

TEST_CASE("a flood of pipelined FETCHes is answered in order, one at a time") {
  ImapFixture f;
  f.deliver(3);
  ImapClient a = f.selected();
  std::string flood;
  for (int i = 0; i < 2'000; ++i)
    flood += "f" + std::to_string(i) + " FETCH 1:3 (FLAGS)\r\n";
  a.peer.say(flood);
  const std::string answers = a.peer.until("f1999 ");
  std::size_t fetched = 0;
  for (std::size_t at = 0; (at = answers.find(" FETCH (FLAGS", at)) != std::string::npos; ++at)
    ++fetched;
  CHECK(fetched == 6'000);
  CHECK(answers.find("f0 OK") < answers.find("f1 OK"));
}

TEST_CASE("searches of ten thousand terms are refused; the session goes on") {
  ImapFixture f;
  f.deliver(1);
  ImapClient a = f.selected();
  std::string wide;
  std::string deep;
  std::string either;
  for (int i = 0; i < 10'000; ++i) {
    wide += " SEEN";
    deep += " NOT";
    either += " OR A";
  }
  CHECK(a("SEARCH" + wide).contains("x BAD [LIMIT]"));
  CHECK(a("SEARCH" + deep + " SEEN").contains("x BAD [LIMIT]"));
  CHECK(a("UID SEARCH" + either).contains("x BAD"));
  CHECK(a("SEARCH " + std::string(10'000, '(') + "ALL").contains("x BAD [LIMIT]"));
  std::string set = "1";
  for (int i = 2; i <= 10'001; ++i)
    set += "," + std::to_string(i);
  CHECK(a("UID FETCH " + set + " (FLAGS)").contains("x BAD"));
  CHECK(a("UID FETCH 1:4294967295 (UID)").contains("* 1 FETCH (UID 1)"));
}

TEST_CASE("deep MIME and messages in messages: stored, described up to a depth, given back whole") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  const std::string parts = multipart(2'000, "Content-Type: text/plain\r\n\r\ndeep\r\n");
  std::string nested;
  for (int i = 0; i < 2'000; ++i)
    nested += "Content-Type: message/rfc822\r\n\r\n";
  nested += "Subject: innermost\r\n\r\nx\r\n";
  a.append("INBOX", parts);
  a.append("INBOX", nested);
  CHECK(a("SELECT INBOX").contains("* 2 EXISTS"));
  const std::string described = a("FETCH 1:2 (BODYSTRUCTURE ENVELOPE)");
  CHECK(described.contains("* 2 FETCH (BODYSTRUCTURE ("));
  CHECK(described.size() < 20'000);
  CHECK(a("FETCH 1 (BODY.PEEK[])").contains(parts));
  CHECK(a("FETCH 2 (BODY.PEEK[])").contains(nested));
  std::string part = "1";
  for (int i = 0; i < 100; ++i)
    part += ".1";
  CHECK(a("FETCH 1 (BODY.PEEK[" + part + "])").contains("x BAD"));
  CHECK(a("SEARCH BODY deep").contains("x OK"));
}

TEST_CASE("messages that answer each other in a circle are threaded all the same") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  a.append("INBOX", "Message-ID: <1@x>\r\nReferences: <2@x>\r\nSubject: a\r\n\r\nx\r\n");
  a.append("INBOX", "Message-ID: <2@x>\r\nReferences: <1@x>\r\nSubject: a\r\n\r\nx\r\n");
  a.append("INBOX", "Message-ID: <3@x>\r\nReferences: <3@x>\r\nSubject: b\r\n\r\nx\r\n");
  CHECK(a("SELECT INBOX").contains("* 3 EXISTS"));
  const std::string forest = a("THREAD REFERENCES UTF-8 ALL");
  CHECK(forest.contains("* THREAD ("));
  for (const char* number : {"1", "2", "3"})
    CHECK(forest.substr(0, forest.find("\r\n")).contains(number));
}

TEST_CASE("announced literals are refused before an octet of them is read") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  for (const char* size : {"1048577", "99999999999", "18446744073709551615"}) {
    CAPTURE(size);
    CHECK(a("SETMETADATA INBOX (/private/a {" + std::string(size) + "}").contains("x BAD"));
    CHECK(a("SEARCH TEXT {" + std::string(size) + "}").contains("x BAD"));
  }
  CHECK(a("APPEND INBOX {99999999999}").contains("x NO [TOOBIG]"));
  CHECK(a("APPEND INBOX ~{99999999999}").contains("x NO [TOOBIG]"));
  CHECK(a("APPEND {4097}").contains("x NO"));
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  // What the client would send without waiting is too much to be swallowed.
  a.peer.say("b APPEND INBOX {99999999999+}\r\n");
  CHECK(a.peer.rest().contains("* BYE [TOOBIG]"));
}

TEST_CASE("literals that never end: nothing is kept of them, and nobody waits for ever") {
  ImapFixture f;
  ImapClient watching = f.logged_in();
  const std::size_t tasks = f.w->runtime.tasks();
  const std::string whole = "Subject: whole\r\n\r\nx\r\n";
  const std::string first = "APPEND INBOX {" + std::to_string(whole.size()) + "+}\r\n" + whole;
  for (const std::string& said :
       {std::string("SETMETADATA INBOX (/private/a {1000+}\r\nhalf"),
        std::string("APPEND INBOX {1000+}\r\nhalf"), first + " {1000+}\r\nhalf",
        std::string("APPEND INBOX CATENATE (TEXT {1000+}\r\nhalf"),
        std::string("SEARCH TEXT {1000+}\r\nhalf"), std::string("APPEND {1000+}\r\nhalf")}) {
    CAPTURE(said);
    ImapClient gone = f.logged_in();
    gone.peer.say("a " + said);
    gone.peer.hang_up();
    CHECK(f.w->runtime.call(ended(f.w->runtime, tasks + 1)));
    ImapClient silent = f.logged_in();
    f.host->options.idle_timeout = std::chrono::milliseconds(30);
    silent.peer.say("a " + said);
    CHECK(silent.peer.rest().contains("* BYE [UNAVAILABLE] Autologout"));
    f.host->options.idle_timeout = std::chrono::minutes(30);
    CHECK(f.w->runtime.call(ended(f.w->runtime, tasks + 1)));
  }
  CHECK(watching("STATUS INBOX (MESSAGES)").contains("(MESSAGES 0)"));
  CHECK(watching("GETMETADATA INBOX /private/a").contains("NIL"));
}

}  // namespace
}  // namespace fumi::server
