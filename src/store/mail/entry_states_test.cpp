#include "store/mail/detail/entry_states.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace fumi::store {
namespace {

constexpr std::int64_t kBlock = 7;

std::vector<EntryState> some_states() {
  std::vector<EntryState> states;
  const auto kinds = *rc::gen::inRange(1, 5);  // few: runs come about
  for (std::int64_t uid = first_uid(kBlock); uid <= last_uid(kBlock); ++uid) {
    if (*rc::gen::inRange(0, 4) == 0) continue;
    EntryState state;
    state.uid = static_cast<std::uint32_t>(uid);
    const auto kind = *rc::gen::inRange(0, kinds);
    state.bits = static_cast<std::uint8_t>(kind * 7 & 31);
    state.keywords = static_cast<std::uint16_t>(kind == 2 ? kBlockUids : kind);
    state.modseq = kind == 3 ? *rc::gen::inRange<std::uint64_t>(0, 1ULL << 48U) : 1000U + kind;
    states.push_back(state);
  }
  return states;
}

TEST_CASE("states and facts are read as they were written") {
  CHECK(rc::check([] {
    const auto states = some_states();
    const std::string written = encode_states(kBlock, states);
    std::vector<EntryState> read;
    RC_ASSERT(decode_states(kBlock, written, read).has_value());
    RC_ASSERT(read == states);

    std::vector<EntryFacts> facts;
    for (const EntryState& state : states) {
      facts.push_back({state.uid, *rc::gen::arbitrary<std::uint64_t>(),
                       *rc::gen::inRange<std::int64_t>(-(1LL << 39), 1LL << 39),
                       *rc::gen::arbitrary<std::uint64_t>()});
    }
    std::vector<EntryFacts> read_facts;
    RC_ASSERT(decode_facts(kBlock, encode_facts(kBlock, facts), read_facts).has_value());
    RC_ASSERT(read_facts == facts);
  }));
}

// Damage must end in an error or in states that could be, never beyond the block.
TEST_CASE("whatever octets are read, states stay within their block") {
  CHECK(rc::check([] {
    std::string octets = encode_states(kBlock, some_states());
    const auto at = *rc::gen::inRange<std::size_t>(0, octets.size());
    octets[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    octets.resize(*rc::gen::inRange<std::size_t>(0, octets.size() + 1));
    std::vector<EntryState> states;
    if (!decode_states(kBlock, octets, states)) return;
    std::int64_t last = first_uid(kBlock) - 1;
    for (const EntryState& state : states) {
      RC_ASSERT(std::int64_t{state.uid} > last);
      RC_ASSERT(state.bits < 32);
      RC_ASSERT(state.keywords <= kBlockUids);
      last = state.uid;
    }
    RC_ASSERT(last <= last_uid(kBlock));
  }));
}

TEST_CASE("a run costs a few octets, and what isn't a block is refused") {
  std::vector<EntryState> states;
  for (std::int64_t uid = first_uid(kBlock); uid <= last_uid(kBlock); ++uid)
    states.push_back({static_cast<std::uint32_t>(uid), 0, 1, 100'000});
  CHECK(encode_states(kBlock, states).size() <= 8);

  std::vector<EntryState> read;
  for (const std::string_view bad : {
           std::string_view(""),                            // no version
           std::string_view("\x02"),                        // of another program
           std::string_view("\x01\x01"),                    // ends in a run
           std::string_view("\x01\x41\x00\x02", 4),         // a run of none
           std::string_view("\x01\x41\x81\x01\x02", 5),     // longer than a block
           std::string_view("\x01\xc1\x10\x71\x02", 5),     // beyond the block
           std::string_view("\x01\x21\x81\x01\x02", 5),     // a set that can't be
           std::string_view("\x01\x01\xff\xff\xff\xff", 6)  // a number without an end
       }) {
    const Status status = decode_states(kBlock, bad, read);
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().code == Code::corrupt);
  }
  std::vector<EntryFacts> facts;
  for (const std::string_view bad :
       {std::string_view(""), std::string_view("\x02"), std::string_view("\x01\x00\x05", 3),
        std::string_view("\x01\x00\x05\x05", 4), std::string_view("\x01\x80\x01\x05\x05\x05", 6)}) {
    CHECK_FALSE(decode_facts(kBlock, bad, facts).has_value());
  }
}

}  // namespace
}  // namespace fumi::store
