// Reading segments from front to back: what recovery, compaction and checking share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "store/blob/detail/record.h"

namespace fumi::store::detail {

class SegmentReader {
 public:
  // Reads up to `end`, which is the file's size or, in the growing segment, its durable end.
  SegmentReader(File& file, std::uint32_t segment, std::uint64_t end)
      : file_(file), segment_(segment), end_(end) {}

  struct Record {
    std::uint32_t offset = 0;
    RecordHeader header;
    std::string payload;  // its CRC holds
  };
  // The next record; empty at the end. Code::corrupt when what stands there is no whole record:
  // offset() is where, and skip_damage() goes on behind it.
  [[nodiscard]] Result<std::optional<Record>> next();
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

  // Goes to the next good header and returns it; empty, and at the end, when there is none.
  [[nodiscard]] Result<std::optional<RecordHeader>> skip_damage();

 private:
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::uint64_t octets);

  File& file_;
  const std::uint32_t segment_;
  const std::uint64_t end_;
  std::uint64_t offset_ = 0;
};

struct Recovered {
  std::optional<Place> end;      // where appending goes on; empty: begin the next segment
  std::uint64_t cut_octets = 0;  // of a torn tail, or of room that was reserved
  bool damaged = false;  // acknowledged records of the last segment are bad: nothing was cut
};

// Makes the last segment ready for appending: keeps the good records, cuts at the first bad one if
// it can't have been acknowledged, and makes durable what it kept.
[[nodiscard]] Result<Recovered> recover(File& file, std::uint32_t segment);

}  // namespace fumi::store::detail
