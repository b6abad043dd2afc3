#include "store/blob/detail/segment_log.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace fumi::store::detail {
namespace {

constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Result<std::unique_ptr<SegmentLog>> SegmentLog::start(SegmentFiles& files,
                                                      SegmentLogOptions options,
                                                      std::optional<Place> end) {
  FUMI_ASSERT(options.segment_octets > 0 && options.segment_octets < kSegmentOctetsMax);
  std::unique_ptr<SegmentLog> log(new SegmentLog(files, std::move(options)));
  if (end) {
    FUMI_TRY(log->file_, files.file(end->segment));
    FUMI_TRY(log->allocated_, log->file_->size());
    log->segment_ = end->segment;
    log->end_ = log->durable_end_ = end->offset;
  } else {
    FUMI_CHECK(log->begin_segment());
  }
  log->thread_ = std::thread([self = log.get()] { self->run(); });
  return log;
}

SegmentLog::~SegmentLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  written_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status SegmentLog::begin_segment() {
  const std::uint32_t number = files_.number_last() + 1;
  FUMI_TRY(auto file, files_.create(number));
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  segment_ = number;
  end_ = durable_end_ = allocated_ = kSegmentHeaderOctets;
  return {};
}

// The old segment is durable to its exact end before the next one's name exists, so that only the
// last segment can ever have a torn tail.
Status SegmentLog::seal_segment() {
  if (auto synced = sync(kEverything); !synced) return synced;
  std::unique_lock sync_lock(syncing_);
  auto sealed = file_->truncate(end_);
  if (sealed) sealed = file_->sync_data();
  sync_lock.unlock();
  if (!sealed) fail_for_ever(sealed.error());
  return sealed;
}

Status SegmentLog::make_room(std::uint64_t octets) {
  if (end_ > kSegmentHeaderOctets && end_ + octets > options_.segment_octets) {
    FUMI_CHECK(seal_segment());
    FUMI_CHECK(begin_segment());
  }
  const std::uint64_t needed = end_ + octets;
  if (needed <= allocated_) return {};
  const std::uint64_t step = std::max<std::uint64_t>(options_.allocate_octets, 1);
  const std::uint64_t target = (needed + step - 1) / step * step;
  FUMI_CHECK(file_->allocate(allocated_, target - allocated_));
  allocated_ = target;
  return {};
}

// end_, segment_ and file_ change under both appending_ and mutex_: reading them needs either.
Result<SegmentLog::Appended> SegmentLog::append(RecordHeader header, std::string& record) {
  constexpr auto kDoing = "appending to the blob segments";
  FUMI_ASSERT(record.size() == header.record_octets());
  const std::lock_guard appending(appending_);
  if (const auto broken = failure()) {
    return fail(Code::unavailable, kDoing, "stopped after: " + broken->detail);
  }
  FUMI_CHECK(make_room(record.size()));
  header.segment = segment_;
  header.durable_octets = durable_end().offset;
  encode(header, record.data());
  FUMI_CHECK(file_->write_at(end_, record));
  Appended out{.place = {segment_, static_cast<std::uint32_t>(end_)}, .sequence = 0};
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    end_ += record.size();
    out.sequence = ++appended_;
    wake = last_group_ <= 1 && appended_ == durable_ + 1;
  }
  if (wake) written_.notify_one();
  return out;
}

bool SegmentLog::has_work() const {
  if (appended_ == durable_) return false;
  return !waiters_.empty() || last_group_ <= 1;
}

void SegmentLog::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      written_.wait(lock, [this] { return stopping_ || failure_ || has_work(); });
      if (failure_) return;
      if (stopping_ && appended_ == durable_) return;
    }
    if (!sync(kEverything)) return;
  }
}

Status SegmentLog::sync(std::uint64_t sequence) {
  std::vector<Waiter> ready;
  {
    const std::lock_guard sync_lock(syncing_);
    std::shared_ptr<File> file;
    std::uint64_t end = 0;
    {
      const std::lock_guard lock(mutex_);
      if (durable_ >= std::min(sequence, appended_)) return {};
      if (failure_) return std::unexpected(*failure_);
      file = file_;
      sequence = appended_;
      end = end_;
    }
    if (auto synced = file->sync_data(); !synced) {
      fail_for_ever(synced.error());
      return synced;
    }
    const std::lock_guard lock(mutex_);
    last_group_ = sequence - durable_;
    durable_ = sequence;
    durable_end_ = end;
    const auto waiting = std::ranges::partition(
        waiters_, [&](const Waiter& waiter) { return waiter.sequence <= sequence; });
    ready.assign(std::make_move_iterator(waiters_.begin()),
                 std::make_move_iterator(waiting.begin()));
    waiters_.erase(waiters_.begin(), waiting.begin());
  }
  release(std::move(ready), {});
  return {};
}

void SegmentLog::fail_for_ever(Error error) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    failure_ = Error{Code::unavailable, "syncing the blob segments", error.text()};
    error = *failure_;
    waiters.swap(waiters_);
  }
  written_.notify_all();
  release(std::move(waiters), std::unexpected(error));
  if (options_.on_fatal) options_.on_fatal(error);
}

Status SegmentLog::wait(std::uint64_t sequence) { return sync(sequence); }

void SegmentLog::when_durable(Waiter waiter) {
  Status status;
  {
    const std::lock_guard lock(mutex_);
    if (durable_ < waiter.sequence && !failure_) {
      waiters_.push_back(std::move(waiter));
      written_.notify_one();
      return;
    }
    if (durable_ < waiter.sequence) status = std::unexpected(*failure_);
  }
  std::vector<Waiter> ready;
  ready.push_back(std::move(waiter));
  release(std::move(ready), status);
}

std::optional<Error> SegmentLog::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Place SegmentLog::durable_end() const {
  const std::lock_guard lock(mutex_);
  return {segment_, static_cast<std::uint32_t>(durable_end_)};
}

}  // namespace fumi::store::detail
