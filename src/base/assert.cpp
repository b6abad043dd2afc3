#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace fumi {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "fumi: assertion failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace fumi
