#include <doctest/doctest.h>

#include "store/blob/conformance.h"
#include "store/memory/memory_blob_store.h"

using namespace fumi;
using namespace fumi::store;

TEST_CASE("the memory store passes the conformance suite of blob stores") {
  MemoryBlobStore store;
  BlobConformance suite{
      .store = store,
      .hanako = {TenantId(1), {}},
      .taro = {TenantId(2), {}},
      .nobody = {TenantId(0), {}},
      .corrupt = [&](TenantScope, const BlobRef& ref) { store.corrupt_for_test(ref); },
  };
  suite.run();
}

TEST_CASE("the memory store fails when it is told to") {
  MemoryBlobStore store;
  const TenantScope scope{TenantId(1), {}};
  const BlobRef ref = store.put_now(scope, "x").value();
  store.fail_with(Error{Code::unavailable, "testing", ""});
  CHECK(store.put_now(scope, "y").error().code == Code::unavailable);
  CHECK(store.get_now(scope, ref).error().code == Code::unavailable);
  store.fail_with(std::nullopt);
  CHECK(store.get_now(scope, ref).value() == "x");
  CHECK(store.count() == 1);
}
