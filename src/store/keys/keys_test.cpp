#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "crypto/key_ring.h"
#include "crypto/root_key.h"
#include "store/fault/fault_disk.h"
#include "store/keys/file_key_store.h"

using namespace fumi;
using namespace fumi::store;
using crypto::TenantNumber;

namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "fumi-keys-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const TenantNumber kOne(1);
const TenantNumber kTwo(2);

}  // namespace

TEST_CASE("the keystore keeps, replaces, lists and destroys") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/keys";
  auto store = FileKeyStore::open(posix_files(), path).value();
  CHECK(store->load(kOne).error().code == Code::not_found);
  CHECK(store->replace(kOne, "x").error().code == Code::not_found);
  CHECK(store->destroy(kOne).error().code == Code::not_found);
  CHECK(store->create(TenantNumber(0), "x").error().code == Code::invalid);
  CHECK(store->create(kOne, "").error().code == Code::invalid);
  CHECK(store->create(kOne, std::string(5000, 'x')).error().code == Code::invalid);
  REQUIRE(store->create(kTwo, "two"));
  REQUIRE(store->create(kOne, "one"));
  CHECK(store->create(kOne, "again").error().code == Code::conflict);
  CHECK(store->list().value() == std::vector{kOne, kTwo});
  REQUIRE(store->replace(kOne, "longer than one"));
  REQUIRE(store->replace(kOne, "eins"));
  CHECK(store->load(kOne).value() == "eins");
  REQUIRE(store->destroy(kOne));
  REQUIRE(store->destroy(kOne));
  CHECK(store->load(kOne).error().code == Code::not_found);
  CHECK(store->replace(kOne, "x").error().code == Code::not_found);
  CHECK(store->create(kOne, "x").error().code == Code::conflict);
  CHECK_FALSE(std::filesystem::exists(path + "/1.key"));

  store = FileKeyStore::open(posix_files(), path).value();
  CHECK(store->list().value() == std::vector{kTwo});
  CHECK(store->load(kTwo).value() == "two");
}

TEST_CASE("two processes don't change a keystore at once") {
  const TemporaryFolder folder;
  auto store = FileKeyStore::open(posix_files(), folder.path()).value();
  auto other = posix_files().open(folder.path() + "/lock", OpenMode::create).value();
  REQUIRE(other->lock_exclusive());
  CHECK(store->create(kOne, "x").error().code == Code::unavailable);
  other.reset();
  CHECK(store->create(kOne, "x").has_value());
}

TEST_CASE("a power cut at any operation leaves the old or the new key, and nothing half") {
  enum class Change { create, replace, destroy };
  for (const Change change : {Change::create, Change::replace, Change::destroy}) {
    for (std::uint64_t after = 0;; ++after) {
      CAPTURE(after);
      REQUIRE(after < 100);
      const TemporaryFolder folder;
      const std::string path = folder.path() + "/keys";
      bool done = false;
      {
        fault::FaultDisk disk(folder.path(), after + 1);
        auto store = FileKeyStore::open(disk, path).value();
        if (change != Change::create) REQUIRE(store->create(kOne, "old"));
        disk.fail_after(fault::Operation::any, after, fault::FaultDisk::Failing::for_good);
        Status status;
        if (change == Change::create) status = store->create(kOne, "new");
        if (change == Change::replace) status = store->replace(kOne, "new");
        if (change == Change::destroy) status = store->destroy(kOne);
        done = status.has_value();
        disk.power_cut(fault::PowerCut::torn);
      }
      fault::FaultDisk disk(folder.path());
      auto store = FileKeyStore::open(disk, path);
      REQUIRE(store);
      const auto key = (*store)->load(kOne);
      if (!key) CHECK(key.error().code == Code::not_found);
      if (change == Change::create && key) CHECK(*key == "new");
      if (change == Change::create && done) CHECK(key);
      if (change == Change::replace) CHECK((key && (*key == "new" || (!done && *key == "old"))));
      if (change == Change::destroy && key) CHECK((!done && *key == "old"));
      if (change == Change::destroy && !key) CHECK((*store)->destroy(kOne));
      if (done) break;
    }
  }
}

TEST_CASE("the key ring and root-key rotation work on the keystore") {
  const TemporaryFolder folder;
  auto store = FileKeyStore::open(posix_files(), folder.path()).value();
  const auto old_root = std::make_shared<const crypto::RootKey>(Secret(std::string(32, '1')));
  const auto new_root = std::make_shared<const crypto::RootKey>(Secret(std::string(32, '2')));
  std::string sealed;
  {
    crypto::KeyRing ring(*store, old_root, nullptr, system_clock());
    REQUIRE(ring.create(kOne));
    REQUIRE(ring.create(kTwo));
    sealed = ring.get(kTwo).value()->seal("p", "text", "");
  }
  CHECK(crypto::rewrap_all(*store, *old_root, *new_root).value() == 2);
  crypto::KeyRing ring(*store, new_root, nullptr, system_clock());
  CHECK(ring.get(kTwo).value()->open("p", sealed, "").value() == "text");
  REQUIRE(ring.destroy(kTwo));
  CHECK(ring.get(kTwo).error().code == Code::not_found);
}
