#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "base/source_dir.h"

#include <doctest/doctest.h>

const std::filesystem::path& fumi::testing::source_dir() {
  static const std::filesystem::path path = FUMI_SOURCE_DIR;
  return path;
}
