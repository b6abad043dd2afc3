#include "store/memory/memory_blob_store.h"

#include "crypto/hash.h"

namespace fumi::store {

Result<BlobRef> MemoryBlobStore::put_now(TenantScope scope, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (failing_) return std::unexpected(*failing_);
  if (!scope.tenant) return fail(Code::not_found, "writing a blob", "no tenant");
  const auto known = by_content_.find({scope.tenant, std::string(bytes)});
  if (known != by_content_.end()) return blobs_.at(known->second).ref;
  BlobRef ref;
  ref.hash = crypto::hmac_sha256(scope.tenant.text(), bytes);
  ref.octets = bytes.size();
  ref.locator = blobs_.size() + 1;
  blobs_[ref.locator] = {scope.tenant, ref, std::string(bytes)};
  by_content_[{scope.tenant, std::string(bytes)}] = ref.locator;
  return ref;
}

Result<std::string> MemoryBlobStore::get_now(TenantScope scope, const BlobRef& ref) const {
  constexpr auto kDoing = "reading a blob";
  const std::lock_guard lock(mutex_);
  if (failing_) return std::unexpected(*failing_);
  const auto found = blobs_.find(ref.locator);
  if (found == blobs_.end()) return fail(Code::not_found, kDoing);
  const Stored& stored = found->second;
  if (stored.tenant != scope.tenant || stored.ref != ref) return fail(Code::not_found, kDoing);
  if (stored.corrupt) return fail(Code::corrupt, kDoing);
  return stored.bytes;
}

Task<Result<BlobRef>> MemoryBlobStore::put(TenantScope scope, std::string_view bytes) {
  co_return put_now(scope, bytes);
}

Task<Result<PendingBlob>> MemoryBlobStore::begin(TenantScope scope, std::string_view bytes) {
  const Result<BlobRef> ref = put_now(scope, bytes);
  if (!ref) co_return std::unexpected(ref.error());
  PendingBlob pending;
  pending.ref = *ref;
  pending.wait_durable = [] { return Status(); };
  co_return pending;
}

Task<Result<std::string>> MemoryBlobStore::get(TenantScope scope, BlobRef ref) {
  co_return get_now(scope, ref);
}

Task<Result<std::string>> MemoryBlobStore::get_range(TenantScope scope, BlobRef ref,
                                                     BlobRange range) {
  Result<std::string> all = get_now(scope, ref);
  if (!all) co_return all;
  const std::uint64_t offset = std::min<std::uint64_t>(range.offset, all->size());
  co_return all->substr(offset, range.octets);
}

void MemoryBlobStore::fail_with(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  failing_ = std::move(error);
}

void MemoryBlobStore::corrupt_for_test(const BlobRef& ref) {
  const std::lock_guard lock(mutex_);
  if (const auto found = blobs_.find(ref.locator); found != blobs_.end()) {
    found->second.corrupt = true;
  }
}

std::size_t MemoryBlobStore::count() const {
  const std::lock_guard lock(mutex_);
  return blobs_.size();
}

}  // namespace fumi::store
