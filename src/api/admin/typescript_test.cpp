// The types that the consoles are built with are those of the operations as they are.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/admin/admin_routes.h"
#include "base/source_dir.h"

namespace fumi::api::admin {
namespace {

std::string file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// FUMI_WRITE_TYPES=1 writes the file, where no program `fumi` is built that ./dev doc could ask.
TEST_CASE("docs/api/admin.d.ts is what the operations are: else run ./dev doc and commit it") {
  const std::filesystem::path path = testing::source_dir() / "docs/api/admin.d.ts";
  if (std::getenv("FUMI_WRITE_TYPES") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << typescript_types();
  }
  CHECK((file(path) == typescript_types()));
}

TEST_CASE("types: choices are unions, what may be missing is optional, comments can't be ended") {
  const std::string types = typescript_types();
  CHECK(types.contains("  readonly status: \"active\" | \"suspended\" | \"terminated\";\n"));
  CHECK(types.contains("  readonly aliases?: ReadonlyArray<string>;\n"));
  CHECK(
      types.contains("  showAccount: {\n    method: \"GET\";\n"
                     "    path: \"/api/admin/v1/accounts/{address}\";\n"
                     "    permission: \"accounts.read\";\n"
                     "    parameters: { address: string; };\n"
                     "    status: 200;\n    answer: Account;\n  };\n"));
  CHECK(types.contains("answer: null;"));
}

}  // namespace
}  // namespace fumi::api::admin
