// Fixed-width little-endian numbers in buffers: the byte order of everything segment files hold.
#pragma once

#include <bit>
#include <cstring>

namespace fumi::store::detail {

static_assert(std::endian::native == std::endian::little, "segment files are little-endian");

template <class Number>
void put(char* at, Number value) {
  std::memcpy(at, &value, sizeof value);
}

template <class Number>
[[nodiscard]] Number take(const char* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace fumi::store::detail
