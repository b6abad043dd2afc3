#include "proto/imap/thread.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>

namespace fumi::imap {
namespace {

ThreadItem item(std::uint32_t number, std::string id, std::vector<std::string> references,
                std::string subject = "", int day = 0) {
  ThreadItem out;
  out.number = number;
  out.sent = Instant(std::chrono::days(day == 0 ? int(number) : day));
  if (subject.starts_with("Re: ")) {
    out.reply = ThreadItem::Reply::yes;
    subject.erase(0, 4);
  }
  out.subject = std::move(subject);
  out.message_id = std::move(id);
  out.references = std::move(references);
  return out;
}

std::string references(const std::vector<ThreadItem>& items) {
  return thread_references(items).text();
}

TEST_CASE("REFERENCES: links (RFC 5256 §3 step 1)") {
  CHECK(references({}).empty());
  CHECK(references({item(1, "a", {})}) == "(1)");
  CHECK(references({item(1, "a", {}), item(2, "b", {"a"}), item(3, "c", {"a", "b"})}) == "(1 2 3)");
  // In any order of arrival.
  CHECK(references({item(1, "c", {"a", "b"}), item(2, "b", {"a"}), item(3, "a", {})}) == "(3 2 1)");
  // Siblings by date.
  CHECK(references({item(1, "a", {}), item(2, "b", {"a"}, "", 9), item(3, "c", {"a"})}) ==
        "(1 (3)(2))");
  // An id that came twice is the first one's.
  CHECK(references({item(1, "a", {}), item(2, "a", {}), item(3, "b", {"a"})}) == "(1 3)(2)");
  // What hangs on a message that isn't there hangs together (steps 2 and 3).
  CHECK(references({item(1, "b", {"a"}), item(2, "c", {"a"})}) == "((1)(2))");
  CHECK(references({item(1, "b", {"x", "a"})}) == "(1)");
  CHECK(references({item(1, "b", {"a"}), item(2, "c", {"a", "x"})}) == "((1)(2))");
  // A truncated References field does not undo a parent that is known (step 1 B).
  CHECK(references({item(1, "a", {}), item(2, "c", {"a"}), item(3, "b", {"a"}),
                    item(4, "d", {"c", "b"})}) == "(1 (2)(3 4))");
  // No loops.
  CHECK(references({item(1, "a", {"b"}), item(2, "b", {"a"})}) == "(2 1)");
  CHECK(references({item(1, "a", {"a"})}) == "(1)");
}

TEST_CASE("REFERENCES: threads of one subject are one (step 5)") {
  CHECK(references({item(1, "", {}, "X"), item(2, "", {}, "Re: X")}) == "(1 2)");
  CHECK(references({item(1, "", {}, "Re: X"), item(2, "", {}, "X")}) == "(2 1)");
  CHECK(references({item(1, "", {}, "X"), item(2, "", {}, "X")}) == "((1)(2))");
  CHECK(references({item(1, "", {}, "Re: X"), item(2, "", {}, "Re: X")}) == "((1)(2))");
  CHECK(references({item(1, "", {}, "X"), item(2, "", {}, "X"), item(3, "", {}, "X")}) ==
        "((1)(2)(3))");
  CHECK(references({item(1, "", {}, ""), item(2, "", {}, "")}) == "(1)(2)");
  // Dummies: both, and one.
  const std::vector<ThreadItem> both{item(1, "b", {"a"}, "X"), item(2, "c", {"a"}, "X"),
                                     item(3, "e", {"d"}, "X"), item(4, "f", {"d"}, "X")};
  CHECK(references(both) == "((1)(2)(3)(4))");
  CHECK(references({item(1, "", {}, "X"), item(2, "b", {"a"}, "X"), item(3, "c", {"a"}, "X")}) ==
        "((1)(2)(3))");
}

TEST_CASE("ORDEREDSUBJECT") {
  CHECK(thread_ordered_subject({}).text().empty());
  const std::vector<ThreadItem> items{item(1, "", {}, "B"), item(2, "", {}, "A", 9),
                                      item(3, "", {}, "B"), item(4, "", {}, "Re: B", 2),
                                      item(5, "", {}, "A", 8)};
  CHECK(thread_ordered_subject(items).text() == "(1 (4)(3))(5 2)");
}

TEST_CASE("normalised ids (RFC 5256 §3)") {
  CHECK(normalised_msg_id("<a@b>") == "a@b");
  CHECK(normalised_msg_id(" text <\"a\"@b> more <c@d>") == "a@b");
  CHECK(normalised_msg_id(R"(<"a\"b\\c"@d>)") == R"(a"b\c@d)");
  for (const char* none : {"", "a@b", "<>", "<a@b", "a@b>"})
    CHECK(normalised_msg_id(none).empty());
  CHECK(normalised_msg_id('<' + std::string(600, 'x') + "@b>").empty());
}

std::vector<std::uint32_t> numbers_in(const std::string& text) {
  std::vector<std::uint32_t> out;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += int(text[i] == '(') - int(text[i] == ')');
    REQUIRE(depth >= 0);
    if (text[i] < '0' || text[i] > '9') continue;
    out.push_back(0);
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
      out.back() = out.back() * 10 + std::uint32_t(text[i] - '0');
    --i;
  }
  REQUIRE(depth == 0);
  std::ranges::sort(out);
  return out;
}

TEST_CASE("whatever mails refer to: each is in the answer once") {
  rc::check([](const std::vector<std::vector<std::uint8_t>>& mails) {
    std::vector<ThreadItem> items;
    std::vector<std::uint32_t> expected;
    for (const auto& mail : mails) {
      const auto number = static_cast<std::uint32_t>(items.size() + 1);
      expected.push_back(number);
      ThreadItem one = item(number, "", {});
      for (const std::uint8_t octet : mail) {
        if (one.message_id.empty()) {
          one.message_id = std::to_string(octet % 13);
          one.sent = Instant(std::chrono::days(octet % 5));
          one.subject = octet % 3 == 0 ? "" : std::to_string(octet % 4);
          one.reply = octet % 2 == 0 ? ThreadItem::Reply::yes : ThreadItem::Reply::no;
        } else {
          one.references.push_back(std::to_string(octet % 13));
        }
      }
      items.push_back(std::move(one));
    }
    RC_ASSERT(numbers_in(thread_references(items).text()) == expected);
    RC_ASSERT(numbers_in(thread_ordered_subject(items).text()) == expected);
  });
}

TEST_CASE("threads made to be deep or wide cost little") {
  std::vector<ThreadItem> deep;
  std::vector<ThreadItem> backwards;
  constexpr std::uint32_t kMany = 50'000;
  for (std::uint32_t i = 1; i <= kMany; ++i) {
    deep.push_back(item(i, std::to_string(i), {std::to_string(i - 1)}, "X"));
    backwards.push_back(item(i, std::to_string(i), {std::to_string(i + 1), "0"}, "Y"));
  }
  for (const auto& items : {deep, backwards})
    CHECK(numbers_in(thread_references(items).text()).size() == kMany);
}

}  // namespace
}  // namespace fumi::imap
