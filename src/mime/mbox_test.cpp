#include "mime/mbox.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "mime/maildir.h"

using namespace fumi;
using namespace fumi::mime;

namespace {

constexpr std::string_view kFrom = "From a@example Mon Nov 23 01:02:03 2026\n";

std::vector<MboxMessage> read(std::string_view file, std::size_t piece = 7,
                              std::size_t octets_max = MboxReader::kOctetsMax) {
  MboxReader reader(octets_max);
  std::vector<MboxMessage> out;
  const auto drain = [&] {
    while (auto message = reader.next())
      out.push_back(std::move(*message));
  };
  for (std::size_t at = 0; at < file.size(); at += piece) {
    reader.feed(file.substr(at, piece));
    drain();
  }
  reader.finish();
  drain();
  return out;
}

std::string file_of(std::string_view text) { return std::string(kFrom) + std::string(text); }

}  // namespace

TEST_CASE("what stands in an mbox") {
  struct Case {
    std::string file;
    std::vector<std::string> messages;
  };
  const std::string from(kFrom);
  const std::vector<Case> cases{
      {"", {}},
      {file_of("A: 1\n\nx\n\n"), {"A: 1\r\n\r\nx\r\n"}},
      {file_of("A: 1\n\nx"), {"A: 1\r\n\r\nx\r\n"}},
      {file_of("A: 1\r\n\r\nx\r\n\r\n"), {"A: 1\r\n\r\nx\r\n"}},
      {file_of("A: 1\n\nx\n\n" + from + "B: 2\n\ny\n\n"),
       {"A: 1\r\n\r\nx\r\n", "B: 2\r\n\r\ny\r\n"}},
      // Without an empty line, or without a date, a line is text.
      {file_of("A: 1\n\nx\n" + from + "\n"),
       {"A: 1\r\n\r\nx\r\nFrom a@example Mon Nov 23 01:02:03 2026\r\n"}},
      {file_of("A: 1\n\nx\n\nFrom the Monday desk\n\n"),
       {"A: 1\r\n\r\nx\r\n\r\nFrom the Monday desk\r\n"}},
      {file_of("A: 1\n\n>From x\n>>From y\n> From z\n\n"),
       {"A: 1\r\n\r\nFrom x\r\n>From y\r\n> From z\r\n"}},
      {"\n\nFrom nobody\nA: 1\n\nx\n", {"A: 1\r\n\r\nx\r\n"}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.file);
    for (const std::size_t piece : {1U, 2U, 1000U}) {
      const auto messages = read(each.file, piece);
      REQUIRE(messages.size() == each.messages.size());
      for (std::size_t i = 0; i < messages.size(); ++i)
        CHECK(messages[i].bytes == each.messages[i]);
    }
  }
}

TEST_CASE("flags and dates of an mbox") {
  const auto messages = read(
      "From \"a b\"@example  Mon Nov  2 01:02:03 2026\n"
      "Status: keep\nA: 1\nX-Keywords: $Work b\nX-Status: AFTD\nStatus: RO\n\nx\n");
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].bytes == "Status: keep\r\nA: 1\r\n\r\nx\r\n");
  CHECK(messages[0].flags.bits == 31);
  CHECK(messages[0].flags.keywords == std::vector<std::string>{"$Work", "b"});
  REQUIRE(messages[0].received.has_value());
  CHECK(to_rfc3339(*messages[0].received).starts_with("2026-11-02T01:02:03"));
}

