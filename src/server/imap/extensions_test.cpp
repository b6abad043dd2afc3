#include <doctest/doctest.h>

#include "net/deflate_stream.h"
#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using testing::ImapClient;
using testing::ImapFixture;

bool before(const std::string& text, const std::string& a, const std::string& b) {
  return text.contains(a) && text.contains(b) && text.find(a) < text.find(b);
}

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

TEST_CASE(
    "REPLACE: another session sees one message less and one more; a failure changes nothing") {
  ImapFixture f;
  f.deliver(3);
  ImapClient a = f.selected();
  ImapClient b = f.selected();
  const std::string mail = service::testing::mail("a@b.example", "new");
  const std::string literal = "{" + std::to_string(mail.size()) + "+}\r\n" + mail;
  const std::string replaced = a("REPLACE 2 INBOX (\\Draft) " + literal);
  CHECK(replaced.contains("* OK [APPENDUID "));
  CHECK(replaced.contains("* 2 EXPUNGE"));
  CHECK(replaced.contains("* 3 EXISTS"));
  CHECK(replaced.contains("x OK"));
  const std::string news = b("NOOP");
  CHECK(news.contains("* 2 EXPUNGE"));
  CHECK(news.contains("* 3 EXISTS"));
  CHECK(a("FETCH 3 (FLAGS ENVELOPE)").contains("\"new\""));
  CHECK(b("STORE 1 +FLAGS (\\Deleted)").contains("x OK"));
  CHECK(b("EXPUNGE").contains("* 1 EXPUNGE"));
  CHECK(a("UID REPLACE 1 INBOX " + literal).contains("x NO"));  // gone under the client
  CHECK(a("NOOP").contains("x OK"));
  for (std::size_t at = 1; at <= 4; ++at) {
    f.w.faults.arm(at);
    const std::string answer = a("REPLACE 1 INBOX " + literal);
    const bool failed = f.w.faults.went_off();
    f.w.faults.arm(0);
    if (failed && answer.contains("x NO")) CHECK_FALSE(answer.contains("EXPUNGE"));
    CHECK(b("STATUS INBOX (MESSAGES)").contains("(MESSAGES 2)"));
  }
  a.peer.say("l REPLACE 1 INBOX {99999999}\r\n");
  CHECK(a.peer.until("l ").contains("l NO [TOOBIG]"));
}

TEST_CASE("a command that takes long says how far it is") {
  ImapFixture f;
  f.deliver(3);
  f.host->options.progress_after = Duration(0);
  ImapClient a = f.selected();
  const std::string searched = a("SEARCH TEXT m2");
  CHECK(searched.contains("* OK [INPROGRESS (\"t"));
  CHECK(searched.contains("\" 0 3)]"));
  CHECK(searched.contains("* SEARCH 2\r\n"));
  CHECK(a("SORT (SUBJECT) UTF-8 ALL").contains("* OK [INPROGRESS ("));
  CHECK_FALSE(a("SEARCH ALL").contains("INPROGRESS"));
}

TEST_CASE("ESEARCH looks into the account's own mailboxes, and no others") {
  ImapFixture f;
  f.deliver(2);
  ImapClient taro = f.logged_in("taro@acme.example");
  CHECK(taro("ESEARCH IN (personal) ALL") == "x OK ESEARCH done\r\n");
  ImapClient a = f.logged_in();
  a.append("Archive", service::testing::mail("a@b.example", "m1 again"));
  const std::string found = a("ESEARCH IN (personal) RETURN (COUNT) SUBJECT m1");
  CHECK(found.contains("MAILBOX Archive UIDVALIDITY "));
  CHECK(found.contains("MAILBOX INBOX UIDVALIDITY "));
  CHECK(found.contains(" UID COUNT 1\r\n"));
  CHECK(a("ESEARCH IN (subtree-one (Archive Sent)) TEXT again").contains("UID ALL 1\r\n"));
  CHECK(a("ESEARCH ALL").contains("x BAD"));
  CHECK(a("SELECT INBOX").contains("x OK"));
  CHECK(a("ESEARCH RETURN (SAVE) SUBJECT m2") == "x OK ESEARCH done\r\n");
  CHECK(a("SEARCH $").contains("* SEARCH 2\r\n"));
  f.w.faults.dead = true;
  CHECK(a("ESEARCH IN (personal) ALL").contains("x NO [UNAVAILABLE]"));
  f.w.faults.dead = false;
}

