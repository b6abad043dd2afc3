// MemoryBlobStore: blobs in a map, for other modules' unit tests and the simulation.
//
// The contract of BlobStore without disk or keys: tenants are apart, equal content is one blob,
// damage is found. Every call completes at once.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "domain/ports/blob_store.h"

namespace fumi::store {

class MemoryBlobStore final : public BlobStore {
 public:
  MemoryBlobStore() = default;

  Task<Result<BlobRef>> put(TenantScope scope, std::string_view bytes) override;
  Task<Result<PendingBlob>> begin(TenantScope scope, std::string_view bytes) override;
  Task<Result<std::string>> get(TenantScope scope, BlobRef ref) override;
  Task<Result<std::string>> get_range(TenantScope scope, BlobRef ref, BlobRange range) override;

  // The same without a coroutine.
  [[nodiscard]] Result<BlobRef> put_now(TenantScope scope, std::string_view bytes);
  [[nodiscard]] Result<std::string> get_now(TenantScope scope, const BlobRef& ref) const;

  // From now on every call fails with this; nullopt heals.
  void fail_with(std::optional<Error> error);
  void corrupt_for_test(const BlobRef& ref);
  [[nodiscard]] std::size_t count() const;

 private:
  struct Stored {
    TenantId tenant;
    BlobRef ref;
    std::string bytes;
    bool corrupt = false;
  };
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Stored> blobs_;  // by locator
  std::map<std::pair<TenantId, std::string>, std::uint64_t> by_content_;
  std::optional<Error> failing_;
};

}  // namespace fumi::store
