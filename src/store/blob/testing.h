// What the tests of blob adapters share: folders, keys, blocking calls. Tests only.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "crypto/key_ring.h"
#include "store/blob/conformance.h"

namespace fumi::store::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "fumi-blob-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class MapKeyStore final : public crypto::KeyStore {
 public:
  Status create(crypto::TenantNumber tenant, std::string wrapped) override {
    keys_[tenant] = std::move(wrapped);
    return {};
  }
  Result<std::string> load(crypto::TenantNumber tenant) override {
    const auto found = keys_.find(tenant);
    if (found == keys_.end()) return fail(Code::not_found, "loading a key");
    return found->second;
  }
  Status replace(crypto::TenantNumber, std::string) override {
    return fail(Code::unsupported, "replacing a key");
  }
  Status destroy(crypto::TenantNumber tenant) override {
    keys_.erase(tenant);
    return {};
  }
  Result<std::vector<crypto::TenantNumber>> list() override {
    return fail(Code::unsupported, "listing keys");
  }

 private:
  std::map<crypto::TenantNumber, std::string> keys_;
};

inline const TenantScope kHanako{TenantId(1), {}};
inline const TenantScope kTaro{TenantId(2), {}};
inline const TenantScope kNobody{TenantId(99), {}};

// Keys of two tenants, the same in every test, and a clock that tests move.
struct Bench {
  TemporaryFolder folder;
  FakeClock clock{from_micros(1'800'000'000'000'000)};
  MapKeyStore key_store;
  crypto::KeyRing keys{key_store,
                       std::make_shared<const crypto::RootKey>(Secret(std::string(32, 'r'))),
                       nullptr, clock};
  Bench() {
    REQUIRE(keys.create(crypto::TenantNumber(1)));
    REQUIRE(keys.create(crypto::TenantNumber(2)));
  }
};

inline Result<BlobRef> put(BlobStore& store, TenantScope scope, const std::string& bytes) {
  return run_task(store.put(scope, bytes));
}
inline Result<std::string> get(BlobStore& store, TenantScope scope, const BlobRef& ref) {
  return run_task(store.get(scope, ref));
}

}  // namespace fumi::store::testing
