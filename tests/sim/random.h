// Choices from one seed (splitmix64): the same on every machine and with every library.
#pragma once

#include <cstdint>
#include <iterator>

namespace fumi::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::uint32_t below(std::uint32_t limit) { return std::uint32_t(next() % limit); }
  // Once in `times`, on the average.
  [[nodiscard]] bool once_in(std::uint32_t times) { return below(times) == 0; }
  template <class List>
  auto one_of(const List& list) {
    return *std::next(std::begin(list), std::ptrdiff_t(below(std::uint32_t(std::size(list)))));
  }

 private:
  std::uint64_t state_;
};

}  // namespace fumi::sim
