#include <doctest/doctest.h>

#include "base/ascii.h"
#include "codec/base64.h"
#include "mime/structure.h"
#include "proto/imap/fetch_writer.h"
#include "server/imap/testing.h"
#include "server/testing/peer.h"

namespace fumi::server {
namespace {

using service::testing::mail;
using testing::Peer;
using testing::SessionWorld;

using Client = testing::ImapClient;
using Fixture = testing::ImapFixture;

bool before(const std::string& text, const std::string& a, const std::string& b) {
  return text.contains(a) && text.contains(b) && text.find(a) < text.find(b);
}

TEST_CASE("login: right and wrong, by LOGIN and SASL; channel binding is offered on TLS alone") {
  Fixture f;
  Client clear = f.connect();
  CHECK(f.greeting.contains("AUTH=SCRAM-SHA-256 "));
  CHECK_FALSE(f.greeting.contains("PLUS"));
  CHECK(clear("LOGIN hanako@acme.example wrong-password").contains("x NO [AUTHENTICATIONFAILED]"));
  CHECK(clear("SELECT INBOX").contains("x BAD"));
  Client tls = f.connect(imap::Channel::tls);
  CHECK(f.greeting.contains("AUTH=SCRAM-SHA-256-PLUS"));
  const std::string plain = std::string("\0hanako@acme.example\0", 21) + SessionWorld::kPassword;
  CHECK(tls("AUTHENTICATE PLAIN " + codec::base64_encode(plain)).contains("x OK"));
  CHECK(tls("LIST \"\" \"*\"").contains("INBOX"));
  CHECK(tls("UNAUTHENTICATE").contains("x OK"));
  CHECK(tls("LIST \"\" \"*\"").contains("x BAD"));
  CHECK(tls("AUTHENTICATE PLAIN " + codec::base64_encode("nonsense"))
            .contains("x NO [AUTHENTICATIONFAILED]"));
}

TEST_CASE("STARTTLS forgets what was sent behind it in clear") {
  Fixture f;
  Client client = f.connect();
  client.peer.say("a STARTTLS\r\nb LOGIN hanako@acme.example \"correct horse battery\"\r\n");
  CHECK(client.peer.until("a ").contains("a OK"));
  client.peer.shake_hands(*f.tls.client);
  CHECK(client("NOOP").contains("x OK"));
  CHECK(client("SELECT INBOX").contains("x BAD"));
}

// Two STOREs that meet in the store: the one that comes second changes what its session has not
// seen yet, and may not hide it (RFC 9051 §6.4.6). With CONDSTORE and without.
TEST_CASE("a silent STORE tells what another session stored at the same time") {
  Fixture f;
  f.deliver(1);
  Client a = f.selected();
  Client b = f.selected();
  CHECK(b("ENABLE CONDSTORE").contains("x OK"));
  std::string of_a, of_b;
  for (int round = 0; round < 60; ++round) {
    const std::string name = std::to_string(round);
    a.peer.say("x STORE 1 +FLAGS.SILENT (a" + name + ")\r\n");
    b.peer.say("x STORE 1 +FLAGS.SILENT (b" + name + ")\r\n");
    of_a = a.peer.until("x ");
    of_b = b.peer.until("x ");  // both are done before either asks for more
    of_a += a("NOOP");
    of_b += b("NOOP");
    CAPTURE(round);
    REQUIRE(of_a.contains("b" + name));
    REQUIRE(of_b.contains("a" + name));
    a("STORE 1 FLAGS.SILENT ()");
    b("NOOP");
  }
}

// RFC 8514 §4.2, RFC 8970 §3.
TEST_CASE("SAVEDATE is when a message came into its mailbox, PREVIEW what it begins with") {
  Fixture f;
  f.deliver(1);
  Client client = f.selected();
  const std::string first = client("FETCH 1 (SAVEDATE PREVIEW)");
  CHECK(first.contains("* 1 FETCH (SAVEDATE \"" + imap::date_time(f.w.world.clock().now()) + "\""));
  CHECK(first.contains("PREVIEW \"The text.\""));
  f.w.world.clock().advance(std::chrono::hours(30));
  const std::string later = "SAVEDATE \"" + imap::date_time(f.w.world.clock().now()) + "\"";
  const std::string day(
      ascii::trim(std::string_view(imap::date_time(f.w.world.clock().now())).substr(0, 11)));
  CHECK_FALSE(client("FETCH 1 SAVEDATE").contains(later));
  CHECK(client("COPY 1 Archive").contains("x OK"));
  CHECK(client("MOVE 1 Sent").contains("x OK"));
  for (const char* const box : {"Archive", "Sent"}) {
    CHECK(client("SELECT " + std::string(box)).contains("x OK"));
    CHECK(client("FETCH 1 (INTERNALDATE SAVEDATE)").contains(later));
    CHECK(client("SEARCH SAVEDSINCE " + day).contains("* SEARCH 1"));
    CHECK(client("SEARCH SAVEDON " + day).contains("* SEARCH 1"));
    CHECK(client("SEARCH SAVEDBEFORE " + day).contains("* SEARCH\r\n"));
    CHECK(client("SEARCH SINCE " + day).contains("* SEARCH\r\n"));
  }
  // Stored before previews were kept.
  const std::string raw = "Subject: old\r\n\r\nOld words";
  EmailContent content;
  content.blob = f.w.call(f.w.blobs.put(f.acme, raw)).value();
  content.summary = mime::encode(mime::parse(raw));
  content.octets = raw.size();
  REQUIRE(f.w.world.write(f.acme, [&](Tx& tx) { return tx.mailboxes().deliver(f.hanako, content); })
              .has_value());
  CHECK(client("SELECT INBOX").contains("* 1 EXISTS"));
  CHECK(client("FETCH 1 PREVIEW (LAZY)").contains("* 1 FETCH (PREVIEW NIL)"));
  CHECK(client("FETCH 1 PREVIEW").contains("* 1 FETCH (PREVIEW \"Old words\")"));
}

TEST_CASE("what another session does is told at the right moments") {
  Fixture f;
  f.deliver(4);
  Client a = f.selected();
  Client b = f.selected();
  CHECK(b("STORE 2 +FLAGS (\\Deleted)").contains("* 2 FETCH (FLAGS (\\Deleted))"));
  CHECK(b("EXPUNGE").contains("* 2 EXPUNGE"));
  f.deliver(1, 5);
  CHECK(b("STORE 1 +FLAGS (\\Flagged)").contains("x OK"));
  // FETCH by sequence number: no EXPUNGE may come (RFC 9051 §7.5.1), and 2 is still the ghost.
  const std::string fetched = a("FETCH 3 (UID)");
  CHECK(fetched.contains("* 3 FETCH (UID 3)"));
  CHECK_FALSE(fetched.contains("EXPUNGE"));
  CHECK(a("FETCH 2 (ENVELOPE)").contains("x NO [EXPUNGEISSUED]"));
  CHECK(a("UID FETCH 2 (ENVELOPE)").contains("x OK"));
  const std::string noop = a("NOOP");
  CHECK_FALSE(noop.contains("EXISTS"));  // told with the commands before
  CHECK(a("FETCH 1:* (UID)").contains("* 4 FETCH (UID 5)"));
  f.deliver(1, 6);
  const std::string news = a("NOOP");
  CHECK(news.contains("* 5 EXISTS"));
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("flags of others come as FETCH, own ones once, also with CONDSTORE") {
  Fixture f;
  f.deliver(2);
  Client a = f.selected();
  Client b = f.selected();
  CHECK(b("STORE 1 +FLAGS (\\Flagged)").contains("x OK"));
  CHECK(a("NOOP").contains("* 1 FETCH (FLAGS (\\Flagged))"));
  CHECK(a("STORE 2 +FLAGS.SILENT (\\Seen)") == "x OK STORE done\r\n");
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  CHECK(b("NOOP").contains("* 2 FETCH (FLAGS (\\Seen))"));
  // A silent change of one's own does not hide what another did to the same message.
  CHECK(b("STORE 2 +FLAGS (\\Answered)").contains("x OK"));
  CHECK(a("STORE 2 +FLAGS.SILENT (\\Flagged)").contains("\\Answered"));

  CHECK(a("ENABLE CONDSTORE").contains("* ENABLED CONDSTORE"));
  const std::string silent = a("STORE 1 -FLAGS.SILENT (\\Flagged)");
  CHECK(silent.contains("* 1 FETCH (MODSEQ ("));
  CHECK_FALSE(silent.contains("FLAGS ("));
  CHECK(b("STORE 1 +FLAGS (\\Answered)").contains("x OK"));
  CHECK(a("NOOP").contains("MODSEQ ("));
  const std::string modified = a("STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)");
  CHECK(modified.contains("x OK [MODIFIED 1]"));
}

TEST_CASE("IDLE is woken by what others do, and ends with DONE") {
  Fixture f;
  f.deliver(1);
  Client a = f.selected();
  a.peer.say("i IDLE\r\n");
  CHECK(a.peer.until("+ ").contains("+ idling"));
  f.deliver(1, 2);
  CHECK(a.peer.until("* 2 EXISTS").contains("* 2 EXISTS"));
  Client b = f.selected();
  CHECK(b("STORE 1 +FLAGS (\\Deleted)").contains("x OK"));
  CHECK(a.peer.until("* 1 FETCH").contains("\\Deleted"));
  CHECK(b("EXPUNGE").contains("x OK"));
  CHECK(a.peer.until("* 1 EXPUNGE").contains("* 1 EXPUNGE"));
  a.peer.say("DONE\r\n");
  CHECK(a.peer.until("i ") == "i OK IDLE done\r\n");
}

TEST_CASE("a store that is away in IDLE does not spin, and the news come when it is back") {
  Fixture f;
  f.deliver(1);
  Client a = f.selected();
  a.peer.say("i IDLE\r\n");
  CHECK(a.peer.until("+ ").contains("+ idling"));
  const std::size_t operations = f.w.faults.operations;
  f.w.faults.dead = true;
  f.w.world.bus().publish(std::array{Change{f.acme.tenant, f.hanako, MailboxId()}});
  a.peer.say("DONE\r\n");
  CHECK(a.peer.until("i ").contains("i OK"));
  CHECK(f.w.faults.operations < operations + 10);
  f.w.faults.dead = false;
  f.deliver(1, 2);
  CHECK(a("NOOP").contains("* 2 EXISTS"));
}

TEST_CASE("QRESYNC: what was missed comes with SELECT; expunges carry HIGHESTMODSEQ") {
  Fixture f;
  f.deliver(5);
  Client a = f.logged_in();
  CHECK(a("ENABLE QRESYNC").contains("x OK"));
  const std::string first = a("SELECT INBOX");
  const std::string validity =
      first.substr(first.find("UIDVALIDITY ") + 12,
                   first.find(']', first.find("UIDVALIDITY ")) - first.find("UIDVALIDITY ") - 12);
  const std::size_t at = first.find("HIGHESTMODSEQ ") + 14;
  const std::string modseq = first.substr(at, first.find(']', at) - at);
  Client b = f.selected();
  CHECK(b("STORE 2,5 +FLAGS (\\Deleted)").contains("x OK"));
  CHECK(b("EXPUNGE").contains("x OK"));
  CHECK(b("STORE 1 +FLAGS (\\Flagged)").contains("x OK"));
  CHECK(a("NOOP").contains("* VANISHED 2,5"));
  Client c = f.logged_in();
  CHECK(c("ENABLE QRESYNC").contains("x OK"));
  const std::string again = c("SELECT INBOX (QRESYNC (" + validity + " " + modseq + "))");
  CHECK(again.contains("* VANISHED (EARLIER) 2,5"));
  CHECK(again.contains("* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ ("));
  CHECK_FALSE(again.contains("* 2 FETCH"));
  const std::string part = c("SELECT INBOX (QRESYNC (" + validity + " " + modseq + " 1:3))");
  CHECK(part.contains("* VANISHED (EARLIER) 2\r\n"));
  // RFC 7162 §3.2.6: "*" reaches beyond the last message that is left.
  CHECK(c("UID FETCH 1:* (FLAGS) (CHANGEDSINCE " + modseq + " VANISHED)")
            .contains("* VANISHED (EARLIER) 2,5"));
  CHECK(c("SELECT INBOX (QRESYNC (1 " + modseq + "))").contains("x OK"));
  CHECK(c("STORE 1 +FLAGS (\\Deleted)").contains("UID 1"));
  const std::string gone = c("EXPUNGE");
  CHECK(gone.contains("* VANISHED 1\r\n"));
  CHECK(gone.contains("x OK [HIGHESTMODSEQ "));
}

TEST_CASE("MOVE and COPY: COPYUID, EXPUNGE, TRYCREATE, and messages that are gone") {
  Fixture f;
  f.deliver(3);
  Client a = f.selected();
  Client b = f.selected();
  const std::string moved = a("MOVE 2 Archive");
  CHECK(before(moved, "[COPYUID ", "* 2 EXPUNGE"));
  CHECK(before(moved, "* 2 EXPUNGE", "x OK"));
  CHECK(a("COPY 1 Archive").contains("x OK [COPYUID "));
  CHECK(a("COPY 1 Nowhere").contains("x NO [TRYCREATE]"));
  CHECK(a("MOVE 1 Nowhere").contains("x NO [TRYCREATE]"));
  CHECK(a("COPY 9 Archive").contains("x BAD"));
  CHECK(a("UID COPY 99 Archive").contains("x OK"));
  CHECK(b("COPY 2 Sent").contains("x NO [EXPUNGEISSUED]"));  // a ghost of b's
  CHECK(a("STATUS Archive (MESSAGES UIDNEXT)").contains("(MESSAGES 2 UIDNEXT 3)"));
}

TEST_CASE("APPEND: one and several, flags and limits; all or none") {
  Fixture f;
  Client a = f.logged_in();
  a.append("Drafts", mail("a@b.example", "d1"), "(\\Draft) ");
  const std::string one = mail("a@b.example", "one");
  const std::string two = mail("a@b.example", "two-two");
  const std::string answer = a("APPEND INBOX {" + std::to_string(one.size()) + "+}\r\n" + one +
                               " (\\Seen) {" + std::to_string(two.size()) + "+}\r\n" + two);
  CHECK(answer.contains("x OK [APPENDUID "));
  CHECK(answer.contains(" 1:2]"));
  CHECK(a("APPEND Nowhere {3+}\r\nabc").contains("x NO [TRYCREATE]"));
  const std::string huge = std::to_string(f.engine->limits.append_octets + 1);
  CHECK(a("APPEND INBOX {" + huge + "}").contains("x NO [TOOBIG]"));
  CHECK(a("SELECT INBOX").contains("* 2 EXISTS"));
  CHECK(a("FETCH 2 (FLAGS)").contains("(\\Seen)"));
  f.host->options.append_max = config::kib(1);
  const std::string kilo(900, 'x');
  const std::string literal = " {900+}\r\n" + kilo;
  CHECK(a("APPEND INBOX" + literal + literal + literal).contains("x NO [TOOBIG]"));
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  CHECK(a("STATUS INBOX (MESSAGES)").contains("MESSAGES 2"));
}

TEST_CASE("FETCH of a body sets \\Seen and tells so; PEEK and EXAMINE do not") {
  Fixture f;
  f.deliver(3);
  Client a = f.selected();
  CHECK_FALSE(a("FETCH 1 (BODY.PEEK[])").contains("\\Seen"));
  const std::string seen = a("FETCH 1 (BODY[TEXT])");
  CHECK(seen.contains("The text."));
  CHECK(seen.contains("FLAGS (\\Seen)"));
  CHECK_FALSE(a("FETCH 1 (BODY[TEXT])").contains("FLAGS"));
  CHECK(a("FETCH 1 (FLAGS RFC822.SIZE INTERNALDATE ENVELOPE)").contains("\"m1\""));
  CHECK(a("ENABLE CONDSTORE").contains("x OK"));
  CHECK(a("FETCH 2 (BODY[HEADER.FIELDS (SUBJECT)])").contains("MODSEQ ("));
  Client b = f.logged_in();
  CHECK(b("EXAMINE INBOX").contains("x OK [READ-ONLY]"));
  CHECK_FALSE(b("FETCH 3 (BODY[])").contains("\\Seen"));
  CHECK(b("STORE 3 +FLAGS (\\Seen)").contains("x NO"));
  CHECK(b("EXPUNGE").contains("x NO"));
  CHECK(a("FETCH 9 (FLAGS)").contains("x BAD"));
}

TEST_CASE("CLOSE expunges without a word, UNSELECT and EXAMINE + CLOSE nothing") {
  Fixture f;
  f.deliver(3);
  Client a = f.selected();
  CHECK(a("STORE 1 +FLAGS (\\Deleted)").contains("x OK"));
  CHECK(a("UNSELECT").contains("x OK"));
  CHECK(a("EXAMINE INBOX").contains("* 3 EXISTS"));
  CHECK(a("CLOSE").contains("x OK"));
  CHECK(a("SELECT INBOX").contains("* 3 EXISTS"));
  const std::string closed = a("CLOSE");
  CHECK(closed == "x OK CLOSE done\r\n");
  CHECK(a("SELECT INBOX").contains("* 2 EXISTS"));
  CHECK(a("STORE 1:2 +FLAGS.SILENT (\\Deleted)").contains("x OK"));
  CHECK(a("UID EXPUNGE 3").contains("* 2 EXPUNGE"));
  CHECK(a("SELECT INBOX").contains("* 1 EXISTS"));
}

TEST_CASE("SEARCH by what entries, headers and texts say") {
  Fixture f;
  f.deliver(3);
  Client a = f.logged_in();
  a.append("INBOX",
           "From: =?UTF-8?B?6Iqx5a2Q?= <flower@garden.example>\r\nTo: <b@c.example>\r\n"
           "Cc: <d@e.example>\r\nDate: Tue, 01 Sep 2026 23:30:00 +0900\r\nX-Tag: special\r\n"
           "Subject: =?UTF-8?B?5Lya6K2w?=\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"
           "\xe6\x9d\xb1\xe4\xba\xac meeting\r\n",
           "(\\Flagged Work) ");
  CHECK(a("SELECT INBOX").contains("* 4 EXISTS"));
  struct Case {
    const char* query;
    const char* hits;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"ALL", " 1 2 3 4"},
           {"FLAGGED", " 4"},
           {"UNFLAGGED", " 1 2 3"},
           {"KEYWORD work", " 4"},
           {"UNKEYWORD work", " 1 2 3"},
           {"SUBJECT m2", " 2"},
           {"NOT SUBJECT m2", " 1 3 4"},
           {"OR SUBJECT m1 SUBJECT m3", " 1 3"},
           {"OR FLAGGED SUBJECT m3", " 3 4"},
           {"FROM garden", " 4"},
           {"CC e.example", " 4"},
           {"TO c.example", " 4"},
           {"HEADER X-Tag SPECIAL", " 4"},
           {"HEADER X-Tag \"\"", " 4"},
           {"BODY MEETING", " 4"},
           {"TEXT \"The text\"", " 1 2 3"},
           {"SENTON 1-Sep-2026", " 4"},
           {"SENTBEFORE 1-Oct-2026", " 4"},
           {"SENTSINCE 1-Oct-2026", " 1 2 3"},
           {"LARGER 100000", ""},
           {"SMALLER 100000", " 1 2 3 4"},
           {"UID 2:3", " 2 3"},
           {"2:*", " 2 3 4"},
           {"SEEN", ""},
           {"DELETED", ""},
           {"YOUNGER 60 FLAGGED", nullptr},
       }) {
    CAPTURE(c.query);
    const std::string answer = a("SEARCH " + std::string(c.query));
    CHECK(answer.contains("x OK"));
    if (c.hits != nullptr) CHECK(answer.contains("* SEARCH" + std::string(c.hits) + "\r\n"));
  }
  CHECK(a("SEARCH CHARSET UTF-8 SUBJECT {6+}\r\n\xe4\xbc\x9a\xe8\xad\xb0")
            .contains("* SEARCH 4\r\n"));
  CHECK(a("SEARCH CHARSET UTF-8 BODY {6+}\r\n\xe6\x9d\xb1\xe4\xba\xac").contains("* SEARCH 4\r\n"));
  CHECK(a("UID SEARCH RETURN (MIN MAX COUNT) ALL").contains("UID MIN 1 MAX 4 COUNT 4"));
  CHECK(a("SEARCH RETURN (SAVE) FLAGGED").contains("x OK"));
  CHECK(a("FETCH $ (UID)").contains("* 4 FETCH (UID 4)"));
  std::string terms;
  for (int i = 0; i < 10'000; ++i) {
    terms += " BODY x";
    if (i == 99) CHECK(a("SEARCH" + terms).contains("x OK"));
    if (i == 100) CHECK(a("SEARCH" + terms).contains("x NO [LIMIT] Search refused"));
    if (i == 1'000) CHECK(a("SEARCH" + terms).contains("x BAD [LIMIT]"));
  }
  CHECK(a("SEARCH" + terms).contains("x BAD"));
  f.w->runtime.fail_offload_with(Error{Code::rate_limited, "working", "the pool is full"});
  CHECK(a("SEARCH BODY \"ello w\"").contains("x NO [UNAVAILABLE] Too much"));
  f.w->runtime.fail_offload_with(std::nullopt);
  // Half a result would look like a whole one.
  f.w.faults.arm(2);
  const std::string failed = a("SEARCH SUBJECT m1");
  CHECK(failed.contains("x NO"));
  CHECK_FALSE(failed.contains("* SEARCH"));
}

TEST_CASE("mailboxes: create, list, subscribe, rename, delete; the selected one too") {
  Fixture f;
  Client a = f.logged_in();
  CHECK(a("CREATE Work/2026").contains("x OK [MAILBOXID ("));
  CHECK(a("CREATE work-trash (USE (\\Unknown))").contains("x NO [USEATTR]"));
  CHECK(a("CREATE Work").contains("x NO [ALREADYEXISTS]"));
  const std::string list = a("LIST \"\" \"*\" RETURN (SPECIAL-USE)");
  CHECK(list.contains("\\HasChildren) \"/\" Work\r\n"));
  CHECK(list.contains("\\Sent"));
  CHECK(a("LIST \"\" %").contains("Work\r\n"));
  CHECK_FALSE(a("LIST \"\" %").contains("Work/2026"));
  CHECK(a("UNSUBSCRIBE Work").contains("x OK"));
  CHECK_FALSE(a("LSUB \"\" Work").contains("* LSUB"));
  CHECK(a("RENAME Work Projects").contains("x OK"));
  CHECK(a("SELECT Projects/2026").contains("x OK"));
  CHECK(a("DELETE INBOX").contains("x NO"));
  CHECK(a("DELETE Nowhere").contains("x NO [NONEXISTENT]"));
  CHECK(a("DELETE Projects/2026").contains("x OK"));  // the answer first …
  CHECK(a("NOOP").contains("* BYE"));                 // … then what it means
  Client b = f.logged_in();
  CHECK(b("SELECT Nowhere").contains("x NO [NONEXISTENT]"));
  CHECK(b("FETCH 1 (FLAGS)").contains("x BAD"));
}

TEST_CASE("a mailbox that is deleted by another session ends this one with BYE") {
  Fixture f;
  Client a = f.logged_in();
  CHECK(a("CREATE Common").contains("x OK"));
  CHECK(a("SELECT Common").contains("x OK"));
  a.peer.say("i IDLE\r\n");
  CHECK(a.peer.until("+ ").contains("+ idling"));
  Client b = f.logged_in();
  CHECK(b("DELETE Common").contains("x OK"));
  CHECK(a.peer.rest().contains("* BYE"));
}

TEST_CASE("quota is told, and kept") {
  Fixture f;
  f.person("small@acme.example", 3000);
  Client a = f.logged_in("small@acme.example");
  CHECK(a("GETQUOTAROOT INBOX").contains("* QUOTA \"\" (STORAGE 0 3)"));
  CHECK(a("GETQUOTA \"other\"").contains("x NO"));
  CHECK(a("SETQUOTA \"\" (STORAGE 99)").contains("x NO [NOPERM]"));
  const std::string big = mail("a@b.example") + std::string(2500, 'x') + "\r\n";
  const std::string append = "APPEND INBOX {" + std::to_string(big.size()) + "+}\r\n" + big;
  CHECK(a(append).contains("x OK"));
  CHECK(a(append).contains("x NO [OVERQUOTA]"));
  CHECK(a("SELECT INBOX").contains("* 1 EXISTS"));
  CHECK(a("COPY 1 Archive").contains("x OK"));  // a copy shares its message's octets
  CHECK(a("GETQUOTA \"\"").contains("(STORAGE 3 3)"));
}

TEST_CASE("another account's mail can't be seen") {
  Fixture f;
  f.deliver(2);
  Client b = f.logged_in("taro@acme.example");
  CHECK(b("SELECT INBOX").contains("* 0 EXISTS"));
  CHECK(b("SEARCH ALL").contains("* SEARCH\r\n"));
  CHECK(b("UID FETCH 1:* (BODY[])") == "x OK FETCH done\r\n");
}

// RFC 5819, RFC 8438, RFC 9208 §4.1.4.
TEST_CASE("LIST tells the status of many mailboxes, and what lies deleted in them") {
  Fixture f;
  f.deliver(3);
  Client client = f.selected();
  const std::size_t octets = f.w.messages(f.acme, f.hanako).front().size();
  CHECK(client("STORE 2:3 +FLAGS.SILENT (\\Deleted)").contains("x OK"));
  const std::string told =
      client("LIST \"\" (INBOX Sent) RETURN (STATUS (MESSAGES DELETED SIZE DELETED-STORAGE))");
  CHECK(told.contains("* STATUS INBOX (MESSAGES 3 DELETED 2 SIZE " + std::to_string(3 * octets) +
                      " DELETED-STORAGE " + std::to_string(2 * octets) + ")"));
  CHECK(told.contains("* STATUS Sent (MESSAGES 0 DELETED 0 SIZE 0 DELETED-STORAGE 0)"));
  CHECK(client("STATUS INBOX (DELETED-STORAGE)")
            .contains("* STATUS INBOX (DELETED-STORAGE " + std::to_string(2 * octets) + ")"));
}

TEST_CASE("draining lets a half-sent APPEND finish, and says BYE then") {
  Fixture f;
  Client client = f.logged_in();
  client.peer.say("a APPEND INBOX {28}\r\n");
  CHECK(client.peer.until("+ ").contains("+ "));
  client.peer.say("Subject: half\r\n");
  f.last->drain();
  client.peer.say("\r\nHere now.\r\n\r\n");
  const std::string rest = client.peer.rest();
  CHECK(before(rest, "a OK [APPENDUID ", "* BYE"));
  CHECK(f.w.messages(f.acme, f.hanako).size() == 1);
}

TEST_CASE("a session that may not go on ends with an alert, in IDLE and between commands") {
  Fixture f;
  Client idle = f.selected();
  idle.peer.say("i IDLE\r\n");
  CHECK(idle.peer.until("+ ").contains("+ "));
  Client busy = f.logged_in();
  for (const auto& session : f.w->live.of_tenant(f.acme.tenant, 10))
    REQUIRE(f.w->live.revoke(f.acme.tenant, session.number).has_value());
  CHECK(idle.peer.rest().contains("* BYE [ALERT] An administrator ended this session"));
  busy.peer.say("a NOOP\r\n");
  CHECK(busy.peer.rest().contains("* BYE [ALERT]"));
  CHECK(f.w->live.of_tenant(f.acme.tenant, 10).empty());
  Client again = f.logged_in();  // it was the session, not the account
  CHECK(again("UNAUTHENTICATE").contains("x OK"));
  CHECK(f.w->live.of_tenant(f.acme.tenant, 10).empty());
}

TEST_CASE("silence, draining and LOGOUT end with BYE") {
  Fixture f;
  f.host->options.login_timeout = std::chrono::milliseconds(20);
  Client silent = f.connect();
  CHECK(silent.peer.rest().contains("* BYE"));
  f.host->options.login_timeout = std::chrono::minutes(2);
  Client a = f.selected();
  f.last->drain();
  CHECK(a.peer.rest().contains("* BYE"));
  Client b = f.logged_in();
  CHECK(before(b("LOGOUT"), "* BYE", "x OK"));
  CHECK(b.peer.rest().empty());
}

TEST_CASE("a store that is away answers NO, and the session goes on when it is back") {
  Fixture f;
  f.deliver(2);
  Client a = f.selected();
  f.w.faults.dead = true;
  for (const char* command :
       {"LIST \"\" *", "STATUS INBOX (MESSAGES)", "FETCH 1 (BODY[])", "STORE 1 +FLAGS (\\Seen)",
        "COPY 1 Sent", "MOVE 1 Sent", "EXPUNGE", "SEARCH ALL", "CREATE x", "GETQUOTAROOT INBOX"}) {
    CAPTURE(command);
    CHECK(a(command).contains("x NO [UNAVAILABLE]"));
  }
  f.w.faults.dead = false;
  CHECK(a("FETCH 1 (FLAGS)").contains("x OK"));
  CHECK(a("EXPUNGE") == "x OK EXPUNGE done\r\n");
}

TEST_CASE("whichever operation of the connection fails, the session ends and nothing leaks") {
  for (std::size_t at = 1;; ++at) {
    REQUIRE(at < 200);
    CAPTURE(at);
    Fixture f;
    f.deliver(1);
    auto [ours, theirs] = net::make_pipe(f.w->runtime.executor(), {});
    const std::size_t tasks = f.w->runtime.tasks();
    f.w->runtime.spawn(
        "session", serve_imap(*f.host, net::make_failing(std::move(theirs), at, Code::peer_gone),
                              imap::Channel::clear));
    Peer peer(f.w->runtime, std::move(ours));
    peer.say(
        "a LOGIN hanako@acme.example \"correct horse battery\"\r\nb SELECT INBOX\r\n"
        "c FETCH 1 (BODY[])\r\nd STORE 1 +FLAGS (\\Deleted)\r\ne LOGOUT\r\n");
    const std::string all = peer.rest();
    CHECK(f.w->runtime.tasks() == tasks);
    if (all.contains("e OK")) break;
  }
}

}  // namespace
}  // namespace fumi::server
