// Others' mailboxes over IMAP (RFC 4314, 2342, 8440): hanako shares, taro uses.
#include <doctest/doctest.h>

#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using testing::ImapClient;
using testing::ImapFixture;

const std::string kWork = "\"Other Users/hanako@acme.example/Work\"";

struct Sharing : ImapFixture {
  Sharing() : hanako_(logged_in()), taro_(logged_in("taro@acme.example")) {
    REQUIRE(hanako_("CREATE Work").contains("x OK"));
    for (int i = 1; i <= 3; ++i)
      hanako_.append(
          "Work", "Subject: m" + std::to_string(i) + "\r\n\r\nbody " + std::to_string(i) + "\r\n");
  }
  void grant(const std::string& rights, const std::string& mailbox = "Work") {
    CHECK(hanako_("SETACL " + mailbox + " taro@acme.example \"" + rights + "\"").contains("x OK"));
  }
  ImapClient hanako_, taro_;
};

TEST_CASE("namespaces, and others' mailboxes in LIST, LSUB and STATUS") {
  Sharing s;
  CHECK(s.taro_("NAMESPACE")
            .contains("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) "
                      "((\"Shared/\" \"/\"))\r\n"));
  CHECK_FALSE(s.taro_("LIST \"\" *").contains("Other Users"));
  s.grant("lr");
  CHECK(s.taro_("LIST \"\" *").contains("* LIST (\\HasNoChildren) \"/\" " + kWork + "\r\n"));
  CHECK_FALSE(s.taro_("LIST \"\" *").contains("NonExistent"));
  CHECK(s.taro_("LIST \"\" %")
            .contains("* LIST (\\Noselect \\NonExistent \\HasChildren) \"/\" \"Other Users\"\r\n"));
  CHECK(s.taro_("LIST \"\" \"Other Users/%\"")
            .contains("\\HasChildren) \"/\" \"Other Users/hanako@acme.example\"\r\n"));
  CHECK(s.taro_("LIST \"Other Users/hanako@acme.example/\" %").contains(kWork));
  CHECK(s.taro_("LIST \"\" * RETURN (MYRIGHTS STATUS (MESSAGES))")
            .contains("* LIST (\\HasNoChildren) \"/\" " + kWork + "\r\n* MYRIGHTS " + kWork +
                      " lr\r\n* STATUS " + kWork + " (MESSAGES 3)\r\n"));
  CHECK(
      s.taro_("LIST \"\" INBOX RETURN (MYRIGHTS)").contains("* MYRIGHTS INBOX lrswipkxteacd\r\n"));
  CHECK(s.taro_("STATUS " + kWork + " (MESSAGES UNSEEN)").contains("(MESSAGES 3 UNSEEN 3)"));
  CHECK(s.taro_("STATUS \"Other Users/hanako@acme.example/INBOX\" (MESSAGES)")
            .contains("x NO [NONEXISTENT]"));

  CHECK_FALSE(s.taro_("LSUB \"\" *").contains("Other Users"));
  CHECK(s.taro_("SUBSCRIBE " + kWork).contains("x OK"));
  CHECK(s.taro_("LSUB \"\" *").contains("* LSUB () \"/\" " + kWork));
  CHECK(s.taro_("LSUB \"\" %").contains("* LSUB (\\Noselect) \"/\" \"Other Users\"\r\n"));
  CHECK(s.taro_("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %")
            .contains("\"Other Users\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"));
  CHECK(s.taro_("LIST (SUBSCRIBED) \"\" *").contains("\\Subscribed) \"/\" " + kWork));
  CHECK(s.taro_("UNSUBSCRIBE " + kWork).contains("x OK"));
  CHECK_FALSE(s.taro_("LSUB \"\" *").contains("Other Users"));
  CHECK(s.hanako_("LSUB \"\" Work").contains("Work"));
  // Readable but not to be looked up: not in lists, and no answer tells of it but to who may read.
  s.grant("i");
  CHECK_FALSE(s.taro_("LIST \"\" *").contains("Other Users"));
  CHECK(s.taro_("SELECT " + kWork).contains("x NO [NONEXISTENT]"));
  CHECK(s.taro_("MYRIGHTS " + kWork).contains("* MYRIGHTS " + kWork + " i\r\n"));
}

