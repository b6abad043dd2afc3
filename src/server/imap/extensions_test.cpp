#include <doctest/doctest.h>

#include "net/deflate_stream.h"
#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using testing::ImapClient;
using testing::ImapFixture;

TEST_CASE("COMPRESS: everything behind the OK is DEFLATE, IDLE too; UNAUTHENTICATE ends it") {
  ImapFixture f;
  f.deliver(2);
  ImapClient a = f.logged_in();
  CHECK(a("COMPRESS DEFLATE").contains("x OK"));
  const net::DeflateOptions options;
  a.peer.wrap([&](auto inner) { return net::make_deflate(std::move(inner), options); });
  CHECK(a("SELECT INBOX").contains("* 2 EXISTS"));
  CHECK(a("FETCH 1:2 (BODY.PEEK[])").contains("The text."));
  CHECK(a("COMPRESS DEFLATE").contains("x BAD [COMPRESSIONACTIVE]"));
  a.peer.say("i IDLE\r\n");
  CHECK(a.peer.until("+ ").contains("+ idling"));
  f.deliver(1, 3);
  CHECK(a.peer.until("* 3 EXISTS").contains("* 3 EXISTS"));
  a.peer.say("DONE\r\n");
  CHECK(a.peer.until("i ") == "i OK IDLE done\r\n");
  CHECK(a("UNAUTHENTICATE").contains("x OK"));
  a.peer.wrap([](auto stream) { return net::end_deflate(std::move(stream)); });
  CHECK(a("LOGIN hanako@acme.example \"correct horse battery\"").contains("x OK"));
  CHECK(a("COMPRESS DEFLATE").contains("x OK"));
  a.peer.say("this is not DEFLATE\r\n");
  CHECK(a.peer.rest().empty());
}

TEST_CASE("SORT and THREAD over stored mail; a store that fails says NO and nothing else") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  a.append("INBOX",
           "From: b@x.example\r\nSubject: Re: plan\r\nReferences: <1@x>\r\n\r\nlonger\r\n");
  a.append("INBOX", "From: a@x.example\r\nSubject: Plan\r\nMessage-ID: <1@x>\r\n\r\nx\r\n",
           "(\\Flagged) ");
  a.append("INBOX", "From: c@x.example\r\nSubject: \xC3\x84pfel\r\n\r\ny\r\n");
  CHECK(a("SELECT INBOX").contains("* 3 EXISTS"));
  CHECK(a("SORT (FROM) UTF-8 ALL").contains("* SORT 2 1 3\r\n"));
  CHECK(a("SORT (REVERSE SIZE) UTF-8 ALL").contains("* SORT 1 2 3\r\n"));
  CHECK(a("SORT (SUBJECT) UTF-8 UNFLAGGED").contains("* SORT 3 1\r\n"));
  CHECK(a("THREAD REFERENCES UTF-8 ALL").contains("* THREAD (3)(2 1)\r\n") !=
        a("THREAD REFERENCES UTF-8 ALL").contains("* THREAD (2 1)(3)\r\n"));
  CHECK(a("SEARCH SUBJECT {6+}\r\n\xC3\xA4PFEL").contains("* SEARCH 3\r\n"));
  CHECK(a("SORT RETURN (SAVE) (FROM) UTF-8 FROM x.example UNFLAGGED").contains("x OK"));
  CHECK(a("UID FETCH $ (UID)").contains("* 3 FETCH (UID 3)"));
  for (const char* command : {"SORT (FROM) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL",
                              "SORT RETURN (SAVE) (ARRIVAL) UTF-8 ALL"}) {
    for (std::size_t at = 1; at <= 2; ++at) {
      f.w.faults.arm(at);
      const std::string answer = a(command);
      const bool failed = f.w.faults.went_off();
      f.w.faults.arm(0);
      CHECK(answer.contains(failed ? "x NO [UNAVAILABLE]" : "x OK"));
      if (failed) CHECK_FALSE(answer.contains("* "));
    }
  }
  CHECK(a("SORT RETURN (SAVE) (ARRIVAL) UTF-8 ALL").contains("x OK"));
  f.w.faults.arm(1);
  CHECK(a("SORT RETURN (SAVE) (ARRIVAL) UTF-8 ALL").contains("x NO"));
  f.w.faults.arm(0);
  CHECK(a("SEARCH $").contains("* SEARCH\r\n"));  // RFC 5182 §2.1: what failed left nothing
}

}  // namespace
}  // namespace fumi::server
