#include "proto/line/input_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace fumi::line {
namespace {
constexpr std::size_t kCapacityMin = 512;
}

std::span<char> InputBuffer::prepare(std::size_t octets_wanted) {
  const std::size_t used = size();
  const std::size_t wanted = std::min(octets_wanted, octets_max_ - std::min(used, octets_max_));
  if (wanted == 0) return {};
  if (capacity_ - end_ < wanted) {
    if (used + wanted <= capacity_) {
      std::memmove(storage_.get(), storage_.get() + begin_, used);
    } else {
      // Doubling keeps a line that arrives octet by octet from being copied octet by octet.
      const std::size_t grown =
          std::max({kCapacityMin, used + wanted, used == 0 ? 0 : capacity_ * 2});
      const std::size_t capacity = std::min(grown, std::max(octets_max_, used + wanted));
      auto storage = std::make_unique_for_overwrite<char[]>(capacity);
      if (used != 0) std::memcpy(storage.get(), storage_.get() + begin_, used);
      storage_ = std::move(storage);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }
  return {storage_.get() + end_, wanted};
}

void InputBuffer::commit(std::size_t octets) {
  FUMI_ASSERT(octets <= capacity_ - end_);
  end_ += octets;
}

std::size_t InputBuffer::append(std::string_view octets) {
  if (octets.empty()) return 0;
  const std::span<char> room = prepare(octets.size());
  if (!room.empty()) std::memcpy(room.data(), octets.data(), room.size());
  commit(room.size());
  return room.size();
}

void InputBuffer::consume(std::size_t octets) {
  FUMI_ASSERT(octets <= size());
  begin_ += octets;
  if (begin_ == end_) begin_ = end_ = 0;
}

void InputBuffer::wipe(std::string_view octets) {
  if (octets.empty() || !storage_) return;
  FUMI_ASSERT(octets.data() >= storage_.get() &&
              octets.data() + octets.size() <= storage_.get() + capacity_);
  explicit_bzero(storage_.get() + (octets.data() - storage_.get()), octets.size());
}

void InputBuffer::clear() {
  wipe({storage_.get(), capacity_});
  begin_ = end_ = 0;
  release_if_empty();
}

void InputBuffer::release_if_empty() {
  if (!empty()) return;
  storage_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace fumi::line
