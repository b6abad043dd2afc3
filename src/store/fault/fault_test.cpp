#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "store/fault/fault_disk.h"

namespace fumi::fault {
namespace {

struct Folder {
  std::string path = "/tmp/fumi-fault-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return path + "/" + name; }
};

std::string content(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::read);
  if (!file) return "missing";
  std::string out((*file)->size().value_or(0), '?');
  CHECK((*file)->read_at(0, out) == out.size());
  return out;
}

std::unique_ptr<File> open(FileSystem& files, const std::string& path,
                           OpenMode mode = OpenMode::create) {
  auto file = files.open(path, mode);
  REQUIRE(file.has_value());
  return std::move(*file);
}

Code code_of(const Status& status) { return status ? Code::internal : status.error().code; }

TEST_CASE("a power cut takes what wasn't synced, and only that") {
  const Folder folder;
  {
    FaultDisk disk(folder.path);
    auto kept = open(disk, folder / "kept");
    auto nameless = open(disk, folder / "nameless");
    CHECK(kept->write_at(0, "synced"));
    CHECK(kept->sync_data());
    CHECK(disk.sync_directory(folder.path));
    auto late = open(disk, folder / "late");
    CHECK(late->write_at(0, "synced, but its name isn't"));
    CHECK(late->sync_data());
    CHECK(nameless->write_at(0, "named, but not synced"));
    CHECK(kept->write_at(3, "CHANGED and longer"));
    CHECK(content(disk, folder / "kept") == "synCHANGED and longer");
    disk.power_cut(PowerCut::clean);
    CHECK(code_of(kept->write_at(0, "x")) == Code::unavailable);
    CHECK(code_of(kept->sync_data()) == Code::unavailable);
    CHECK_FALSE(disk.open(folder / "kept", OpenMode::read));
  }
  FaultDisk disk(folder.path);
  CHECK(content(disk, folder / "kept") == "synced");
  CHECK(content(disk, folder / "nameless").empty());
  CHECK(content(disk, folder / "late") == "missing");
}

TEST_CASE("names change when their folder is synced") {
  const Folder folder;
  for (const bool synced : {false, true}) {
    {
      FaultDisk disk(folder.path);
      for (const char* name : {"a", "b", "c"}) {
        auto file = open(disk, folder / name);
        CHECK(file->truncate(0));
        CHECK(file->write_at(0, name));
        CHECK(file->sync_data());
      }
      CHECK(disk.sync_directory(folder.path));
      auto still_open = open(disk, folder / "b");
      CHECK(disk.rename(folder / "a", folder / "b"));
      CHECK(disk.remove(folder / "c"));
      CHECK(content(disk, folder / "b") == "a");
      CHECK(disk.list(folder.path) == std::vector<std::string>{"b"});
      std::string old(1, '?');
      CHECK(still_open->read_at(0, old) == 1);
      CHECK(old == "b");
      if (synced) CHECK(disk.sync_directory(folder.path));
      CHECK(still_open->read_at(0, old) == 1);
      CHECK(old == "b");
    }
    FaultDisk disk(folder.path);
    CHECK(content(disk, folder / "a") == (synced ? "missing" : "a"));
    CHECK(content(disk, folder / "b") == (synced ? "a" : "b"));
    CHECK(content(disk, folder / "c") == (synced ? "missing" : "c"));
  }
}

TEST_CASE("names can be swapped") {
  const Folder folder;
  {
    FaultDisk disk(folder.path);
    for (const char* name : {"a", "b"}) {
      auto file = open(disk, folder / name);
      CHECK(file->write_at(0, name));
      CHECK(file->sync_data());
    }
    CHECK(disk.sync_directory(folder.path));
    CHECK(disk.rename(folder / "a", folder / "t"));
    CHECK(disk.rename(folder / "b", folder / "a"));
    CHECK(disk.rename(folder / "t", folder / "b"));
    CHECK(disk.sync_directory(folder.path));
  }
  FaultDisk disk(folder.path);
  CHECK(content(disk, folder / "a") == "b");
  CHECK(content(disk, folder / "b") == "a");
  CHECK(disk.list(folder.path) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a torn power cut keeps whole sectors, by the seed") {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Folder folder;
    {
      FaultDisk disk(folder.path, seed);
      auto file = open(disk, folder / "f");
      CHECK(file->write_at(0, std::string(4096, 'o')));
      CHECK(file->sync_data());
      CHECK(disk.sync_directory(folder.path));
      CHECK(file->write_at(0, std::string(4096, 'n')));
      disk.power_cut(PowerCut::torn);
    }
    FaultDisk disk(folder.path);
    const std::string got = content(disk, folder / "f");
    REQUIRE(got.size() == 4096);
    std::string sectors;
    for (std::size_t at = 0; at < got.size(); at += 512) {
      CHECK(got.substr(at, 512) == std::string(512, got[at]));
      sectors += got[at];
    }
    outcomes.insert(sectors);
  }
  CHECK(outcomes.size() > 4);
}

TEST_CASE("truncated and regrown files hold zeros") {
  const Folder folder;
  for (const bool synced : {false, true}) {
    FaultDisk disk(folder.path);
    auto file = open(disk, folder / "f");
    CHECK(file->write_at(0, std::string(10'000, 'x')));
    CHECK(file->sync_data());
    CHECK(file->truncate(5));
    CHECK(file->allocate(0, 9'000));
    if (synced) CHECK(file->sync_data());
    const std::string got = content(disk, folder / "f");
    CHECK(got == "xxxxx" + std::string(8'995, '\0'));
  }
}

TEST_CASE("planned failures come at their turn") {
  const Folder folder;
  FaultDisk disk(folder.path);
  auto file = open(disk, folder / "f");
  disk.fail_after(Operation::write, 2, FaultDisk::Failing::once);
  CHECK(file->write_at(0, "1"));
  CHECK(file->write_at(0, "2"));
  CHECK(code_of(file->write_at(0, "3")) == Code::unavailable);
  CHECK(file->write_at(0, "4"));
  disk.fail_after(Operation::sync, 0, FaultDisk::Failing::for_good);
  CHECK(code_of(file->sync_data()) == Code::unavailable);
  CHECK(code_of(disk.sync_directory(folder.path)) == Code::unavailable);
  disk.heal();
  disk.set_space(10);
  CHECK(file->write_at(1, std::string(10, 'x')));
  CHECK(code_of(file->write_at(11, "y")) == Code::storage_full);
  CHECK(code_of(file->allocate(0, 100)) == Code::storage_full);
  CHECK(file->write_at(0, "overwrites"));  // needs no space
}

TEST_CASE("a failed sync drops its bytes although the next one succeeds") {
  const Folder folder;
  {
    FaultDisk disk(folder.path);
    auto file = open(disk, folder / "f");
    CHECK(disk.sync_directory(folder.path));
    CHECK(file->write_at(0, "lost"));
    disk.fail_after(Operation::sync, 0, FaultDisk::Failing::once);
    CHECK_FALSE(file->sync_data());
    CHECK(file->sync_data());
    CHECK(content(disk, folder / "f") == "lost");
  }
  FaultDisk disk(folder.path);
  CHECK(content(disk, folder / "f") == std::string(4, '\0'));
}

TEST_CASE("a failed sync is told once to each other handle, and not to later ones") {
  const Folder folder;
  FaultDisk disk(folder.path);
  const std::string path = folder.path + "/f";
  const auto one = disk.open(path, OpenMode::create);
  const auto other = disk.open(path, OpenMode::read_write);
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  CHECK((*other)->write_at(0, "lost").has_value());
  disk.fail_after(Operation::sync, 0, FaultDisk::Failing::once);
  CHECK_FALSE((*one)->sync_data().has_value());
  CHECK((*one)->sync_data().has_value());
  CHECK_FALSE((*other)->sync_data().has_value());
  CHECK((*other)->sync_data().has_value());
  const auto late = disk.open(path, OpenMode::read_write);
  REQUIRE(late.has_value());
  CHECK((*late)->sync_data().has_value());
}

TEST_CASE("a disk that lies about syncs keeps nothing of them") {
  const Folder folder;
  {
    FaultDisk disk(folder.path);
    auto file = open(disk, folder / "f");
    CHECK(disk.sync_directory(folder.path));
    CHECK(file->write_at(0, "kept"));
    CHECK(file->sync_data());
    disk.ignore_syncs();
    CHECK(file->write_at(0, "lost"));
    CHECK(file->sync_data());
    CHECK(content(disk, folder / "f") == "lost");
  }
  FaultDisk disk(folder.path);
  CHECK(content(disk, folder / "f") == "kept");
}

TEST_CASE("modes, locks and missing files are as on a real disk") {
  const Folder folder;
  FaultDisk disk(folder.path);
  for (FileSystem* files : {static_cast<FileSystem*>(&disk), &posix_files()}) {
    const std::string path = folder.path + (files == &disk ? "/fault" : "/real");
    CHECK(files->open(path, OpenMode::read).error().code == Code::not_found);
    CHECK(files->open(path, OpenMode::read_write).error().code == Code::not_found);
    CHECK(files->open(folder.path + "/none/f", OpenMode::create).error().code == Code::not_found);
    auto file = open(*files, path, OpenMode::create_new);
    CHECK(files->open(path, OpenMode::create_new).error().code == Code::conflict);
    CHECK(file->lock_exclusive());
    auto second = open(*files, path, OpenMode::read_write);
    CHECK(code_of(second->lock_exclusive()) == Code::conflict);
    file.reset();
    CHECK(second->lock_exclusive());
    const std::array<std::string_view, 3> parts{"one ", "", "two"};
    CHECK(second->write_at(2, parts));
    CHECK(content(*files, path) == std::string("\0\0one two", 9));
    CHECK(files->size(path) == 9U);
    CHECK(files->exists(path) == true);
    std::string tail(10, '?');
    CHECK(second->read_at(7, tail) == 2U);
    CHECK(second->read_at(100, tail) == 0U);
    CHECK(files->make_directory(folder.path + "/x/y"));
    CHECK(files->make_directory(folder.path + "/x/y"));
    CHECK(files->remove(path));
    CHECK(code_of(files->remove(path)) == Code::not_found);
    CHECK(files->exists(path) == false);
    CHECK(code_of(files->rename(path, path)) == Code::not_found);
    CHECK_FALSE(files->list(folder.path + "/nothing"));
    CHECK_FALSE(files->sync_directory(folder.path + "/nothing"));
    CHECK_FALSE(files->size(path));
  }
}

}  // namespace
}  // namespace fumi::fault
