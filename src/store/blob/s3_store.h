// S3BlobStore: blobs in any S3-compatible object store, the scaled-out adapter of BlobStore.
//
// An object is "FBo1" | flags (4) | plaintext octets (8) | envelope (detail/envelope.h), named
//   PREFIX/TENANT/DAY/HASH
// The day of writing, which is the locator too, is in the name so that garbage can be collected
// safely: nobody writes to a day that is long over, so what a sweep finds dead there stays dead.
// With the hash alone, a put of the same content could meet the sweep that deletes it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/secret.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/key_ring.h"
#include "domain/ports/blob_store.h"

namespace fumi::store {

enum class S3Addressing { path, virtual_host };

struct S3BlobOptions {
  std::string endpoint;  // "https://s3.ap-northeast-1.amazonaws.com", "http://127.0.0.1:9000"
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix = "fumi";  // may be empty
  S3Addressing addressing = S3Addressing::path;
  std::string access_key;
  Secret secret_key;
  std::string ca_file;  // empty: the system's
  std::string proxy;    // empty: none, whatever the environment says

  std::uint64_t blob_octets_max = 512ULL << 20U;  // at most this; more is Code::too_large
  std::size_t workers = 16;                       // threads, and connections kept alive
  std::size_t waiting_max = 10'000;               // calls queued for them; then Code::unavailable
  Duration connect_timeout = std::chrono::seconds(5);
  Duration request_timeout = std::chrono::seconds(60);  // of one attempt
  Duration deadline = std::chrono::seconds(120);        // of all attempts
  int attempts_max = 5;
  Duration backoff = std::chrono::milliseconds(100);  // doubled each time, with jitter
  std::size_t recent_max = 65'536;                    // blobs remembered for deduplication
  Duration recent_age_max = std::chrono::minutes(10);
};

struct S3SweepReport {
  std::uint64_t objects = 0;
  std::uint64_t deleted = 0;
  std::uint64_t octets_freed = 0;
};

// Thread-safe. Everything runs on the store's workers; awaiting coroutines aren't cancelled.
// begin() uploads before it returns: its barrier has nothing left to wait for, so that a writer
// thread never waits for the network. Timeouts, 5xx and refusals (which are logged) are
// Code::unavailable.
class S3BlobStore final : public BlobStore {
 public:
  // Checks the options, and nothing on the network: a store that is away must not keep mail from
  // starting. `keys` and `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<S3BlobStore>> open(crypto::KeyRing& keys,
                                                                 const Clock& clock,
                                                                 S3BlobOptions options);
  ~S3BlobStore() override;  // nobody may be awaiting it any more

  Task<Result<BlobRef>> put(TenantScope scope, std::string_view bytes) override;
  Task<Result<PendingBlob>> begin(TenantScope scope, std::string_view bytes) override;
  Task<Result<std::string>> get(TenantScope scope, BlobRef ref) override;
  Task<Result<std::string>> get_range(TenantScope scope, BlobRef ref, BlobRange range) override;

  // Blocks: one request that shows whether endpoint, bucket and credentials work.
  [[nodiscard]] Status probe();

  // Deletes a tenant's objects of days before today - `grace_days` (at least 2) that `is_live`
  // denies. Blocks for long. `is_live` must look at rows as they are when it is called.
  using IsLive = std::function<Result<bool>(const BlobRef& hash_and_locator)>;
  [[nodiscard]] Result<S3SweepReport> sweep(TenantId tenant, int grace_days, const IsLive& is_live);

  // Where a blob's object lies in the bucket.
  [[nodiscard]] std::string object_key(TenantId tenant, const BlobRef& ref) const;

 private:
  struct State;
  explicit S3BlobStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fumi::store