TEST_CASE("SELECT tells what the rights leave: READ-ONLY, PERMANENTFLAGS") {
  struct Case {
    const char* rights;
    const char* flags;
    const char* access;
  };
  for (const Case& each :
       {Case{"lr", "()", "READ-ONLY"}, Case{"lrk", "()", "READ-ONLY"},
        Case{"lri", "()", "READ-WRITE"}, Case{"lrs", "(\\Seen)", "READ-WRITE"},
        Case{"lrt", "(\\Deleted)", "READ-WRITE"},
        Case{"lrw", "(\\Answered \\Flagged \\Draft \\*)", "READ-WRITE"},
        Case{"lrswt", "(\\Seen \\Answered \\Flagged \\Deleted \\Draft \\*)", "READ-WRITE"}}) {
    CAPTURE(each.rights);
    Sharing s;
    s.grant(each.rights);
    const std::string answer = s.taro_("SELECT " + kWork);
    CHECK(answer.contains(std::string("[PERMANENTFLAGS ") + each.flags + "]"));
    CHECK(answer.contains(std::string("x OK [") + each.access + "]"));
    CHECK(s.taro_("EXAMINE " + kWork).contains("x OK [READ-ONLY]"));
  }
  Sharing s;
  CHECK(s.taro_("SELECT " + kWork).contains("x NO [NONEXISTENT]"));
  s.grant("l");
  CHECK(s.taro_("SELECT " + kWork).contains("x NO [NOPERM]"));
}

TEST_CASE("FETCH, STORE, EXPUNGE and CLOSE as far as the rights go") {
  Sharing s;
  s.grant("lr");
  CHECK(s.taro_("SELECT " + kWork).contains("* 3 EXISTS"));
  CHECK(s.taro_("FETCH 1:3 (BODY[TEXT])").contains("body 2"));
  CHECK_FALSE(s.taro_("FETCH 1 (BODY[])").contains("\\Seen"));
  CHECK(s.taro_("STORE 1 +FLAGS (\\Seen)").contains("x NO [READ-ONLY]"));
  CHECK(s.taro_("SEARCH SUBJECT m2").contains("* SEARCH 2\r\n"));
  CHECK(s.taro_("SORT (REVERSE ARRIVAL) UTF-8 ALL").contains("* SORT"));
  CHECK(s.taro_("UID FETCH 1:* (FLAGS)").contains("* 3 FETCH (UID 3 FLAGS ())"));
  s.grant("lrs");
  CHECK(s.taro_("SELECT " + kWork).contains("x OK"));
  CHECK(s.taro_("FETCH 1 (BODY[TEXT])").contains("\\Seen"));
  CHECK(s.taro_("STORE 2 +FLAGS (\\Seen \\Flagged)").contains("* 2 FETCH (FLAGS (\\Seen))"));
  CHECK(s.taro_("STORE 2 +FLAGS (\\Flagged)").contains("x NO [NOPERM]"));
  CHECK(s.taro_("EXPUNGE").contains("x NO [NOPERM]"));
  CHECK(s.hanako_("SELECT Work").contains("x OK"));
  CHECK(s.hanako_("FETCH 1:3 (FLAGS)").contains("* 1 FETCH (FLAGS (\\Seen))"));
  CHECK(s.hanako_("STORE 3 +FLAGS (\\Deleted)").contains("x OK"));
  CHECK(s.taro_("CLOSE").contains("x OK"));  // without the e right it only leaves
  CHECK(s.hanako_("NOOP").contains("x OK"));
  CHECK(s.hanako_("FETCH 3 (FLAGS)").contains("\\Deleted"));
  s.grant("lrte");
  CHECK(s.taro_("SELECT " + kWork).contains("x OK"));
  CHECK(s.taro_("EXPUNGE").contains("* 3 EXPUNGE"));
  CHECK(s.hanako_("NOOP").contains("* 3 EXPUNGE"));
}

