// Any bytes in any chunking give the same messages; what was read and is written comes back.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "mime/maildir.h"
#include "mime/mbox.h"

using namespace fumi::mime;

namespace {

std::vector<MboxMessage> read(std::string_view file, std::size_t piece) {
  MboxReader reader(4096);
  std::vector<MboxMessage> out;
  while (!file.empty()) {
    reader.feed(file.substr(0, piece));
    file.remove_prefix(std::min(piece, file.size()));
    while (auto message = reader.next())
      out.push_back(std::move(*message));
  }
  reader.finish();
  while (auto message = reader.next())
    out.push_back(std::move(*message));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read(bytes, bytes.size());
  const auto pieces = read(bytes, 3);
  FUMI_ASSERT(whole.size() == pieces.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    FUMI_ASSERT(whole[i].bytes == pieces[i].bytes && whole[i].flags == pieces[i].flags);
    FUMI_ASSERT(whole[i].size == pieces[i].size);
  }
  const std::string crlf = bare_lf_to_crlf(bytes);
  FUMI_ASSERT(bare_lf_to_crlf(crlf) == crlf);
  const auto keywords = parse_maildir_keywords(bytes);
  const FileFlags flags = maildir_flags(bytes, keywords);
  FUMI_ASSERT(maildir_flags("x" + maildir_info(flags, keywords), keywords).bits == flags.bits);
  if (const auto mailbox = maildir_mailbox(bytes)) {
    const auto folder = maildir_folder(*mailbox);
    FUMI_ASSERT(folder && maildir_mailbox(*folder) == mailbox);
  }
  return 0;
}
