#include "store/blob/segment_store.h"

#include <boost/asio/this_coro.hpp>

#include "base/log.h"
#include "store/blob/detail/await.h"
#include "store/blob/detail/check.h"
#include "store/blob/detail/compaction.h"
#include "store/blob/detail/compression_budget.h"
#include "store/blob/detail/crc32c.h"
#include "store/blob/detail/envelope.h"
#include "store/blob/detail/recent_blobs.h"
#include "store/blob/detail/segment_files.h"
#include "store/blob/detail/segment_log.h"
#include "store/blob/detail/segment_reader.h"

namespace fumi::store {
namespace {

using crypto::TenantNumber;

constexpr std::uint64_t kOneReadOctets = 64 * 1024;
// Bodies of so many octets in all are opened on the caller's thread, if they lie in memory: about
// what a trip to a worker and back takes.
constexpr std::uint64_t kAtOnceOctets = 32 * 1024;

}  // namespace

struct SegmentBlobStore::Written {
  BlobRef ref;
  std::uint64_t sequence = 0;
};

struct SegmentBlobStore::State {
  State(crypto::KeyRing& key_ring, const Clock& time, SegmentBlobOptions given)
      : keys(key_ring),
        clock(time),
        options(std::move(given)),
        recent(options.recent_max, options.recent_age_max),
        compression(options.compression_cores) {}

  crypto::KeyRing& keys;
  const Clock& clock;
  const SegmentBlobOptions options;
  detail::RecentBlobs recent;
  detail::CompressionBudget compression;
  std::mutex compacting;
  std::unique_ptr<detail::SegmentFiles> files;
  std::unique_ptr<detail::SegmentLog> log;
  std::unique_ptr<detail::Workers> workers;  // last: its threads use the others

