// FETCH of many messages at once says what FETCH of each says.
#include <doctest/doctest.h>

#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using service::testing::mail;
using Client = testing::ImapClient;
using Fixture = testing::ImapFixture;

// The untagged part.
std::string data_of(const std::string& answer) {
  const std::size_t at = answer.rfind("x OK");
  return at == std::string::npos ? "no OK: " + answer.substr(0, 200) : answer.substr(0, at);
}

std::string sized(const std::string& subject, std::size_t octets) {
  std::string text = mail("a@b.example", subject);
  while (text.size() < octets)
    text += "This line is here to make the message longer than it would be.\r\n";
  return text;
}

// Messages of one mailbox that aren't in the order of their emails, some twice, some large.
struct Mixed : Fixture {
  Mixed() {
    Client client = logged_in();
    REQUIRE(client("CREATE Mixed").contains("x OK"));
    for (int i = 0; i < 60; ++i)
      client.append("Archive", sized("m" + std::to_string(i), i % 20 == 7 ? 300'000 : 500));
    client.append("Archive",
                  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
                  "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nb25l\r\n--b--\r\n");
    REQUIRE(client("SELECT Archive").contains("x OK"));
    for (const char* const set : {"30:61", "1:29", "61", "7:9"})
      REQUIRE(client("COPY " + std::string(set) + " Mixed").contains("x OK"));
    for (int i = 61; i > 40; --i)
      REQUIRE(client("COPY " + std::to_string(i) + " Mixed").contains("x OK"));
  }
};

TEST_CASE("a FETCH of all says what a FETCH of each says") {
  Mixed f;
  Client client = f.logged_in();
  for (const char* const box : {"Archive", "Mixed"}) {
    CAPTURE(box);
    REQUIRE(client("EXAMINE " + std::string(box)).contains("x OK"));
    const int count = std::string_view(box) == "Archive" ? 61 : 86;
    for (const char* const items :
         {"(FLAGS EMAILID)", "(UID ENVELOPE)", "ALL", "FULL", "(BODYSTRUCTURE THREADID)",
          "(SAVEDATE)", "(PREVIEW)", "(PREVIEW (LAZY) RFC822.SIZE)",
          "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])", "(BODY.PEEK[])",
          "(BODY.PEEK[TEXT]<5.20> ENVELOPE)", "(BINARY.PEEK[1] BINARY.SIZE[1])",
          "(RFC822.HEADER BODY.PEEK[2.MIME])"}) {
      CAPTURE(items);
      std::string each;
      for (int i = 1; i <= count; ++i)
        each += data_of(client("FETCH " + std::to_string(i) + " " + items));
      const std::string all = data_of(client("FETCH 1:* " + std::string(items)));
      REQUIRE(all.size() == each.size());
      CHECK((all == each));
    }
  }
}

TEST_CASE("a chunk that has become large ends, and the next goes on where it ended") {
  Fixture f;
  Client client = f.logged_in();
  std::string many;
  for (int i = 0; i < 2'000; ++i)
    many += (i == 0 ? "" : ",\r\n ") + ("person" + std::to_string(i) + "@example.com");
  REQUIRE(client("CREATE Wide").contains("x OK"));
  for (int i = 0; i < 12; ++i)
    client.append("Wide", "To: " + many + "\r\nSubject: s" + std::to_string(i) + "\r\n\r\nx");
  REQUIRE(client("SELECT Wide").contains("x OK"));
  REQUIRE(client("COPY 12,1:11 Archive").contains("x OK"));
  for (int i = 12; i > 0; --i)  // neither ascending nor close
    REQUIRE(client("COPY " + std::to_string(i) + " Sent").contains("x OK"));
  for (const char* const box : {"Wide", "Archive", "Sent"}) {
    REQUIRE(client("SELECT " + std::string(box)).contains("x OK"));
    for (const char* const items :
         {"ENVELOPE", "(ENVELOPE SAVEDATE)", "(ENVELOPE RFC822.HEADER)"}) {
      std::string each;
      for (int i = 1; i <= 12; ++i)
        each += data_of(client("FETCH " + std::to_string(i) + " " + items));
      CHECK((data_of(client("FETCH 1:* " + std::string(items))) == each));
    }
  }
}

TEST_CASE("messages that others expunged are left out, and the answer says so") {
  Fixture f;
  f.deliver(40);
  Client b = f.selected();
  for (const char* const items : {"FLAGS", "ENVELOPE", "(PREVIEW)", "(SAVEDATE)", "BODY.PEEK[]"}) {
    CAPTURE(items);
    Client a = f.selected();
    REQUIRE(b("STORE 2,4:5 +FLAGS.SILENT (\\Deleted)").contains("x OK"));
    REQUIRE(b("EXPUNGE").contains("x OK"));
    const std::string answer = a("FETCH 1:* " + std::string(items));
    CHECK(answer.contains("x NO [EXPUNGEISSUED]"));
    CHECK(answer.contains("* 1 FETCH"));
    CHECK(answer.contains("* 6 FETCH"));
    for (const char* const gone : {"* 2 FETCH", "* 4 FETCH", "* 5 FETCH"})
      CHECK_FALSE(answer.contains(gone));
    CHECK(a("UID FETCH 1:* " + std::string(items)).contains("x OK"));
  }
}

TEST_CASE("a body that is damaged, and a store that fails, end a FETCH with NO; the next goes on") {
  Fixture f;
  f.deliver(70);
  Client client = f.selected();
  REQUIRE(client("FETCH 1:* FLAGS").contains("x OK"));
  for (const char* const items : {"ENVELOPE", "(BODY.PEEK[])", "(SAVEDATE)"}) {
    CAPTURE(items);
    std::size_t failures = 0;
    for (std::size_t at = 1; at <= 8; ++at) {
      f.w.faults.arm(at);
      const std::string answer = client("FETCH 1:* " + std::string(items));
      const bool failed = f.w.faults.went_off();
      f.w.faults.arm(0);
      CHECK(answer.contains(failed ? "x NO [UNAVAILABLE]" : "x OK"));
      failures += failed ? 1 : 0;
    }
    CHECK(failures > 0);
    CHECK(client("FETCH 70 " + std::string(items)).contains("x OK"));
  }
}

TEST_CASE("FETCH that sets \\Seen tells it of many messages") {
  Fixture f;
  f.deliver(40);
  Client client = f.selected();
  REQUIRE(client("STORE 5 +FLAGS (\\Seen)").contains("x OK"));
  const std::string answer = client("FETCH 1:* BODY[TEXT]");
  std::size_t told = 0;
  for (std::size_t at = answer.find("FLAGS (\\Seen)"); at != std::string::npos;
       at = answer.find("FLAGS (\\Seen)", at + 1)) {
    ++told;
  }
  CHECK(told == 39);
  CHECK(client("SEARCH UNSEEN").contains("* SEARCH\r\n"));
}

TEST_CASE(
    "CHANGEDSINCE gives those of the set that have changed, PARTIAL's range of it before that") {
  Fixture f;
  f.deliver(6);
  Client a = f.selected();
  const std::string status = a("STATUS INBOX (HIGHESTMODSEQ)");
  const std::size_t at = status.find("HIGHESTMODSEQ ") + 14;
  const std::string since = status.substr(at, status.find(')', at) - at);
  CHECK(a("STORE 2,4,6 +FLAGS.SILENT (\\Flagged)").contains("x OK"));
  const auto numbers = [&](const std::string& command) {
    const std::string answer = a(command);
    CHECK(answer.contains("x OK"));
    std::string out;
    for (std::size_t i = 0; (i = answer.find(" FETCH (", i)) != std::string::npos; ++i)
      out += answer.substr(answer.rfind(' ', i - 1) + 1, i - answer.rfind(' ', i - 1) - 1) + ' ';
    return out;
  };
  CHECK(numbers("FETCH 1:* (FLAGS) (CHANGEDSINCE " + since + ")") == "2 4 6 ");
  CHECK(numbers("FETCH 1,3:4,6 (FLAGS) (CHANGEDSINCE " + since + ")") == "4 6 ");
  CHECK(numbers("FETCH 1,3,5 (FLAGS) (CHANGEDSINCE " + since + ")").empty());
  CHECK(numbers("UID FETCH 3:5 (FLAGS) (CHANGEDSINCE " + since + ")") == "4 ");
  CHECK(numbers("UID FETCH 1:* (FLAGS) (PARTIAL -1:-2 CHANGEDSINCE " + since + ")") == "6 ");
  CHECK(numbers("UID FETCH 2,4,6 (FLAGS) (PARTIAL 1:2 CHANGEDSINCE " + since + ")") == "2 4 ");
  CHECK(numbers("FETCH 1:* (FLAGS) (CHANGEDSINCE 999999999)").empty());
}

}  // namespace
}  // namespace fumi::server
