#pragma once
#include <filesystem>

namespace fumi::testing {

// For tests only (cmake/test_main.cpp defines it): the root of the source tree they were built
// from, where scripts, corpora and tools are.
const std::filesystem::path& source_dir();

}  // namespace fumi::testing
