// SegmentLog: the end of the last segment, where all writers append, and the thread that syncs.
//
// Writers take their turns under a mutex; the bytes go to the page cache there and then. One
// fdatasync makes everything durable that was written by then, and releases all who waited for it
// together. So what is durable is always a prefix of what was written.
//
// Who syncs: whoever blocks in wait() does it there and then, which is how a group commit of the
// database covers all its blobs with one call. The log's own thread serves those who wait without
// blocking; and while records come one at a time it syncs each at once, so that a lone sender's
// record is on its way to the disk before its transaction has begun. Under load it leaves records
// alone that nobody waits for yet: each sync costs the machine as much as a message.
//
// After a failed sync nothing is acknowledged any more: the kernel may have dropped the dirty pages
// and forgotten the error, and a second call would falsely succeed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"
#include "store/blob/detail/await.h"
#include "store/blob/detail/record.h"
#include "store/blob/detail/segment_files.h"

namespace fumi::store::detail {

struct SegmentLogOptions {
  std::uint64_t segment_octets = 0;
  std::uint64_t allocate_octets = 0;
  std::function<void(const Error&)> on_fatal;  // once, from any thread
};

class SegmentLog {
 public:
  // Goes on behind the last segment's good records (detail/recovery.h), or begins the next segment
  // when `end` is empty. `files` must outlive the log.
  [[nodiscard]] static Result<std::unique_ptr<SegmentLog>> start(SegmentFiles& files,
                                                                 SegmentLogOptions options,
                                                                 std::optional<Place> end);
  SegmentLog(const SegmentLog&) = delete;
  SegmentLog& operator=(const SegmentLog&) = delete;
  ~SegmentLog();  // syncs what was written

  struct Appended {
    Place place;
    std::uint64_t sequence = 0;  // what to wait for
  };
  // `record` holds room for the header, then the payload. Fills in the header's segment and durable
  // octets. storage_full leaves the log as it was.
  [[nodiscard]] Result<Appended> append(RecordHeader header, std::string& record);

  [[nodiscard]] Status wait(std::uint64_t sequence);  // blocks: syncs
  void when_durable(Waiter waiter);                   // completes it on its executor
  // Empty while it works.
  [[nodiscard]] std::optional<Error> failure() const;

  // The segment that grows, and how far it is durable.
  [[nodiscard]] Place durable_end() const;

 private:
  SegmentLog(SegmentFiles& files, SegmentLogOptions options)
      : files_(files), options_(std::move(options)) {}
  [[nodiscard]] Status begin_segment();
  [[nodiscard]] Status seal_segment();
  [[nodiscard]] Status make_room(std::uint64_t octets);
  void run();
  // Syncs and publishes what it made durable, unless `sequence` is durable already. One at a time
  // (syncing_): a failed sync is reported to one caller only, and another's success at the same
  // moment would mean nothing.
  [[nodiscard]] Status sync(std::uint64_t sequence);
  [[nodiscard]] bool has_work() const;  // for the log's own thread; needs mutex_
  void fail_for_ever(Error error);

  SegmentFiles& files_;
  const SegmentLogOptions options_;

  std::mutex appending_;  // taken before syncing_, that before mutex_
  std::uint64_t allocated_ = 0;

  std::mutex syncing_;

  mutable std::mutex mutex_;
  std::condition_variable written_;  // to the syncing thread
  std::shared_ptr<File> file_;       // shared with readers through SegmentFiles
  std::uint32_t segment_ = 0;
  std::uint64_t end_ = 0;          // of the segment: where the next record goes
  std::uint64_t durable_end_ = 0;  // of the segment
  std::uint64_t appended_ = 0;     // records since start
  std::uint64_t durable_ = 0;
  std::uint64_t last_group_ = 0;  // records that the last sync made durable
  std::vector<Waiter> waiters_;
  std::optional<Error> failure_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fumi::store::detail
