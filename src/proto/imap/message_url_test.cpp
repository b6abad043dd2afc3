#include "proto/imap/message_url.h"

#include <doctest/doctest.h>

namespace fumi::imap {
namespace {

TEST_CASE("URLs of messages and parts (RFC 5092 §11)") {
  const auto whole = MessageUrl::parse("/INBOX/;UID=20");
  REQUIRE(whole.has_value());
  CHECK(whole->mailbox == "INBOX");
  CHECK(whole->uid == Uid{20});
  CHECK(whole->section == Section{});
  CHECK_FALSE(whole->partial.has_value());
  const auto part = MessageUrl::parse(
      "/Work%2F%e6%9d%b1%E4%BA%AC;uidvalidity=385759045/;uid=4/;section=1.5.HEADER.FIELDS%20(TO)/"
      ";partial=10.20");
  REQUIRE(part.has_value());
  CHECK(part->mailbox == "Work/\xe6\x9d\xb1\xe4\xba\xac");
  CHECK(part->uid_validity == UidValidity{385759045});
  CHECK(part->section.wire() == "[1.5.HEADER.FIELDS (TO)]");
  CHECK(part->partial == Partial{10, 20});
  CHECK(MessageUrl::parse(";UID=3/;PARTIAL=5")->mailbox.empty());
  CHECK(MessageUrl::parse("a/b/;UID=3")->mailbox == "a/b");
  CHECK(MessageUrl::parse("inbox;UIDVALIDITY=1/;UID=3")->mailbox == "INBOX");
}

TEST_CASE("what is no such URL is refused") {
  for (const char* bad : {"",
                          "/",
                          "/INBOX",
                          "/INBOX/;UID=",
                          "/INBOX/;UID=0",
                          "/INBOX/;UID=x",
                          "/INBOX/;UID=1:2",
                          "/INBOX/;UID=4294967296",
                          "/;UID=1",
                          "imap://host/INBOX/;UID=1",
                          "//host/INBOX/;UID=1",
                          "http://x/;UID=1",
                          "/INBOX;UIDVALIDITY=0/;UID=1",
                          "/INBOX;UIDVALIDITY=/;UID=1",
                          "/INBOX/;UID=1/;SECTION=",
                          "/INBOX/;UID=1/;SECTION=NONSENSE",
                          "/INBOX/;UID=1/;SECTION=1]",
                          "/INBOX/;UID=1/;PARTIAL=",
                          "/INBOX/;UID=1/;PARTIAL=1.0",
                          "/INBOX/;UID=1/;PARTIAL=-1",
                          "/INBOX/;UID=1/extra",
                          "/%zz/;UID=1",
                          "/%/;UID=1",
                          "/a b/;UID=1",
                          "/%00/;UID=1",
                          "/%ff/;UID=1",
                          "/INBOX/;UID=1;URLAUTH=anonymous"}) {
    CAPTURE(bad);
    CHECK_FALSE(MessageUrl::parse(bad).has_value());
  }
  CHECK_FALSE(MessageUrl::parse("/" + std::string(9'000, 'x') + "/;UID=1").has_value());
}

}  // namespace
}  // namespace fumi::imap
