// IoStep: what one non-blocking attempt at reading or writing came to.
#pragma once

#include <cstddef>

namespace fumi::net::detail {

struct IoStep {
  enum class Kind { done, end, want_read, want_write, gone, failed };
  Kind kind = Kind::failed;
  std::size_t octets = 0;  // when done
};

[[nodiscard]] inline IoStep io_done(std::size_t octets) { return {IoStep::Kind::done, octets}; }
[[nodiscard]] inline IoStep io_step(IoStep::Kind kind) { return {kind, 0}; }

}  // namespace fumi::net::detail
