#include "domain/ids.h"

namespace fumi {
namespace {

constexpr std::int64_t kEpochMillis = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr unsigned kSequenceBits = 14;
constexpr unsigned kNodeBits = 8;

std::uint64_t millis_at(Instant at) {
  const std::int64_t millis = to_micros(at) / 1000 - kEpochMillis;
  return millis > 0 ? std::uint64_t(millis) : 0;
}

}  // namespace

std::uint64_t IdGenerator::next_value() {
  const std::uint64_t now = millis_at(clock_.now()) << kSequenceBits;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    // A full millisecond spills into the next one; a clock that steps back is waited out likewise.
    next = now > last ? now : last + 1;
  } while (!last_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  const std::uint64_t sequence = next & ((1U << kSequenceBits) - 1);
  const std::uint64_t millis = next >> kSequenceBits;
  return (millis << (kNodeBits + kSequenceBits)) | (std::uint64_t(node_) << kSequenceBits) |
         sequence;
}

Instant IdGenerator::made_at(std::uint64_t id) {
  const auto millis = std::int64_t(id >> (kNodeBits + kSequenceBits)) + kEpochMillis;
  return from_micros(millis * 1000);
}

std::uint64_t IdGenerator::first_at(Instant at) {
  return millis_at(at) << (kNodeBits + kSequenceBits);
}

}  // namespace fumi