TEST_CASE("what is no mbox, and what is too large") {
  MboxReader reader;
  reader.feed("A: 1\n\nx\n");
  CHECK(reader.is_no_mbox());
  CHECK_FALSE(reader.next().has_value());
  const std::string long_line(200'000, 'x');
  MboxReader binary;
  binary.feed(long_line);
  CHECK(binary.is_no_mbox());
  const std::string small = file_of("B: 2\n\ny\n\n");
  for (const std::string& body : {long_line, std::string("a\n\nb\n") + long_line}) {
    const auto messages = read(file_of("A: 1\n\n" + body + "\n\n" + small), 4096, 100'000);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].size == MboxMessage::Size::too_large);
    CHECK(messages[0].bytes.empty());
    CHECK(messages[1].size == MboxMessage::Size::fits);
    CHECK(messages[1].bytes == "B: 2\r\n\r\ny\r\n");
    CHECK(read(file_of("A: 1\n\n" + body + "\n\n"), 999)[0].bytes ==
          bare_lf_to_crlf("A: 1\n\n" + body + "\n"));
  }
}

TEST_CASE("property: what is written comes back with its octets, flags and second") {
  rc::check([] {
    const std::vector<std::string> words{
        "",  "From ",      ">From x", ">>From y",
        "a", "Status: RO", ".",       std::string(kFrom.substr(0, kFrom.size() - 1))};
    std::string file;
    std::vector<MboxMessage> written;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
      MboxMessage message;
      message.bytes = *rc::gen::arbitrary<bool>() ? "Subject: x\r\nStatus: O\r\n\r\n" : "\r\n";
      for (const auto index : *rc::gen::container<std::vector<std::size_t>>(
               rc::gen::inRange<std::size_t>(0, words.size())))
        message.bytes += words[index] + "\r\n";
      message.flags.bits = *rc::gen::inRange<std::uint32_t>(0, 32);
      if (*rc::gen::arbitrary<bool>()) message.flags.keywords = {"$Work", "b"};
      message.received = from_micros(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000) * 1'000'000);
      file += write_mbox(message);
      written.push_back(std::move(message));
    }
    const auto again = read(file, *rc::gen::inRange<std::size_t>(1, 64));
    RC_ASSERT(again.size() == written.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      RC_ASSERT(again[i].bytes == written[i].bytes);
      RC_ASSERT(again[i].flags == written[i].flags);
      RC_ASSERT(again[i].received == written[i].received);
    }
  });
}

TEST_CASE("names in a Maildir") {
  const std::vector<std::string> keywords{"$Forwarded", "work"};
  CHECK(maildir_base("1.M2.host:2,FS") == "1.M2.host");
  CHECK(maildir_base("1.M2.host") == "1.M2.host");
  const FileFlags flags = maildir_flags("1:2,DFRSTPabz", keywords);
  CHECK(flags.bits == 31);
  CHECK(flags.keywords == keywords);
  CHECK(maildir_info(flags, keywords) == ":2,DFRSTab");
  CHECK(maildir_flags("1:1,S", keywords) == FileFlags());
  CHECK(parse_maildir_keywords(write_maildir_keywords(keywords)) == keywords);
  CHECK(parse_maildir_keywords("99999999999999999999 x\n26 y\n-1 z\n1 b\nnonsense") ==
        std::vector<std::string>{"", "b"});
  for (const auto& [mailbox, folder] :
       std::vector<std::pair<std::string, std::string>>{{"Sent", ".Sent"},
                                                        {"a/b", ".a.b"},
                                                        {"a.b/c", ".a&AC4-b.c"},
                                                        {"日.本", ".&ZeU-&AC4-&Zyw-"},
                                                        {"日本", ".&ZeVnLA-"},
                                                        {"R&D", ".R&-D"},
                                                        {"&AC4-", ".&-AC4-"}}) {
    CAPTURE(mailbox);
    CHECK(maildir_folder(mailbox) == folder);
    CHECK(maildir_mailbox(folder) == mailbox);
  }
  for (const char* const bad : {"", "a//b", "/", "\xff"})
    CHECK_FALSE(maildir_folder(bad).has_value());
  for (const char* const bad : {"", "cur", ".", "..", ".a..b", ".&", ".&AC8-"})
    CHECK_FALSE(maildir_mailbox(bad).has_value());
}