TEST_CASE("CATENATE: octets of the account's own messages, and of no others") {
  ImapFixture f;
  f.deliver(2);
  ImapClient a = f.logged_in();
  const auto cat = [](const std::string& parts) {
    return "APPEND Drafts (\\Draft) CATENATE (" + parts + ")";
  };
  CHECK(a(cat("URL \"/INBOX/;UID=1/;SECTION=HEADER\" TEXT {7+}\r\nAdded\r\n URL "
              "\"/INBOX/;UID=2/;SECTION=TEXT\""))
            .contains("x OK [APPENDUID "));
  CHECK(a("SELECT Drafts").contains("* 1 EXISTS"));
  const std::string made = a("FETCH 1 (BODY.PEEK[] FLAGS)");
  CHECK(before(made, "Subject: m1", "Added\r\nThe text."));
  CHECK(made.contains("\\Draft"));
  CHECK(a(cat("URL \";UID=1/;SECTION=HEADER/;PARTIAL=0.4\"")).contains("x OK"));
  CHECK(a("FETCH 2 (RFC822.SIZE)").contains("RFC822.SIZE 4)"));
  for (const char* bad : {"/INBOX/;UID=9", "/INBOX;UIDVALIDITY=1/;UID=1", "/Nowhere/;UID=1",
                          "/INBOX/;UID=1/;SECTION=7", "imap://localhost/INBOX/;UID=1", "x"}) {
    CAPTURE(bad);
    CHECK(a(cat("TEXT {1+}\r\nx URL \"" + std::string(bad) + "\""))
              .contains("x NO [BADURL " + std::string(bad) + "]"));
  }
  ImapClient taro = f.logged_in("taro@acme.example");
  CHECK(taro(cat("URL \"/INBOX/;UID=1\"")).contains("x NO [BADURL "));
  CHECK(a("APPEND Nowhere CATENATE (TEXT {1+}\r\nx)").contains("x NO [TRYCREATE]"));
  f.host->options.append_max = config::kib(1);
  const std::string half = "TEXT {600+}\r\n" + std::string(600, 'x');
  CHECK(a(cat(half + " " + half)).contains("x NO [TOOBIG]"));
  f.w.faults.dead = true;
  CHECK(a(cat("URL \"/INBOX/;UID=1\"")).contains("x NO [UNAVAILABLE]"));
  f.w.faults.dead = false;
  CHECK(a("STATUS Drafts (MESSAGES)").contains("(MESSAGES 2)"));
}

TEST_CASE("annotations last, have limits, and are the account's own") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  CHECK(
      a("SETMETADATA INBOX (/private/comment \"mine\" /shared/comment \"too\")").contains("x OK"));
  CHECK(a("SETMETADATA \"\" (/private/color \"red\")").contains("x OK"));
  ImapClient b = f.logged_in();
  CHECK(b("GETMETADATA INBOX /private/comment")
            .contains("* METADATA INBOX (/private/comment \"mine\")"));
  ImapClient taro = f.logged_in("taro@acme.example");
  CHECK(taro("GETMETADATA INBOX /private/comment").contains("(/private/comment NIL)"));
  CHECK(taro("GETMETADATA \"\" /private/color").contains("(/private/color NIL)"));
  const std::string large = "{65537+}\r\n" + std::string(65'537, 'x');
  CHECK(a("SETMETADATA INBOX (/private/large " + large + ")")
            .contains("x NO [METADATA MAXSIZE 65536]"));
  CHECK(a("SETMETADATA INBOX (/private/last \"y\" /private/large \"z\")").contains("x OK"));
  for (int i = 0; i < 96; ++i)
    CHECK(a("SETMETADATA INBOX (/private/n" + std::to_string(i) + " \"x\")").contains("x OK"));
  CHECK(a("SETMETADATA INBOX (/private/more \"x\")").contains("x NO [METADATA TOOMANY]"));
  CHECK(a("GETMETADATA INBOX /private/more").contains("NIL"));
  CHECK(a("SETMETADATA \"\" (/shared/comment \"x\")").contains("x NO [NOPERM]"));
  CHECK(a("LIST \"\" INBOX RETURN (METADATA (/private/last))").contains("(/private/last \"y\")"));
  f.w.faults.dead = true;
  CHECK(a("GETMETADATA INBOX /private/last").contains("x NO [UNAVAILABLE]"));
  CHECK(a("SETMETADATA INBOX (/private/last NIL)").contains("x NO [UNAVAILABLE]"));
  f.w.faults.dead = false;
}

}  // namespace
}  // namespace fumi::server
