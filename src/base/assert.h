// FUMI_ASSERT guards stored data and stays on in release builds: a false one stops the process
// before anything wrong is written. Peer input must never reach one (STYLE §5).
#pragma once

namespace fumi {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define FUMI_ASSERT(expression) \
  ((expression) ? void() : ::fumi::assertion_failed(#expression, __FILE__, __LINE__))
