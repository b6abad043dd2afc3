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
