// What a block of entries holds, and its octets in a row: `states` change, `facts` don't.
//
// A block is the entries of kBlockUids UIDs of a mailbox. Entries of the same state that follow
// each other are one run, so that what a STORE of everything leaves behind is a few octets a block.
// States: a version octet, then runs: a head (flag bits, and which of the following are there), the
// UIDs left out before, the number of entries, the number of a set of keywords, and the MODSEQ as
// the difference to the run before. Facts: a version octet, then for each entry the UIDs left out
// before, octets, seconds of arrival and the email's id, both as the difference to the one before.
// All as varints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fumi::store {

// So many keep the states, which change, in one page of either engine (docs/decisions/0014).
inline constexpr std::uint32_t kBlockUids = 128;

[[nodiscard]] constexpr std::int64_t block_of(std::uint32_t uid) { return uid / kBlockUids; }
[[nodiscard]] constexpr std::int64_t first_uid(std::int64_t block) { return block * kBlockUids; }
[[nodiscard]] constexpr std::int64_t last_uid(std::int64_t block) {
  return block * kBlockUids + kBlockUids - 1;
}

struct EntryState {
  std::uint32_t uid = 0;
  std::uint16_t keywords = 0;  // which of the block's sets; 0: none
  std::uint8_t bits = 0;       // Flags::bits
  std::uint64_t modseq = 0;
  bool operator==(const EntryState&) const = default;
};

struct EntryFacts {
  std::uint32_t uid = 0;
  std::uint64_t octets = 0;
  std::int64_t received_s = 0;
  std::uint64_t email = 0;
  bool operator==(const EntryFacts&) const = default;
};

// Ascending by UID, all of the block; at most kBlockUids sets of keywords.
[[nodiscard]] std::string encode_states(std::int64_t block, std::span<const EntryState> states);
[[nodiscard]] std::string encode_facts(std::int64_t block, std::span<const EntryFacts> facts);

// Into a list that is cleared first. corrupt: not what encode makes of this block, or a version
// that this program doesn't know.
[[nodiscard]] Status decode_states(std::int64_t block, std::string_view octets,
                                   std::vector<EntryState>& into);
[[nodiscard]] Status decode_facts(std::int64_t block, std::string_view octets,
                                  std::vector<EntryFacts>& into);

}  // namespace fumi::store
