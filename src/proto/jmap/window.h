// Results of a /query: the part that was asked for (RFC 8620 §5.5), and how one result became
// another (§5.6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/jmap/arguments.h"

namespace fumi::jmap {

struct Window {
  std::size_t position = 0;
  std::vector<std::string> ids;
  std::optional<std::uint64_t> limit;  // told when ours was lower than what was asked for
};

// The same of a result of `size` ids, without them. `anchor_at`: where the anchor stands, if it
// does. anchorNotFound.
struct WindowRange {
  std::size_t position = 0;
  std::size_t count = 0;
  std::optional<std::uint64_t> limit;
};
[[nodiscard]] MethodResult<WindowRange> window_range(std::size_t size,
                                                     std::optional<std::size_t> anchor_at,
                                                     const QueryArguments& arguments,
                                                     std::uint64_t limit_max);

// anchorNotFound.
[[nodiscard]] MethodResult<Window> cut_window(const std::vector<std::string>& ids,
                                              const QueryArguments& arguments,
                                              std::uint64_t limit_max);

struct QueryDifference {
  struct Added {
    std::string id;
    std::size_t index = 0;
  };
  std::vector<std::string> removed;
  std::vector<Added> added;  // by index, ascending
};

// Taking `removed` out of `before` and putting `added` in at their places gives `now`.
[[nodiscard]] QueryDifference query_difference(const std::vector<std::string>& before,
                                               const std::vector<std::string>& now);

}  // namespace fumi::jmap
