#include "domain/ports/blob_store.h"

namespace fumi {

Task<Status> BlobStore::get_each(TenantScope scope, std::span<const BlobRef> refs,
                                 FunctionRef<void(Result<std::string>)> visit) {
  for (const BlobRef& ref : refs) {
    auto bytes = co_await get(scope, ref);
    visit(std::move(bytes));
  }
  co_return Status();
}

}  // namespace fumi
