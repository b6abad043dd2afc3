// Recovery and reading of a segment whose bytes are anything at all.
#include <cstdint>
#include <cstdlib>

#include "store/blob/detail/segment_reader.h"

namespace {

using namespace fumi;

class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (offset >= bytes_.size()) return 0;
    return bytes_.copy(into.data(), into.size(), offset);
  }
  Status write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    for (const std::string_view part : parts) {
      if (bytes_.size() < offset + part.size()) bytes_.resize(offset + part.size());
      bytes_.replace(offset, part.size(), part);
      offset += part.size();
    }
    return {};
  }
  Status sync_data() override { return {}; }
  Status truncate(std::uint64_t size) override {
    bytes_.resize(size);
    return {};
  }
  Status allocate(std::uint64_t offset, std::uint64_t length) override {
    if (bytes_.size() < offset + length) bytes_.resize(offset + length);
    return {};
  }
  Result<std::uint64_t> size() override { return bytes_.size(); }
  Status lock_exclusive() override { return {}; }

 private:
  std::string bytes_;
};

// What recovery kept is whole, and recovering again changes nothing.
void check(MemoryFile& file, const store::detail::Recovered& recovered) {
  if (recovered.damaged) return;
  if (!recovered.end) std::abort();
  store::detail::SegmentReader reader(file, 1, *file.size());
  for (;;) {
    const auto record = reader.next();
    if (!record) std::abort();
    if (!*record) break;
  }
  if (reader.offset() != recovered.end->offset) std::abort();
  const auto again = store::detail::recover(file, 1);
  if (!again || again->damaged || again->end != recovered.end) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryFile file(std::string(reinterpret_cast<const char*>(data), size));
  const auto recovered = store::detail::recover(file, 1);
  if (!recovered) std::abort();
  check(file, *recovered);
  return 0;
}
