// BlobStore: immutable bytes, encrypted under their tenant's key (DESIGN §3, Blobs).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/task.h"
#include "domain/blob_ref.h"
#include "domain/scope.h"

namespace fumi {

struct BlobRange {
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
};

// A blob that is written but may not be durable yet. A row that names it may only be committed
// after wait_durable() has returned success: hand the barrier to Store::write.
struct PendingBlob {
  BlobRef ref;
  std::move_only_function<Status()> wait_durable;  // blocks; call once, from any thread
};

// Thread-safe. A bad tenant and a missing blob are both Code::not_found; damaged bytes are
// Code::corrupt; a full disk is Code::storage_full; a backend that is away is Code::unavailable.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Durable when it returns. `bytes` must stay alive until then.
  virtual Task<Result<BlobRef>> put(TenantScope scope, std::string_view bytes) = 0;

  // Starts writing; `bytes` are copied or written when it returns. Doesn't wait for the disk.
  virtual Task<Result<PendingBlob>> begin(TenantScope scope, std::string_view bytes) = 0;

  virtual Task<Result<std::string>> get(TenantScope scope, BlobRef ref) = 0;
  // get() of each, in order, with less ado where they are many and small. `visit` is called in any
  // thread, one call at a time, while the caller waits; an error of one blob is the visitor's.
  virtual Task<Status> get_each(TenantScope scope, std::span<const BlobRef> refs,
                                FunctionRef<void(Result<std::string>)> visit);
  virtual Task<Result<std::string>> get_range(TenantScope scope, BlobRef ref, BlobRange range) = 0;
};

}  // namespace fumi
