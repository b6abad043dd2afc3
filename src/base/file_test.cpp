#include "base/file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>

namespace fumi {
namespace {

TEST_CASE("errors of the system have the code that callers act on") {
  CHECK(file_error(ENOSPC, "x").code == Code::storage_full);
  CHECK(file_error(EDQUOT, "x").code == Code::storage_full);
  CHECK(file_error(ENOENT, "x").code == Code::not_found);
  CHECK(file_error(EEXIST, "x").code == Code::conflict);
  CHECK(file_error(EROFS, "x").code == Code::denied);
  CHECK(file_error(EIO, "x").code == Code::unavailable);
  CHECK(file_error(EINVAL, "x").code == Code::internal);
}

TEST_CASE("many parts, more than the system takes at once, are written in order") {
  std::string folder = "/tmp/fumi-file-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  {
    auto file = posix_files().open(folder + "/f", OpenMode::create_new);
    REQUIRE(file.has_value());
    std::vector<std::string> texts;
    std::string all;
    for (int i = 0; i < 3000; ++i) {
      texts.push_back(
          std::string(static_cast<std::size_t>(i % 5), static_cast<char>('a' + i % 26)));
      all += texts.back();
    }
    const std::vector<std::string_view> parts(texts.begin(), texts.end());
    CHECK((*file)->write_at(0, parts));
    CHECK((*file)->sync_data());
    std::string back(all.size(), '?');
    CHECK((*file)->read_at(0, back) == all.size());
    CHECK(back == all);
    // What was written a moment ago lies in memory; a read that the file's end cuts short is whole.
    std::string at_once(all.size() + 10, '?');
    const auto count = (*file)->read_at_once(0, at_once);
    if (count) {  // some file systems can't tell
      CHECK(*count == all.size());
      CHECK(at_once.substr(0, *count) == all);
    }
    CHECK((*file)->allocate(0, 1 << 20));
    CHECK((*file)->size() == std::uint64_t(1 << 20));
    CHECK(posix_files().sync_directory(folder));
    CHECK(posix_files().list(folder) == std::vector<std::string>{"f"});
    CHECK(posix_files().make_directory(folder + "/f").error().code == Code::conflict);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fumi