  [[nodiscard]] Result<Written> write(TenantScope scope, std::string_view bytes);
  [[nodiscard]] Result<std::string> read(TenantScope scope, const BlobRef& ref);
  // The same of a small blob that lies in memory; nothing: ask a worker.
  [[nodiscard]] std::optional<std::string> read_at_once(TenantScope scope, const BlobRef& ref);
  [[nodiscard]] Result<std::string> read_range(TenantScope scope, const BlobRef& ref,
                                               BlobRange range);
};

SegmentBlobStore::SegmentBlobStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentBlobStore::~SegmentBlobStore() = default;

Result<std::unique_ptr<SegmentBlobStore>> SegmentBlobStore::open(FileSystem& files,
                                                                 crypto::KeyRing& keys,
                                                                 const Clock& clock,
                                                                 SegmentBlobOptions options) {
  constexpr auto kDoing = "opening the blob segments";
  if (options.segment_octets < detail::kSegmentHeaderOctets ||
      options.segment_octets >= detail::kSegmentOctetsMax || options.workers == 0 ||
      options.open_files_max == 0 || options.blob_octets_max > detail::kBlobOctetsMax) {
    return fail(Code::invalid, kDoing, "an option is out of range");
  }
  auto state = std::make_unique<State>(keys, clock, std::move(options));
  FUMI_TRY(state->files,
           detail::SegmentFiles::open(files, state->options.folder, state->options.open_files_max));
  std::optional<detail::Place> end;
  const auto segments = state->files->segments();
  if (!segments.empty() && segments.back() == state->files->number_last()) {
    FUMI_TRY(const auto last, state->files->file(segments.back()));
    FUMI_TRY(const auto recovered, detail::recover(*last, segments.back()));
    end = recovered.end;
    if (recovered.damaged) {
      log::error("blob", "segment damaged",
                 {{"segment", segments.back()}, {"detail", "acknowledged records are bad"}});
    }
  }
  detail::SegmentLogOptions log_options{.segment_octets = state->options.segment_octets,
                                        .allocate_octets = state->options.allocate_octets,
                                        .on_fatal = state->options.on_fatal};
  FUMI_TRY(state->log, detail::SegmentLog::start(*state->files, std::move(log_options), end));
  state->workers =
      std::make_unique<detail::Workers>(state->options.workers, state->options.waiting_max);
  return std::unique_ptr<SegmentBlobStore>(new SegmentBlobStore(std::move(state)));
}

Result<SegmentBlobStore::Written> SegmentBlobStore::State::write(TenantScope scope,
                                                                 std::string_view bytes) {
  if (bytes.size() > options.blob_octets_max) {
    return fail(Code::too_large, "writing a blob", std::to_string(bytes.size()) + " octets");
  }
  const std::uint64_t tenant = scope.tenant.value();
  FUMI_TRY(const auto tenant_keys, keys.get(TenantNumber(tenant)));
  const Instant now = clock.now();
  Written out;
  out.ref.hash = tenant_keys->blob_hash(bytes);
  out.ref.octets = bytes.size();
  if (const auto known = recent.find(tenant, out.ref.hash, now)) {
    out.ref.locator = known->locator;
    out.sequence = known->sequence;
    return out;
  }
  std::string record;
  record.reserve(detail::kRecordHeaderOctets + detail::envelope_octets_max(bytes.size()));
  record.resize(detail::kRecordHeaderOctets);
  const bool compress = compression.allows(now);
  const Duration before = compress ? detail::thread_cpu_time() : Duration();
  const auto sealing = detail::seal_envelope(
      *tenant_keys, tenant, out.ref.hash, bytes,
      compress ? detail::Compression::when_it_helps : detail::Compression::none, record);
  if (compress) compression.spent(detail::thread_cpu_time() - before);
  detail::RecordHeader header;
  header.tenant = tenant;
  header.hash = out.ref.hash;
  header.octets = bytes.size();
  header.payload_octets = record.size() - detail::kRecordHeaderOctets;
  header.written_at = to_micros(now);
  header.flags = sealing.flags;
  header.payload_crc = detail::crc32c(std::string_view(record).substr(detail::kRecordHeaderOctets));
  FUMI_TRY(const auto appended, log->append(header, record));
  out.ref.locator = appended.place.locator();
  out.sequence = appended.sequence;
  recent.add(tenant, out.ref.hash, {out.ref.locator, out.sequence, now});
  return out;
}

Task<Result<SegmentBlobStore::Written>> SegmentBlobStore::write(TenantScope scope,
                                                                std::string_view bytes) {
  if (bytes.size() <= state_->options.inline_octets_max) co_return state_->write(scope, bytes);
  Result<Written> out;
  std::move_only_function<Status()> job = [this, scope, bytes, &out]() -> Status {
    out = state_->write(scope, bytes);
    return {};
  };
  const Status ran = co_await detail::run_on(*state_->workers, std::move(job));
  if (!ran) co_return std::unexpected(ran.error());
  co_return out;
}

Task<Result<BlobRef>> SegmentBlobStore::put(TenantScope scope, std::string_view bytes) {
  const Result<Written> written = co_await write(scope, bytes);
  if (!written) co_return std::unexpected(written.error());
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::move_only_function<void(detail::Waiter)> start =
      [this, sequence = written->sequence](detail::Waiter waiter) {
        waiter.sequence = sequence;
        state_->log->when_durable(std::move(waiter));
      };
  const Status durable = co_await detail::wait_for(executor, std::move(start));
  if (!durable) co_return std::unexpected(durable.error());
  co_return written->ref;
}

Task<Result<PendingBlob>> SegmentBlobStore::begin(TenantScope scope, std::string_view bytes) {
  const Result<Written> written = co_await write(scope, bytes);
  if (!written) co_return std::unexpected(written.error());
  PendingBlob pending;
  pending.ref = written->ref;
  pending.wait_durable = [log = state_->log.get(), sequence = written->sequence] {
    return log->wait(sequence);
  };
  co_return pending;
}

namespace {

struct Begun {
  detail::SegmentFiles::Found found;
  detail::RecordHeader header;
  std::string bytes;  // from the record's start on
};

// Whether the bytes, read from where a record is expected, begin with its header.
Result<detail::RecordHeader> header_of(const detail::Place& place, std::string_view bytes,
                                       TenantScope scope, const BlobRef& ref) {
  constexpr auto kDoing = "reading a blob";
  const auto header = detail::decode_record_header(bytes);
  if (!header || header->segment != place.segment) {
    return fail(Code::corrupt, kDoing,
                "no record in segment " + std::to_string(place.segment) + " at " +
                    std::to_string(place.offset));
  }
  const bool same = header->tenant == scope.tenant.value() && header->hash == ref.hash &&
                    header->octets == ref.octets;
  if (!same) return fail(Code::not_found, kDoing, "another blob lies there");
  return *header;
}

// What is small comes with its header in one read; it is longer than its plaintext at most by the
// seal.
constexpr std::uint64_t first_octets(const BlobRef& ref) {
  return std::min(ref.octets, kOneReadOctets) + detail::kRecordHeaderOctets +
         crypto::kAeadOverheadOctets;
}

Result<std::string> open_record(const crypto::TenantKeys& keys, const detail::RecordHeader& header,
                                std::string_view record) {
  const std::string_view payload = record.substr(detail::kRecordHeaderOctets);
  if (payload.size() != header.payload_octets || detail::crc32c(payload) != header.payload_crc) {
    return fail(Code::corrupt, "reading a blob", "checksum");
  }
  const detail::Sealing sealing{header.tenant, header.hash, header.octets, header.flags};
  return detail::open_envelope(keys, sealing, payload);
}

// Reads a record's header, and what stands behind it up to `octets` in all.
Result<Begun> begin_reading(detail::SegmentFiles& files, TenantScope scope, const BlobRef& ref,
                            std::uint64_t octets) {
  Begun begun;
  FUMI_TRY(begun.found, files.find(ref.locator));
  begun.bytes.resize(octets);
  FUMI_TRY(const auto count, begun.found.file->read_at(begun.found.place.offset, begun.bytes));
  begun.bytes.resize(count);
  FUMI_TRY(begun.header, header_of(begun.found.place, begun.bytes, scope, ref));
  return begun;
}

}  // namespace

Result<std::string> SegmentBlobStore::State::read(TenantScope scope, const BlobRef& ref) {
  FUMI_TRY(const auto tenant_keys, keys.get(TenantNumber(scope.tenant.value())));
  FUMI_TRY(Begun begun, begin_reading(*files, scope, ref, first_octets(ref)));
  const detail::RecordHeader& header = begun.header;
  std::string& record = begun.bytes;
  const std::size_t have = record.size();
  record.resize(header.record_octets());
  if (record.size() > have) {
    const std::span<char> rest(record.data() + have, record.size() - have);
    FUMI_TRY(const auto more, begun.found.file->read_at(begun.found.place.offset + have, rest));
    record.resize(have + more);
  }
  return open_record(*tenant_keys, header, record);
}

// Whatever is not as expected is looked at again by a worker, which tells what is wrong.
std::optional<std::string> SegmentBlobStore::State::read_at_once(TenantScope scope,
                                                                 const BlobRef& ref) {
  if (ref.octets > kAtOnceOctets) return std::nullopt;
  const auto found = files->find_open(ref.locator);
  if (!found) return std::nullopt;
  const auto tenant_keys = keys.get(TenantNumber(scope.tenant.value()));
  if (!tenant_keys) return std::nullopt;
  std::string record(first_octets(ref), '\0');
  const auto count = found->file->read_at_once(found->place.offset, record);
  if (!count) return std::nullopt;
  record.resize(*count);
  const auto header = header_of(found->place, record, scope, ref);
  if (!header || record.size() < header->record_octets()) return std::nullopt;
  record.resize(header->record_octets());
  auto opened = open_record(**tenant_keys, *header, record);
  if (!opened) return std::nullopt;
  return std::move(*opened);
}

// Of a framed blob only the frames that hold the range: GCM proves each, so the record's checksum
// isn't needed.
Result<std::string> SegmentBlobStore::State::read_range(TenantScope scope, const BlobRef& ref,
                                                        BlobRange range) {
  constexpr auto kDoing = "reading a blob";
  if (ref.octets > detail::kFrameOctets && ref.octets <= detail::kBlobOctetsMax) {
    const std::uint64_t tenant = scope.tenant.value();
    FUMI_TRY(const auto tenant_keys, keys.get(TenantNumber(tenant)));
    const std::uint64_t head = detail::kRecordHeaderOctets + detail::index_octets_of(ref.octets);
    FUMI_TRY(const Begun begun, begin_reading(*files, scope, ref, head));
    if ((begun.header.flags & detail::kFlagFramed) != 0) {
      const detail::Sealing sealing{tenant, ref.hash, ref.octets, begun.header.flags};
      const std::string_view index =
          std::string_view(begun.bytes).substr(detail::kRecordHeaderOctets);
      FUMI_TRY(const detail::FrameRun run,
               detail::find_frames(sealing, index, range.offset, range.octets));
      if (run.end > begun.header.payload_octets) return fail(Code::corrupt, kDoing, "index");
      std::string bytes(run.end - run.begin, '\0');
      const std::uint64_t at = begun.found.place.offset + detail::kRecordHeaderOctets + run.begin;
      FUMI_TRY(const auto count, begun.found.file->read_at(at, bytes));
      bytes.resize(count);
      return detail::open_frames(*tenant_keys, sealing, index, run, bytes);
    }
  }
  FUMI_TRY(std::string whole, read(scope, ref));
  const std::uint64_t offset = std::min<std::uint64_t>(range.offset, whole.size());
  return whole.substr(offset, range.octets);
}

Task<Result<std::string>> SegmentBlobStore::get(TenantScope scope, BlobRef ref) {
  std::optional<std::string> at_once = state_->read_at_once(scope, ref);
  if (at_once) co_return std::move(*at_once);
  Result<std::string> out;
  std::move_only_function<Status()> job = [this, scope, &ref, &out]() -> Status {
    out = state_->read(scope, ref);
    return {};
  };
  const Status ran = co_await detail::run_on(*state_->workers, std::move(job));
  if (!ran) co_return std::unexpected(ran.error());
  co_return out;
}

Task<Status> SegmentBlobStore::get_each(TenantScope scope, std::span<const BlobRef> refs,
                                        FunctionRef<void(Result<std::string>)> visit) {
  std::uint64_t octets = 0;
  while (!refs.empty() && octets + refs.front().octets <= kAtOnceOctets) {
    std::optional<std::string> at_once = state_->read_at_once(scope, refs.front());
    if (!at_once) break;
    octets += refs.front().octets;
    visit(std::move(*at_once));
    refs = refs.subspan(1);
  }
  if (refs.empty()) co_return Status();
  std::move_only_function<Status()> job = [this, scope, refs, visit]() -> Status {
    for (const BlobRef& ref : refs)
      visit(state_->read(scope, ref));
    return {};
  };
  co_return co_await detail::run_on(*state_->workers, std::move(job));
}

Task<Result<std::string>> SegmentBlobStore::get_range(TenantScope scope, BlobRef ref,
                                                      BlobRange range) {
  Result<std::string> out;
  std::move_only_function<Status()> job = [this, scope, &ref, range, &out]() -> Status {
    out = state_->read_range(scope, ref, range);
    return {};
  };
  const Status ran = co_await detail::run_on(*state_->workers, std::move(job));
  if (!ran) co_return std::unexpected(ran.error());
  co_return out;
}

Result<CompactionReport> SegmentBlobStore::compact(const LiveBlobs& live,
                                                   CompactionOptions options) {
  const std::lock_guard lock(state_->compacting);
  if (options.grace <= state_->options.recent_age_max) {
    return fail(Code::invalid, "compacting blobs", "grace must be longer than recent_age_max");
  }
  detail::Compaction compaction(*state_->files, *state_->log, live, std::move(options),
                                state_->clock.now());
  return compaction.run();
}

Result<BlobCheckReport> SegmentBlobStore::check(
    CheckDepth depth, FunctionRef<bool(std::uint64_t, std::uint64_t)> progress) {
  detail::Check check(*state_->files, *state_->log, state_->keys, depth, progress);
  return check.run();
}

std::optional<Error> SegmentBlobStore::failure() const { return state_->log->failure(); }

}  // namespace fumi::store
