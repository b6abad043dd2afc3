#include "proto/jmap/window.h"

#include <algorithm>
#include <unordered_map>

namespace fumi::jmap {

MethodResult<WindowRange> window_range(std::size_t count, std::optional<std::size_t> anchor_at,
                                       const QueryArguments& arguments, std::uint64_t limit_max) {
  const auto size = std::int64_t(count);
  std::int64_t position = arguments.position;
  if (arguments.anchor) {
    if (!anchor_at) return refuse("anchorNotFound");
    position = std::max<std::int64_t>(std::int64_t(*anchor_at) + arguments.anchor_offset, 0);
  } else if (position < 0) {
    position = std::max<std::int64_t>(size + position, 0);
  }
  WindowRange range;
  range.position = std::size_t(position);
  std::uint64_t limit = limit_max;
  if (arguments.limit) limit = std::min(*arguments.limit, limit_max);
  if (!arguments.limit || *arguments.limit > limit_max) range.limit = limit;
  if (position < size)
    range.count = std::size_t(std::min<std::uint64_t>(limit, std::uint64_t(size - position)));
  return range;
}

MethodResult<Window> cut_window(const std::vector<std::string>& ids,
                                const QueryArguments& arguments, std::uint64_t limit_max) {
  std::optional<std::size_t> anchor_at;
  if (arguments.anchor) {
    const auto found = std::ranges::find(ids, *arguments.anchor);
    if (found != ids.end()) anchor_at = std::size_t(found - ids.begin());
  }
  const auto range = window_range(ids.size(), anchor_at, arguments, limit_max);
  if (!range) return std::unexpected(range.error());
  Window window{range->position, {}, range->limit};
  for (std::size_t i = 0; i < range->count; ++i)
    window.ids.push_back(ids[range->position + i]);
  return window;
}

// Keeps the longest run of ids that stand in both in the same order; the others move. The run is
// found as a longest ascending sequence of old positions, in n log n.
QueryDifference query_difference(const std::vector<std::string>& before,
                                 const std::vector<std::string>& now) {
  std::unordered_map<std::string_view, std::size_t> old_place;
  for (std::size_t i = 0; i < before.size(); ++i)
    old_place.emplace(before[i], i);
  constexpr std::size_t kNone = SIZE_MAX;
  std::vector<std::size_t> place(now.size(), kNone);
  std::vector<std::size_t> tails;  // indices into `now`
  std::vector<std::size_t> previous(now.size(), kNone);
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto found = old_place.find(now[i]);
    if (found == old_place.end()) continue;
    place[i] = found->second;
    const auto at = std::ranges::lower_bound(tails, place[i], {},
                                             [&](std::size_t index) { return place[index]; });
    if (at != tails.begin()) previous[i] = *(at - 1);
    if (at == tails.end())
      tails.push_back(i);
    else
      *at = i;
  }
  std::vector<char> kept_now(now.size(), 0);
  std::vector<char> kept_before(before.size(), 0);
  for (std::size_t i = tails.empty() ? kNone : tails.back(); i != kNone; i = previous[i]) {
    kept_now[i] = 1;
    kept_before[place[i]] = 1;
  }
  QueryDifference out;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (kept_before[i] == 0) out.removed.push_back(before[i]);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (kept_now[i] == 0) out.added.push_back({now[i], i});
  return out;
}

}  // namespace fumi::jmap
