#include "proto/imap/mailbox_name.h"

#include <doctest/doctest.h>

#include <string>

namespace fumi::imap {
namespace {

TEST_CASE("INBOX has no case, as a name and as the first level") {
  CHECK(canonical_mailbox("inbox") == "INBOX");
  CHECK(canonical_mailbox("iNbOx/Sub") == "INBOX/Sub");
  CHECK(canonical_mailbox("Inboxes") == "Inboxes");
  CHECK(canonical_mailbox("x/inbox") == "x/inbox");
}

TEST_CASE("names are UTF-8 without control characters") {
  CHECK(is_mailbox_name("\xe6\x9d\xb1\xe4\xba\xac"));
  for (const std::string& bad :
       {std::string(), std::string("a\tb"), std::string("a\0b", 3), std::string("\x7f"),
        std::string("\xff"), std::string("\xc2\x85"), std::string("\xe2\x80\xa8")}) {
    CHECK_FALSE(is_mailbox_name(bad));
  }
}

TEST_CASE("LIST patterns") {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const Row& row :
       {Row{"*", "a/b", true}, Row{"%", "a/b", false}, Row{"%", "a", true}, Row{"a/%", "a/b", true},
        Row{"a/%", "a/b/c", false}, Row{"a/*", "a/b/c", true}, Row{"a*", "a", true},
        Row{"%/%", "a/b", true}, Row{"*b", "a/b", true}, Row{"inBOX", "INBOX", true},
        Row{"inbox/%", "INBOX/a", true}, Row{"sent", "Sent", false}, Row{"", "a", false},
        Row{"%*%", "x/y", true}, Row{"a%c", "abc", true}, Row{"a%c", "a/c", false}}) {
    CHECK_MESSAGE(list_matches(row.pattern, row.name) == row.matches,
                  row.pattern << " " << row.name);
  }
}

TEST_CASE("a hostile pattern costs no more than pattern × name") {
  std::string pattern;
  for (int i = 0; i < 400; ++i)
    pattern += "*a%";
  CHECK_FALSE(list_matches(pattern, std::string(399, 'a')));
}

}  // namespace
}  // namespace fumi::imap
