#include "app/maintenance.h"

#include <unordered_map>

#include "base/log.h"

namespace fumi::app {
namespace {

constexpr Duration kSealInterval = std::chrono::seconds(30);
// A transaction that took its time must be in before its records are sealed.
constexpr Duration kSealAge = std::chrono::minutes(2);
constexpr auto kCompactInterval = std::chrono::hours(6);

}  // namespace

void Maintenance::start() {
  runtime_.spawn("seal records", seal_records());
  thread_ = std::thread([this] { run(); });
}

void Maintenance::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Task<void> Maintenance::seal_records() {
  for (;;) {
    const Status slept = co_await runtime_.sleep_for(kSealInterval);
    if (!slept) co_return;
    const Instant before = system_clock().now() - kSealAge;
    auto work = [before](PlatformTx& tx) { return tx.platform().seal_records(before); };
    Platform& platform = storage_.store();
    Result<std::uint64_t> sealed = co_await platform.write(std::move(work));
    if (!sealed) log::warning("records", "not sealed", {{"why", sealed.error().text()}});
  }
}

void Maintenance::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kCompactInterval, [this] { return stopping_; })) return;
    }
    compact();
  }
}

// The rows are read once; each segment then asks for its own.
void Maintenance::compact() {
  store::SegmentBlobStore* segments = storage_.segments();
  if (segments == nullptr) return;
  std::unordered_map<std::uint32_t, std::vector<std::uint64_t>> live;
  bool read = false;
  const store::LiveBlobs visit = [&](std::uint32_t segment,
                                     FunctionRef<void(std::uint64_t)> tell) -> Status {
    if (!read) {
      const auto keep = [&live](TenantId, const BlobRef& blob) -> Status {
        live[std::uint32_t(blob.locator >> 32U)].push_back(blob.locator);
        return {};
      };
      FUMI_CHECK(storage_.store().visit_blobs(keep));
      read = true;
    }
    for (const std::uint64_t locator : live[segment])
      tell(locator);
    return {};
  };
  store::CompactionOptions options;
  options.stop = [this] {
    const std::scoped_lock lock(mutex_);
    return stopping_;
  };
  const Result<store::CompactionReport> report = segments->compact(visit, std::move(options));
  if (!report) {
    log::warning("blobs", "compaction ended early", {{"why", report.error().text()}});
  } else if (report->compacted > 0) {
    log::info("blobs", "compacted",
              {{"segments", report->compacted}, {"freed", report->octets_freed}});
  }
}

}  // namespace fumi::app
