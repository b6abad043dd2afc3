#include "proto/imap/seq_set.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

namespace fumi::imap {
namespace {

TEST_CASE("sequence sets are read as RFC 9051 §9 writes them") {
  struct Row {
    const char* text;
    std::uint32_t star;
    const char* resolved;
  };
  for (const Row& row : {Row{"1", 9, "1"}, Row{"2,4:7,9,12:*", 15, "2,4:7,9,12:15"},
                         Row{"*:4,5:7", 10, "4:10"}, Row{"3291:*", 20, "20:3291"},
                         Row{"5:2,3", 9, "2:5"}, Row{"1:4294967295", 3, "1:4294967295"},
                         Row{"*", 7, "7"}, Row{"*", 0, ""}, Row{"1,2,3,5", 9, "1:3,5"}}) {
    const auto set = SeqSet::parse(row.text, 100);
    REQUIRE_MESSAGE(set.has_value(), row.text);
    CHECK(set->resolve(row.star).text() == row.resolved);
    CHECK(set->text() == row.text);
  }
}

TEST_CASE("what is no sequence set is refused") {
  for (const char* bad : {"", "0", "01", "1:", ":1", "1,", ",1", "1::2", "4294967296", "a", "1 2",
                          "-1", "1:2:3", "$,1", "1,$", "**", "1*"}) {
    CHECK_MESSAGE(!SeqSet::parse(bad, 100).has_value(), bad);
  }
  CHECK(SeqSet::parse("1,3,5", 3).has_value());
  CHECK_FALSE(SeqSet::parse("1,3,5,7", 3).has_value());
}

TEST_CASE("$ is the saved result") {
  const auto set = SeqSet::parse("$", 1);
  REQUIRE(set.has_value());
  CHECK(set->is_saved_result());
  CHECK_FALSE(set->empty());
  CHECK(set->text() == "$");
}

TEST_CASE("the greatest range costs one range") {
  SeqSet set;
  set.add(1, 0xffff'ffffU);
  CHECK(set.count() == 0xffff'ffffULL);
  CHECK(set.contains(0xffff'ffffU));
  set.add(0xffff'ffffU);
  set.add(5);
  CHECK(set.ranges().size() == 1);
}

TEST_CASE("adding in any order agrees with std::set") {
  const bool good = rc::check([](const std::vector<std::uint8_t>& numbers) {
    SeqSet set;
    std::set<std::uint32_t> model;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::uint32_t first = numbers[i] + 1U;
      const std::uint32_t last = first + (i % 3 == 0 ? numbers[i] % 5U : 0U);
      set.add(first, last);
      for (std::uint32_t n = first; n <= last; ++n)
        model.insert(n);
    }
    RC_ASSERT(set.count() == model.size());
    for (std::uint32_t n = 1; n < 300; ++n)
      RC_ASSERT(set.contains(n) == model.contains(n));
    for (std::size_t i = 1; i < set.ranges().size(); ++i) {
      RC_ASSERT(set.ranges()[i].first > set.ranges()[i - 1].last + 1);
    }
    if (!set.empty()) RC_ASSERT(SeqSet::parse(set.text(), 1000) == set);
  });
  CHECK(good);
}

TEST_CASE("what one set has and another has not") {
  const auto set = [](const char* text) { return SeqSet::parse(text, 100)->resolve(1); };
  CHECK(without(set("1:10"), set("3:4,7")).text() == "1:2,5:6,8:10");
  CHECK(without(set("1:10"), set("1:10")).empty());
  CHECK(without(set("2,4,6"), set("4:5")).text() == "2,6");
  CHECK(without(set("2:4,6:9"), set("4:6")).text() == "2:3,7:9");
  CHECK(without(set("5"), set("1:3,8")).text() == "5");
  CHECK(without(set("1:4294967295"), set("4294967295")).text() == "1:4294967294");
  CHECK(without(SeqSet(), set("1")).empty());
  CHECK(without(set("1:3"), SeqSet()).text() == "1:3");
}

}  // namespace
}  // namespace fumi::imap
