#include "app/cli/imap_source.h"

#include <doctest/doctest.h>

using namespace fumi;
using namespace fumi::app;

TEST_CASE("the address of another IMAP server") {
  struct Row {
    const char* url;
    const char* name;
    ImapServer::Security security;
  };
  constexpr auto kTls = ImapServer::Security::tls;
  constexpr auto kStartTls = ImapServer::Security::starttls;
  for (const Row& row :
       {Row{"imaps://hanako@mail.old.example", "imap hanako@mail.old.example:993", kTls},
        Row{"imaps://hanako@old.example@Mail.old.example/",
            "imap hanako@old.example@mail.old.example:993", kTls},
        Row{"IMAP://hanako%40old.example@mail.old.example:1143",
            "imap hanako@old.example@mail.old.example:1143", kStartTls},
        Row{"imap://x@[2001:db8::1]:144", "imap x@2001:db8::1:144", kStartTls},
        Row{"imap://%E8%8A%B1@127.0.0.1", "imap 花@127.0.0.1:143", kStartTls}}) {
    CAPTURE(row.url);
    const auto server = ImapServer::parse(row.url);
    REQUIRE(server.has_value());
    CHECK(server->name() == row.name);
    CHECK(server->security == row.security);
  }
  for (const char* const wrong :
       {"", "mail.old.example", "http://x@y", "imaps://mail.old.example", "imaps://@host",
        "imaps://x@", "imaps://x@host:0", "imaps://x@host:65536", "imaps://x@host:12x",
        "imaps://x@ho st", "imaps://x@host/INBOX", "imaps://%@host", "imaps://a%0Ab@host",
        "imaps://x@[::1", "imaps://x@[::1]143"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ImapServer::parse(wrong).has_value());
  }
}

TEST_CASE("what a mailbox there is called here") {
  const auto here = [](const std::string& name, char separator, const std::string& prefix = "") {
    imap::ListedMailbox mailbox;
    mailbox.name = name;
    mailbox.separator = separator;
    return name_of_mailbox(mailbox, prefix);
  };
  CHECK(here("Inbox", '/') == "INBOX");
  CHECK(here("日本/2026", '/') == "日本/2026");
  CHECK(here("INBOX.Sent.2026", '.', "INBOX.") == "Sent/2026");
  CHECK(here("INBOX", '.', "INBOX.") == "INBOX");
  CHECK(here("a/b.c", '.') == "a_b/c");
  CHECK(here("a/b", '\0') == "a_b");
}
