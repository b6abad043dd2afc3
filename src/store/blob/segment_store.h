// SegmentBlobStore: blobs in append-only segment files, the embedded adapter of BlobStore.
//
// One process has the folder open at a time. README.md tells the form of the files and why.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/function_ref.h"
#include "base/time.h"
#include "crypto/key_ring.h"
#include "domain/ports/blob_store.h"

namespace fumi::store {

struct SegmentBlobOptions {
  std::string folder;
  std::uint64_t segment_octets = 256ULL << 20U;   // below 2^32
  std::uint64_t allocate_octets = 16ULL << 20U;   // reserved at a time
  std::uint64_t blob_octets_max = 512ULL << 20U;  // at most this; more is Code::too_large
  std::uint64_t inline_octets_max = 256 * 1024;   // larger ones are hashed and sealed on a worker
  std::size_t workers = 4;                        // threads that read, and seal large blobs
  std::size_t waiting_max = 10'000;               // calls queued for them; then Code::unavailable
  std::size_t open_files_max = 512;
  std::size_t recent_max = 65'536;                     // blobs remembered for deduplication
  Duration recent_age_max = std::chrono::minutes(10);  // well below CompactionOptions::grace
  // CPU time that compression may take, in cores (0.2 is a fifth of one); bodies beyond it are
  // stored as they are. Negative: without limit.
  double compression_cores = -1;
  // A sync has failed: nothing is acknowledged from now on. The process should say so and end.
  // Called once, from any thread.
  std::function<void(const Error&)> on_fatal;
};

// Calls `visit` with the locator of every BlobRef in rows whose upper 32 bits are `segment`. All
// calls of one compaction must read one snapshot that began after compact() was called, or later.
using LiveBlobs =
    std::function<Status(std::uint32_t segment, FunctionRef<void(std::uint64_t locator)> visit)>;

struct CompactionOptions {
  double live_ratio_min = 0.7;  // segments with less of live octets are rewritten
  // Blobs younger than this are live, row or not: a row must be committed within
  // grace - recent_age_max of the put that returned its blob.
  Duration grace = std::chrono::hours(2);
  std::uint64_t batch_octets = 4ULL << 20U;  // moved between syncs
  std::function<bool()> stop;                // asked between segments: Code::cancelled
};

struct CompactionReport {
  std::uint64_t considered = 0;
  std::uint64_t compacted = 0;
  std::uint64_t damaged = 0;  // left alone
  std::uint64_t octets_moved = 0;
  std::uint64_t octets_freed = 0;
};

enum class CheckDepth { checksums, contents };  // contents: also decrypts and hashes

struct BlobDamage {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;
  std::string detail;
};

struct BlobCheckReport {
  std::uint64_t segments = 0;
  std::uint64_t records = 0;
  std::uint64_t octets = 0;
  std::uint64_t erased = 0;  // records whose tenant's key was destroyed
  std::uint64_t damages = 0;
  std::vector<BlobDamage> damage;  // the first thousand
};

// Thread-safe. put and begin of small blobs hash, compress and seal on the caller's thread, which
// also opens up to 32 KiB a call that lie in the page cache; the rest runs on workers. Awaiting
// coroutines aren't cancelled while they wait for the disk: that is a commit point. Ranges are cut
// to the blob. After a failed sync put and begin return unavailable.
class SegmentBlobStore final : public BlobStore {
 public:
  // Cuts a torn tail off the last segment. Damage to acknowledged records is logged and left for
  // check(); the store opens and serves what is good. Code::conflict: another process has it open.
  // `files`, `keys` and `clock` must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<SegmentBlobStore>> open(FileSystem& files,
                                                                      crypto::KeyRing& keys,
                                                                      const Clock& clock,
                                                                      SegmentBlobOptions options);
  ~SegmentBlobStore() override;  // nobody may be awaiting it any more

  Task<Result<BlobRef>> put(TenantScope scope, std::string_view bytes) override;
  Task<Result<PendingBlob>> begin(TenantScope scope, std::string_view bytes) override;
  Task<Result<std::string>> get(TenantScope scope, BlobRef ref) override;
  Task<Status> get_each(TenantScope scope, std::span<const BlobRef> refs,
                        FunctionRef<void(Result<std::string>)> visit) override;
  Task<Result<std::string>> get_range(TenantScope scope, BlobRef ref, BlobRange range) override;

  // Rewrites segments that are mostly garbage; locators stay valid through small maps that replace
  // the old files. Blocks for long; one at a time; runs beside everything else. A crash at any
  // moment loses nothing.
  [[nodiscard]] Result<CompactionReport> compact(const LiveBlobs& live, CompactionOptions options);

  // Reads and verifies every record. `progress` gets the octets read of the octets to read, and
  // says whether to go on. Blocks for long; runs beside everything else.
  [[nodiscard]] Result<BlobCheckReport> check(
      CheckDepth depth, FunctionRef<bool(std::uint64_t done, std::uint64_t all)> progress);

  // Empty while it works; what put and begin answer with since a sync failed.
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  struct State;
  struct Written;
  explicit SegmentBlobStore(std::unique_ptr<State> state);
  Task<Result<Written>> write(TenantScope scope, std::string_view bytes);

  std::unique_ptr<State> state_;
};

}  // namespace fumi::store
