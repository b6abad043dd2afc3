// Any bytes are some message: offsets stay inside, the stored form round-trips, every part decodes.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "codec/utf8.h"
#include "mime/body.h"
#include "mime/structure.h"

using namespace fumi::mime;

namespace {

void visit(const Part& part, const Part& root, std::string_view raw, std::uint64_t begin,
           std::uint64_t end) {
  FUMI_ASSERT(begin <= part.header_begin && part.header_begin <= part.body_begin);
  FUMI_ASSERT(part.body_begin <= part.body_end && part.body_end <= end);
  FUMI_ASSERT(!part.is_multipart() || !part.children.empty());
  FUMI_ASSERT(!part.is_message() || (part.children.size() == 1 && part.envelope != nullptr));
  static_cast<void>(content(part, raw));
  FUMI_ASSERT(fumi::codec::is_utf8(text_content(part, raw)));
  FUMI_ASSERT(fumi::codec::is_utf8(file_name(part)));
  for (const Part& child : part.children)
    visit(child, root, raw, part.body_begin, part.body_end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  const Summary summary = parse(raw);
  visit(summary.root, summary.root, raw, 0, raw.size());
  const std::string stored = encode(summary);
  const auto again = decode(stored);
  FUMI_ASSERT(again && encode(*again) == stored);
  static_cast<void>(decode(raw));
  for (std::uint32_t i = 0; i < 4; ++i) {
    static_cast<void>(find_part(summary.root, {i}));
    static_cast<void>(find_part(summary.root, {1, i, 1}));
  }
  return 0;
}