TEST_CASE("news of another's mailbox come in IDLE, by NOOP and by QRESYNC") {
  Sharing s;
  s.grant("lrswit");
  CHECK(s.taro_("ENABLE QRESYNC").contains("x OK"));
  const std::string selected = s.taro_("SELECT " + kWork);
  CHECK(selected.contains("* 3 EXISTS"));
  const std::size_t at = selected.find("HIGHESTMODSEQ ") + 14;
  const std::string modseq = selected.substr(at, selected.find(']', at) - at);
  s.hanako_.append("Work", "Subject: m4\r\n\r\nx\r\n");
  CHECK(s.taro_("NOOP").contains("* 4 EXISTS"));
  s.taro_.peer.say("i IDLE\r\n");
  CHECK(s.taro_.peer.until("+ ").contains("+ idling"));
  s.hanako_.append("Work", "Subject: m5\r\n\r\nx\r\n");
  CHECK(s.taro_.peer.until("* 5 EXISTS").contains("* 5 EXISTS"));
  s.taro_.peer.say("DONE\r\n");
  CHECK(s.taro_.peer.until("i ").contains("i OK"));
  // And the owner hears of what the other does.
  CHECK(s.hanako_("SELECT Work").contains("* 5 EXISTS"));
  CHECK(s.taro_("STORE 1 +FLAGS (\\Flagged)").contains("x OK"));
  CHECK(s.hanako_("NOOP").contains("* 1 FETCH (FLAGS (\\Flagged))"));
  CHECK(s.taro_("UNSELECT").contains("x OK"));
  CHECK(s.hanako_("STORE 2 +FLAGS (\\Deleted)").contains("x OK"));
  CHECK(s.hanako_("EXPUNGE").contains("* 2 EXPUNGE"));
  const std::size_t v = selected.find("UIDVALIDITY ") + 12;
  const std::string validity = selected.substr(v, selected.find(']', v) - v);
  const std::string resync =
      s.taro_("SELECT " + kWork + " (QRESYNC (" + validity + " " + modseq + "))");
  CHECK(resync.contains("* VANISHED (EARLIER) 2\r\n"));
  CHECK(resync.contains("UID 1 FLAGS (\\Flagged)"));
}

TEST_CASE("who loses the right to read loses the selected mailbox") {
  Sharing s;
  s.grant("lr");
  CHECK(s.taro_("SELECT " + kWork).contains("x OK"));
  s.grant("");
  CHECK(s.taro_("FETCH 1 (FLAGS)").contains("* BYE"));
}

TEST_CASE("APPEND, COPY, MOVE and REPLACE between accounts") {
  Sharing s;
  s.taro_.append("INBOX", "Subject: mine\r\n\r\nmine\r\n", "(\\Flagged) ");
  s.grant("lr");
  CHECK(s.taro_("SELECT INBOX").contains("x OK"));
  CHECK(s.taro_("COPY 1 " + kWork).contains("x NO [NOPERM]"));
  CHECK(s.taro_("APPEND " + kWork + " {3}").contains("x NO [NOPERM]"));
  CHECK(
      s.taro_("APPEND \"Other Users/hanako@acme.example/Sent\" {3}").contains("x NO [TRYCREATE]"));
  s.grant("lris");
  CHECK(s.taro_("COPY 1 " + kWork).contains("x OK [COPYUID "));
  s.taro_.append(kWork, "Subject: theirs\r\n\r\ntheirs\r\n", "(\\Seen \\Flagged) ");
  CHECK(s.taro_("SELECT " + kWork).contains("* 5 EXISTS"));
  CHECK(s.taro_("FETCH 4:5 (FLAGS)")
            .contains("* 4 FETCH (FLAGS ())\r\n* 5 FETCH (FLAGS (\\Seen))\r\n"));
  CHECK(s.taro_("COPY 1:2 INBOX").contains("x OK [COPYUID "));
  CHECK(s.taro_("MOVE 1 INBOX").contains("x NO [NOPERM]"));
  s.grant("lriste");
  CHECK(s.taro_("SELECT " + kWork).contains("x OK"));
  const std::string moved = s.taro_("MOVE 1:2 INBOX");
  CHECK(moved.contains("* OK [COPYUID "));
  CHECK(moved.contains("* 1 EXPUNGE\r\n"));
  CHECK(s.taro_("REPLACE 1 " + kWork + " {19+}\r\nSubject: new\r\n\r\nx\r\n").contains("x OK"));
  CHECK(s.taro_("REPLACE 1 INBOX {19+}\r\nSubject: new\r\n\r\nx\r\n").contains("x OK"));
  CHECK(s.taro_("SELECT INBOX").contains("* 6 EXISTS"));
  CHECK(s.taro_("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])").contains("Subject: m2"));
  CHECK(s.taro_("APPEND INBOX CATENATE (URL \"/Other%20Users/hanako@acme.example/Work/;UID=5\")")
            .contains("x OK"));
}

