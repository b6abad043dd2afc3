// Any bytes in any chunking give the same items; what was read and is written comes back.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "api/mail_stream.h"
#include "base/assert.h"

using namespace fumi;
using namespace fumi::api;

namespace {

std::vector<MailItem> read(std::string_view stream, std::size_t piece) {
  MailStreamReader reader;
  std::vector<MailItem> items;
  while (!stream.empty()) {
    reader.feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    for (;;) {
      auto item = reader.next();
      if (!item) return items;
      if (!*item) break;
      items.push_back(std::move(**item));
    }
  }
  return items;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read(bytes, bytes.size());
  const auto pieces = read(bytes, 3);
  FUMI_ASSERT(whole.size() == pieces.size());
  for (std::size_t i = 0; i < whole.size(); ++i)
    FUMI_ASSERT(whole[i].bytes == pieces[i].bytes && whole[i].folder == pieces[i].folder);
  return 0;
}
