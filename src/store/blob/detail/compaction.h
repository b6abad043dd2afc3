// Compaction of segments: see SegmentBlobStore::compact for the contract.
#pragma once

#include <functional>
#include <set>

#include "base/result.h"
#include "base/time.h"
#include "store/blob/detail/segment_files.h"
#include "store/blob/detail/segment_log.h"
#include "store/blob/segment_store.h"

namespace fumi::store::detail {

class Compaction {
 public:
  Compaction(SegmentFiles& files, SegmentLog& log, const LiveBlobs& live, CompactionOptions options,
             Instant now)
      : files_(files), log_(log), live_(live), options_(std::move(options)), now_(now) {}
  [[nodiscard]] Result<CompactionReport> run();

 private:
  [[nodiscard]] Status consider(std::uint32_t segment);
  [[nodiscard]] Result<std::set<std::uint32_t>> live_offsets(
      std::uint32_t segment, const std::vector<std::uint32_t>& sources);
  [[nodiscard]] Result<ForwardMap> rewrite(File& file, std::uint32_t segment, std::uint64_t size,
                                           const std::set<std::uint32_t>& live);
  [[nodiscard]] bool young(const RecordHeader& header) const {
    return from_micros(header.written_at) + options_.grace > now_;
  }

  SegmentFiles& files_;
  SegmentLog& log_;
  const LiveBlobs& live_;
  const CompactionOptions options_;
  const Instant now_;
  CompactionReport report_;
};

}  // namespace fumi::store::detail
