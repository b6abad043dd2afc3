// A statement over many UIDs: runs of them as ranges, what lies alone sixteen at a time. One text
// for every number of UIDs, and each an index look-up on both engines.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "domain/ids.h"

namespace fumi::store {

using Sixteen = std::array<std::uint32_t, 16>;

// `uids` ascending, each once. `range(first, last)` and `sixteen(uids)` return Status and are
// called so that every UID is in one call; what fills the last sixteen up is a UID twice. A range
// holds no UID that was not asked for.
template <class Range, class SixteenOf>
Status by_runs(const std::vector<Uid>& uids, Range range, SixteenOf sixteen) {
  constexpr std::size_t kRunFrom = 8;
  Sixteen some{};
  std::size_t count = 0;
  for (std::size_t at = 0; at < uids.size();) {
    std::size_t end = at + 1;
    while (end < uids.size() && uids[end].value == uids[end - 1].value + 1)
      ++end;
    if (end - at >= kRunFrom) {
      FUMI_CHECK(range(uids[at], uids[end - 1]));
      at = end;
      continue;
    }
    for (; at < end; ++at) {
      some[count++] = uids[at].value;
      if (count < some.size()) continue;
      FUMI_CHECK(sixteen(some));
      count = 0;
    }
  }
  if (count == 0) return {};
  std::fill(some.begin() + std::ptrdiff_t(count), some.end(), some[0]);
  return sixteen(some);
}

}  // namespace fumi::store
