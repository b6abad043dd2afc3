// NOTIFY with real mailboxes; the grammar and what is told when is in tests/wire/imap/notify*.t.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "server/imap/notifier.h"
#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using testing::ImapClient;
using testing::ImapFixture;

constexpr const char* kMessages = "(MessageNew MessageExpunge)";

std::string watch(ImapClient& client, const std::string& groups) {
  return client("NOTIFY SET " + groups);
}

TEST_CASE("mail for another mailbox is told between commands; a half command holds it back") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  CHECK(watch(a, "STATUS (inboxes (MessageNew MessageExpunge FlagChange))")
            .contains("* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY "));
  f.deliver(1);
  CHECK(a.peer.until("* STATUS").contains("INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY "));
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  a.peer.say("h NOOP");
  f.deliver(1, 2);
  a.peer.say("\r\n");
  const std::string answer = a.peer.until("h ");
  CHECK(answer.contains("* STATUS INBOX (MESSAGES 2 UIDNEXT 3"));
  ImapClient b = f.selected();
  CHECK(b("STORE 1 +FLAGS.SILENT (\\Seen)").contains("x OK"));
  CHECK(a.peer.until("* STATUS").contains("UNSEEN 1)"));
  CHECK(b("STORE 1 +FLAGS.SILENT (\\Deleted)").contains("x OK"));
  CHECK(b("EXPUNGE").contains("x OK"));
  CHECK(a.peer.until("* STATUS").contains("(MESSAGES 1 UIDNEXT 3"));
}

