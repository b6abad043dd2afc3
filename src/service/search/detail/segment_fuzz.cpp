// Any bytes as a page or a list of documents are read or refused; what is read is written the same
// again.
#include <cstdint>

#include "base/assert.h"
#include "service/search/detail/segment.h"

using namespace fumi;
using namespace fumi::service::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto documents = decode_documents(bytes);
  if (documents) {
    const auto again = decode_documents(encode_documents(*documents));
    FUMI_ASSERT(again && again->size() == documents->size());
  }
  const SearchPage page{SearchTerm(1), bytes};
  PageReader reader(page);
  for (;;) {
    const auto more = reader.next();
    if (!more || !*more) break;
    const auto postings = reader.postings();
    if (!postings) continue;
    std::uint64_t next = 0;
    for (const Posting& posting : *postings) {
      FUMI_ASSERT(posting.document >= next);
      next = posting.document + 1ULL;
    }
  }
  return 0;
}