TEST_CASE("mailboxes below another's, ESEARCH, annotations and quota") {
  Sharing s;
  s.grant("lrkxw");
  CHECK(s.taro_("CREATE \"Other Users/hanako@acme.example/Work/a\"").contains("x OK"));
  CHECK(s.taro_("CREATE \"Other Users/hanako@acme.example/b\"").contains("x NO [NOPERM]"));
  CHECK(s.taro_("CREATE Shared/x").contains("x NO [NOPERM]"));
  CHECK(s.hanako_("LIST \"\" Work/a").contains("Work/a"));
  CHECK(s.taro_("RENAME \"Other Users/hanako@acme.example/Work/a\" a").contains("x NO [CANNOT]"));
  CHECK(s.taro_("DELETE \"Other Users/hanako@acme.example/Work/a\"").contains("x OK"));
  s.taro_.append("INBOX", "Subject: m1\r\n\r\nx\r\n");
  CHECK(s.taro_("ESEARCH IN (personal) RETURN (ALL) SUBJECT m1").contains("MAILBOX INBOX"));
  CHECK_FALSE(s.taro_("ESEARCH IN (personal) RETURN (ALL) SUBJECT m1").contains("Other Users"));
  CHECK(s.taro_("ESEARCH IN (subtree \"Other Users\") RETURN (ALL) SUBJECT m1")
            .contains("MAILBOX " + kWork));
  CHECK(s.taro_("SETMETADATA " + kWork + " (/private/comment \"mine\")").contains("x OK"));
  CHECK(s.taro_("GETMETADATA " + kWork + " /private/comment").contains("\"mine\""));
  CHECK(s.hanako_("GETMETADATA Work /private/comment").contains("NIL"));
  const std::string root = s.taro_("GETQUOTAROOT " + kWork);
  CHECK(root.contains("* QUOTAROOT " + kWork + " \"Other Users/hanako@acme.example\"\r\n"));
  CHECK(s.taro_("GETQUOTA \"Other Users/hanako@acme.example\"").contains("x OK"));
  CHECK(s.taro_("GETQUOTA \"Other Users/hanako\"").contains("x NO [NONEXISTENT]"));
  CHECK(s.taro_("GETQUOTA \"Other Users/nobody@acme.example\"").contains("x NO [NONEXISTENT]"));
  s.grant("l");
  CHECK(s.taro_("GETQUOTA \"Other Users/hanako@acme.example\"").contains("x NO [NONEXISTENT]"));
  CHECK(s.taro_("GETQUOTAROOT " + kWork).contains("x NO [NOPERM]"));
}

