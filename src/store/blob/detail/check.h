// Verifying every record of the segments: see SegmentBlobStore::check for the contract.
#pragma once

#include "crypto/key_ring.h"
#include "store/blob/detail/segment_files.h"
#include "store/blob/detail/segment_log.h"
#include "store/blob/detail/segment_reader.h"
#include "store/blob/segment_store.h"

namespace fumi::store::detail {

class Check {
 public:
  Check(SegmentFiles& files, SegmentLog& log, crypto::KeyRing& keys, CheckDepth depth,
        FunctionRef<bool(std::uint64_t, std::uint64_t)> progress)
      : files_(files), log_(log), keys_(keys), depth_(depth), progress_(progress) {}
  [[nodiscard]] Result<BlobCheckReport> run();

 private:
  struct Part {
    std::uint32_t segment = 0;
    std::uint64_t end = 0;
  };
  [[nodiscard]] Status segment(const Part& part);
  [[nodiscard]] Status record(const SegmentReader::Record& record);
  void damage(std::uint32_t segment, std::uint64_t offset, std::string detail);

  SegmentFiles& files_;
  SegmentLog& log_;
  crypto::KeyRing& keys_;
  const CheckDepth depth_;
  FunctionRef<bool(std::uint64_t, std::uint64_t)> progress_;
  std::uint64_t done_ = 0;
  std::uint64_t all_ = 0;
  BlobCheckReport report_;
};

}  // namespace fumi::store::detail
