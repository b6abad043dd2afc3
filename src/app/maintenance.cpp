#include "app/maintenance.h"

#include <unordered_map>

#include "base/log.h"
#include "domain/kept_answer.h"

namespace fumi::app {
namespace {

// How long a session may outlive the right to it.
constexpr Duration kReviewInterval = std::chrono::seconds(5);
constexpr Duration kSealInterval = std::chrono::seconds(30);
// A transaction that took its time must be in before its records are sealed.
constexpr Duration kSealAge = std::chrono::minutes(2);
constexpr auto kRetainInterval = std::chrono::hours(1);
constexpr int kCompactEvery = 6;         // intervals
constexpr std::uint32_t kRowsMax = 500;  // of a transaction, which others wait for

}  // namespace

void Maintenance::start() {
  runtime_.spawn("seal records", seal_records());
  runtime_.spawn("review sessions", review_sessions());
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
    const Instant now = system_clock().now();
    const Instant answers = now - kAnswerLife;
    auto forget = [now, answers](PlatformTx& tx) {
      return tx.platform().forget_expired(now, answers);
    };
    Result<std::uint64_t> gone = co_await platform.write(std::move(forget));
    if (!gone) log::warning("sessions", "not tidied", {{"why", gone.error().text()}});
  }
}

Task<void> Maintenance::review_sessions() {
  for (;;) {
    const Status slept = co_await runtime_.sleep_for(kReviewInterval);
    if (!slept) co_return;
    const Status reviewed = co_await live_.review();
    if (!reviewed)
      log::warning("access", "sessions not reviewed", {{"why", reviewed.error().text()}});
  }
}

void Maintenance::run() {
  for (int round = 1;; ++round) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kRetainInterval, [this] { return stopping_; })) return;
    }
    retain();
    if (round % kCompactEvery == 0) compact();
  }
}

bool Maintenance::is_stopping() {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

void Maintenance::retain() {
  store::SqlStore& store = storage_.store();
  const Instant now = system_clock().now();
  const auto stop = [this] { return is_stopping(); };
  const auto tell = [](const char* what, auto removed) {
    if (!removed) {
      log::warning("retention", what, {{"failed", removed.error().text()}});
    } else if (*removed > 0) {
      log::info("retention", what, {{"removed", *removed}});
    }
  };
  tell("days of the mail log", store.drop_mail_records(now - records_.mail_retention));
  tell("login and operation records",
       store.drop_chained_records(now - records_.audit_retention, kRowsMax, stop));
  tell("rows of deleted accounts", store.purge_deleted_accounts(kRowsMax, stop));
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
  options.stop = [this] { return is_stopping(); };
  const Result<store::CompactionReport> report = segments->compact(visit, std::move(options));
  if (!report) {
    log::warning("blobs", "compaction ended early", {{"why", report.error().text()}});
  } else if (report->compacted > 0) {
    log::info("blobs", "compacted",
              {{"segments", report->compacted}, {"freed", report->octets_freed}});
  }
}

}  // namespace fumi::app
