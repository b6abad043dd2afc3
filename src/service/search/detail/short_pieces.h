// ShortPieces: the numbers of pieces of up to six octets, which nearly all are: a gram is looked
// up for each letter of a text, so this is what indexing costs.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace fumi::service::detail {

// Open addressing over the pieces' own octets; at most half full. Its keys come from mail, but who
// makes them collide slows down the indexing of his own account alone, by at most the number of his
// pieces.
class ShortPieces {
 public:
  static constexpr std::size_t kOctetsMax = 6;

  // Kind, size and octets in one number that isn't 0. `piece` has at most kOctetsMax octets.
  [[nodiscard]] static std::uint64_t key_of(char kind, std::string_view piece) {
    std::uint64_t key = 0;
    std::memcpy(&key, piece.data(), piece.size());
    return key << 16U | std::uint64_t(piece.size()) << 8U | static_cast<unsigned char>(kind);
  }

  [[nodiscard]] static char kind_of(std::uint64_t key) { return char(key & 0xffU); }
  // Fibonacci hashing: the upper bits depend on all octets.
  [[nodiscard]] static std::uint64_t hash_of(std::uint64_t key) {
    return key * 0x9e37'79b9'7f4a'7c15U;
  }

  // The piece's number; `next` and kept, if it is a new one.
  std::uint32_t find_or_add(std::uint64_t key, std::uint32_t next) {
    if (count_ * 2 >= slots_.size()) grow();
    Slot& slot = slot_of(key);
    if (slot.key == 0) {
      slot = {key, next};
      ++count_;
    }
    return slot.number;
  }

  [[nodiscard]] std::uint64_t octets() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t key = 0;  // 0: free
    std::uint32_t number = 0;
  };

  Slot& slot_of(std::uint64_t key) {
    const std::size_t mask = slots_.size() - 1;
    const auto shift = unsigned(64 - std::countr_zero(slots_.size()));
    std::size_t at = hash_of(key) >> shift;
    while (slots_[at].key != 0 && slots_[at].key != key)
      at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != 0) slot_of(slot.key) = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two, or none
  std::size_t count_ = 0;
};

}  // namespace fumi::service::detail