TEST_CASE("the selected mailbox: new mail with what was asked of it, expunges at once") {
  ImapFixture f;
  f.deliver(2);
  ImapClient a = f.selected();
  CHECK(watch(a, "(selected (MessageNew (UID ENVELOPE BODY[TEXT]) MessageExpunge FlagChange))")
            .contains("x OK"));
  f.deliver(1, 3);
  std::string told = a.peer.until(")");
  CHECK(told.contains("* 3 EXISTS\r\n* 3 FETCH (UID 3 ENVELOPE ("));
  CHECK(told.contains("BODY[TEXT] {"));
  CHECK(a("FETCH 3 (FLAGS)").contains("* 3 FETCH (FLAGS ())"));  // it was not read
  ImapClient b = f.selected();
  CHECK(b("STORE 1 +FLAGS.SILENT (\\Deleted)").contains("x OK"));
  CHECK(a.peer.until("* 1 FETCH") == "* 1 FETCH (FLAGS (\\Deleted) UID 1)\r\n");
  CHECK(b("EXPUNGE").contains("x OK"));
  CHECK(a.peer.until("* 1 EXPUNGE") == "* 1 EXPUNGE\r\n");
  a.append("INBOX", "Subject: own\r\n\r\nx\r\n");
  CHECK(a("NOOP") == "x OK NOOP done\r\n");  // EXISTS came with APPEND, and nothing is fetched
  // Its own copies and moves neither.
  CHECK(a("UID COPY 2 INBOX").contains("* 4 EXISTS"));
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("a mailbox that is left is one of the others; what was not heard of it is told then") {
  ImapFixture f;
  f.deliver(2);
  ImapClient a = f.selected();
  CHECK(watch(a, std::string("(selected NONE) (personal ") + kMessages + ")").contains("x OK"));
  f.deliver(1, 3);
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  CHECK(a("UNSELECT").contains("* STATUS INBOX (MESSAGES 3 UIDNEXT 4"));
  CHECK(a("SELECT INBOX").contains("* 3 EXISTS"));
  CHECK(a("CLOSE") == "x OK CLOSE done\r\n");
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  f.deliver(1, 4);
  CHECK(a.peer.until("* STATUS").contains("(MESSAGES 4 UIDNEXT 5"));
  // From one mailbox to the next.
  CHECK(a("SELECT INBOX").contains("* 4 EXISTS"));
  f.deliver(1, 5);
  CHECK(a("SELECT Archive").contains("* STATUS INBOX (MESSAGES 5 UIDNEXT 6"));
}

TEST_CASE("nothing is told of another account's mailboxes") {
  ImapFixture f;
  ImapClient taro = f.logged_in("taro@acme.example");
  CHECK(watch(taro,
              "STATUS (personal (MessageNew MessageExpunge MailboxName "
              "MailboxMetadataChange ServerMetadataChange)) (mailboxes Secret (MailboxName))")
            .contains("x OK"));
  ImapClient hanako = f.logged_in();
  CHECK(hanako("CREATE Secret").contains("x OK"));
  hanako.append("Secret", "Subject: secret\r\n\r\nx\r\n");
  CHECK(hanako("SETMETADATA Secret (/private/comment \"x\")").contains("x OK"));
  CHECK(hanako("SETMETADATA \"\" (/private/comment \"x\")").contains("x OK"));
  f.deliver(1);
  CHECK(taro("NOOP") == "x OK NOOP done\r\n");
}

struct SharedWork : ImapFixture {
  SharedWork() : hanako(logged_in()), taro(logged_in("taro@acme.example")) {
    REQUIRE(hanako("CREATE Work").contains("x OK"));
    REQUIRE(hanako("CREATE Diary").contains("x OK"));
  }
  void grant(const std::string& rights, const std::string& mailbox = "Work") {
    CHECK(hanako("SETACL " + mailbox + " taro@acme.example \"" + rights + "\"").contains("x OK"));
  }
  static void put(ImapClient& who, const std::string& mailbox) {
    who.append(mailbox, "Subject: m\r\n\r\nx\r\n");
  }
  ImapClient hanako, taro;
};

const std::string kWork = "\"Other Users/hanako@acme.example/Work\"";

TEST_CASE("others' mailboxes: messages, annotations and names, as far as the rights go") {
  SharedWork f;
  f.grant("lr");
  CHECK(watch(f.taro,
              "STATUS (subtree \"Other Users\" (MessageNew MessageExpunge FlagChange "
              "MailboxName MailboxMetadataChange)) (personal (MessageNew MessageExpunge))")
            .contains("* STATUS " + kWork + " (MESSAGES 0 UIDNEXT 1 "));
  f.put(f.hanako, "Work");
  CHECK(f.taro.peer.until("* STATUS").contains(kWork + " (MESSAGES 1 UIDNEXT 2 "));
  f.put(f.hanako, "Diary");  // not shared
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
  CHECK(f.hanako("SELECT Work").contains("x OK"));
  CHECK(f.hanako("STORE 1 +FLAGS (\\Seen)").contains("x OK"));
  CHECK(f.taro.peer.until("* STATUS").contains(kWork + " (UIDVALIDITY "));
  CHECK(
      f.hanako("SETMETADATA Work (/shared/comment \"x\" /private/comment \"y\")").contains("x OK"));
  CHECK(f.taro.peer.until("* METADATA") == "* METADATA " + kWork + " /shared/comment\r\n");
  CHECK(f.hanako("UNSELECT").contains("x OK"));
  CHECK(f.hanako("RENAME Work Works").contains("x OK"));
  CHECK(f.taro.peer.until("* LIST").contains("(\"OLDNAME\" (" + kWork + "))"));
  CHECK(f.hanako("DELETE Works").contains("x OK"));
  CHECK(f.taro.peer.until("* LIST").contains("* LIST (\\NonExistent) \"/\" "));
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("access that is lost and given back is told, and so is one that isn't enough") {
  SharedWork f;
  const std::string events = "(subtree \"Other Users\" (MessageNew MessageExpunge))";
  CHECK(watch(f.taro, events) == "x OK NOTIFY done\r\n");  // what it may not list is ignored
  f.grant("l");
  CHECK(watch(f.taro, events).contains("* LIST (\\NoAccess) \"/\" " + kWork + "\r\n"));
  f.put(f.hanako, "Work");
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
  f.grant("lr");
  CHECK(f.taro.peer.until("* LIST") == "* LIST (\\HasNoChildren) \"/\" " + kWork + "\r\n");
  f.put(f.hanako, "Work");
  CHECK(f.taro.peer.until("* STATUS").contains(kWork + " (MESSAGES 2 "));
  f.grant("");
  CHECK(f.taro.peer.until("* LIST") == "* LIST (\\NoAccess) \"/\" " + kWork + "\r\n");
  f.put(f.hanako, "Work");
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
  f.grant("lr");
  CHECK(f.taro.peer.until("* LIST") == "* LIST (\\HasNoChildren) \"/\" " + kWork + "\r\n");
  f.grant("");
  CHECK(f.taro.peer.until("* LIST").contains("\\NoAccess"));
  CHECK(f.hanako("DELETE Work").contains("x OK"));  // by then none of its business
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("`personal` and `inboxes` are one's own; a selected mailbox of another's is heard of") {
  SharedWork f;
  f.grant("lr");
  CHECK(watch(f.taro,
              "(personal (MessageNew MessageExpunge MailboxName)) (inboxes (MessageNew "
              "MessageExpunge))")
            .contains("x OK"));
  f.put(f.hanako, "Work");
  f.grant("l");
  f.grant("lr");
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
  CHECK(watch(f.taro, "(selected (MessageNew MessageExpunge)) (mailboxes " + kWork +
                          " (MessageNew MessageExpunge))")
            .contains("x OK"));
  CHECK(f.taro("SELECT " + kWork).contains("* 1 EXISTS"));
  f.put(f.hanako, "Work");
  CHECK(f.taro.peer.until("* 2 EXISTS") == "* 2 EXISTS\r\n");
  CHECK(f.taro("UNSELECT") == "x OK UNSELECT done\r\n");
  f.put(f.hanako, "Work");
  CHECK(f.taro.peer.until("* STATUS").contains(kWork + " (MESSAGES 3 "));
  CHECK(f.taro("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("a store that is away: what it could not read is told when it is back") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  CHECK(watch(a, std::string("(personal ") + kMessages + ")").contains("x OK"));
  f.w.faults.dead = true;
  f.w.world.bus().publish(std::array{Change{f.acme.tenant, f.hanako, MailboxId()}});
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  CHECK(watch(a, std::string("(personal ") + kMessages + ")").contains("x NO [UNAVAILABLE]"));
  f.w.faults.dead = false;
  f.deliver(1);
  CHECK(a("NOOP").find("x OK") != std::string::npos);
  f.w.world.bus().publish_gap();  // nobody knows what was missed: all is looked at
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("more mailboxes than the server watches: NO at the command, word of it later") {
  ImapFixture f;
  ImapClient b = f.logged_in();
  const std::string listed = b("LIST \"\" *");
  f.engine->limits.notify_mailboxes =
      static_cast<std::size_t>(std::ranges::count(listed, '\n')) - 1 + 3;
  f.engine->limits.notify_entry_octets = 20;
  ImapClient a = f.logged_in();
  CHECK(watch(a, "(personal (MailboxName))").contains("x OK"));
  for (const char* name : {"A", "B", "C", "D"})
    CHECK(b(std::string("CREATE ") + name).contains("x OK"));
  CHECK(a.peer.until("* OK").contains("* OK [NOTIFICATIONOVERFLOW]"));
  CHECK(watch(a, "(personal (MailboxName))").contains("x NO [NOTIFICATIONOVERFLOW]"));
  CHECK(b("DELETE D").contains("x OK"));
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
  for (const char* name : {"A", "B", "C"})
    CHECK(b(std::string("DELETE ") + name).contains("x OK"));
  // Names of annotations are kept too.
  CHECK(watch(a, "(personal (MailboxMetadataChange))").contains("x OK"));
  CHECK(b("SETMETADATA INBOX (/private/a \"1\")").contains("x OK"));
  CHECK(a.peer.until("* METADATA") == "* METADATA INBOX /private/a\r\n");
  CHECK(b("SETMETADATA INBOX (/private/a-long-name \"1\")").contains("x OK"));
  CHECK(a.peer.until("* OK").contains("[NOTIFICATIONOVERFLOW]"));
}

TEST_CASE("UNAUTHENTICATE ends it") {
  ImapFixture f;
  ImapClient a = f.logged_in();
  CHECK(watch(a, std::string("(inboxes ") + kMessages + ")").contains("x OK"));
  CHECK(a("UNAUTHENTICATE").contains("x OK"));
  f.deliver(1);
  CHECK(a("NOOP") == "x OK NOOP done\r\n");
}

TEST_CASE("which mailboxes have changed is kept up to a limit, then only that some have") {
  ChangedMailboxes changed;
  CHECK(changed.take().empty());
  const TenantId tenant(1);
  const AccountId account(2);
  for (std::uint64_t i = 1; i <= ChangedMailboxes::kMost; ++i)
    changed.add({tenant, account, MailboxId(i)});
  auto taken = changed.take();
  CHECK(taken.mailboxes.size() == ChangedMailboxes::kMost);
  CHECK_FALSE(taken.everything);
  changed.add({tenant, account, MailboxId(ChangedMailboxes::kMost + 1)});
  changed.put_back(std::move(taken));
  taken = changed.take();
  CHECK(taken.mailboxes.empty());
  CHECK(taken.everything);
  changed.add({tenant, account, MailboxId()});
  CHECK(changed.take().names);
  changed.add({TenantId(), account, MailboxId()});
  CHECK(changed.take().everything);
}

}  // namespace
}  // namespace fumi::server