TEST_CASE("ACL commands: who may, who may not, and what strangers learn") {
  Sharing s;
  s.grant("lra");
  CHECK(s.taro_("GETACL " + kWork)
            .contains("* ACL " + kWork +
                      " hanako@acme.example lrswipkxteacd taro@acme.example lra\r\n"));
  CHECK(s.taro_("SETACL " + kWork + " -anyone x").contains("x OK"));
  CHECK(s.taro_("SETACL " + kWork + " hanako@acme.example lr").contains("x NO [CANNOT]"));
  CHECK(s.taro_("SETACL " + kWork + " ken@other.example lr").contains("x NO [CANNOT]"));
  CHECK(s.hanako_("GETACL Work").contains(" -anyone xd taro@acme.example lra\r\n"));
  CHECK(s.taro_("DELETEACL " + kWork + " -anyone").contains("x OK"));
  CHECK(s.taro_("DELETEACL " + kWork + " taro@acme.example").contains("x OK"));
  for (const char* command : {"GETACL ", "MYRIGHTS "})
    CHECK(s.taro_(command + kWork).contains("x NO [NONEXISTENT]"));
  for (const char* command : {"SETACL ", "LISTRIGHTS "})
    CHECK(s.taro_(command + kWork + " anyone" + (command[0] == 'S' ? " lr" : ""))
              .contains("x NO [NONEXISTENT]"));
  s.grant("l");
  for (const std::string command :
       {"GETACL " + kWork, "LISTRIGHTS " + kWork + " anyone", "SETACL " + kWork + " anyone lr",
        "DELETEACL " + kWork + " anyone"})
    CHECK(s.taro_(command).contains("x NO [NOPERM]"));
  CHECK(s.hanako_("LISTRIGHTS Work hanako@acme.example")
            .contains("* LISTRIGHTS Work hanako@acme.example lrswipkxteacd\r\n"));
}

TEST_CASE("rights that change under SELECT: FLAGS and PERMANENTFLAGS anew, or the end") {
  Sharing s;
  s.grant("lr");
  CHECK(s.taro_("SELECT " + kWork).contains("x OK [READ-ONLY]"));
  s.grant("lrs");
  const std::string more = s.taro_("NOOP");
  CHECK(more.contains("* OK [READ-WRITE] "));
  CHECK(more.contains("* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)\r\n"));
  CHECK(more.contains("* OK [PERMANENTFLAGS (\\Seen)] "));
  CHECK(s.taro_("STORE 1 +FLAGS (\\Seen)").contains("* 1 FETCH (FLAGS (\\Seen))"));
  CHECK(s.taro_("NOOP") == "x OK NOOP done\r\n");
  // While it idles; and others' grants are not its own.
  s.taro_.peer.say("i IDLE\r\n");
  CHECK(s.taro_.peer.until("+ ").contains("+ idling"));
  s.grant("lrsw");
  CHECK(s.taro_.peer.until("* OK [PERMANENTFLAGS").contains("(\\Seen \\Answered \\Flagged "));
  s.taro_.peer.say("DONE\r\n");
  CHECK(s.taro_.peer.until("i ").contains("i OK"));
  CHECK(s.hanako_("SETACL Work anyone l").contains("x OK"));
  CHECK(s.taro_("NOOP") == "x OK NOOP done\r\n");
  // EXAMINE stays what it is.
  CHECK(s.taro_("EXAMINE " + kWork).contains("x OK [READ-ONLY]"));
  s.grant("lrswt");
  const std::string examined = s.taro_("NOOP");
  CHECK_FALSE(examined.contains("READ-WRITE"));
  CHECK(examined.contains("* OK [PERMANENTFLAGS ()] "));
  CHECK(s.taro_("SELECT " + kWork).contains("x OK [READ-WRITE]"));
  s.grant("lr");
  CHECK(s.taro_("FETCH 1 (FLAGS)").contains("* OK [READ-ONLY] "));
  CHECK(s.taro_("STORE 1 +FLAGS (\\Flagged)").contains("x NO [READ-ONLY]"));
  s.grant("l");  // not even to be read
  CHECK(s.taro_("NOOP").contains("* BYE The mailbox is not there any more"));
}

TEST_CASE("another session has read the change already: who has no rights hears no more") {
  Sharing s;
  s.grant("lr");
  CHECK(s.taro_("SELECT " + kWork).contains("x OK"));
  CHECK(s.hanako_("SELECT Work").contains("x OK"));
  CHECK(s.hanako_("SETACL Work taro@acme.example \"\"").contains("x OK"));
  s.hanako_.append("Work", "Subject: secret\r\n\r\nx\r\n");
  CHECK(s.hanako_("FETCH 4 (FLAGS)").contains("* 4 FETCH"));  // the shared index is fresh
  const std::string end = s.taro_("FETCH 1:* (FLAGS)");
  CHECK_FALSE(end.contains("EXISTS"));
  CHECK(end.contains("* BYE"));
}

}  // namespace
}  // namespace fumi::server
