#include "store/blob/detail/compaction.h"

#include "base/log.h"
#include "store/blob/detail/segment_reader.h"

namespace fumi::store::detail {

Result<CompactionReport> Compaction::run() {
  const std::uint32_t growing = log_.durable_end().segment;
  for (const std::uint32_t segment : files_.segments()) {
    if (segment >= growing) break;
    if (options_.stop && options_.stop()) return fail(Code::cancelled, "compacting blobs");
    auto considered = consider(segment);
    if (considered) continue;
    if (considered.error().code != Code::corrupt) return fail(std::move(considered));
    ++report_.damaged;  // stays as it is: check() tells where
    log::error("blob", "segment damaged",
               {{"segment", segment}, {"detail", considered.error().detail}});
  }
  return report_;
}

// Rows that are older than an earlier compaction name a place that leads here through maps.
Result<std::set<std::uint32_t>> Compaction::live_offsets(
    std::uint32_t segment, const std::vector<std::uint32_t>& sources) {
  std::set<std::uint32_t> live;
  std::optional<Error> error;
  const auto add = [&](std::uint64_t locator) {
    const auto place = files_.resolve(locator);
    if (place && place->segment == segment) live.insert(place->offset);
    if (!place && place.error().code != Code::not_found) error = place.error();
  };
  FUMI_CHECK(live_(segment, add));
  for (const std::uint32_t source : sources)
    FUMI_CHECK(live_(source, add));
  if (error) return std::unexpected(*error);
  return live;
}

Status Compaction::consider(std::uint32_t segment) {
  FUMI_TRY(const auto file, files_.file(segment));
  FUMI_TRY(const auto size, file->size());
  FUMI_TRY(const auto sources, files_.leading_to(segment));
  FUMI_TRY(auto live, live_offsets(segment, sources));
  std::uint64_t live_octets = 0;
  SegmentReader reader(*file, segment, size);
  for (;;) {
    FUMI_TRY(const auto record, reader.next());
    if (!record) break;
    if (!live.contains(record->offset) && !young(record->header)) continue;
    live.insert(record->offset);
    live_octets += record->header.record_octets();
  }
  ++report_.considered;
  if (double(live_octets) >= options_.live_ratio_min * double(size)) return {};
  FUMI_TRY(const auto map, rewrite(*file, segment, size, live));
  FUMI_CHECK(files_.replace(segment, map));
  for (const std::uint32_t source : sources)
    FUMI_CHECK(files_.shorten(source));
  ++report_.compacted;
  report_.octets_moved += live_octets;
  report_.octets_freed += size - live_octets;
  return {};
}

Result<ForwardMap> Compaction::rewrite(File& file, std::uint32_t segment, std::uint64_t size,
                                       const std::set<std::uint32_t>& live) {
  ForwardMap map;
  std::uint64_t sequence = 0;
  std::uint64_t unsynced = 0;
  SegmentReader reader(file, segment, size);
  for (;;) {
    FUMI_TRY(auto record, reader.next());
    if (!record) break;
    if (!live.contains(record->offset)) continue;
    std::string bytes(kRecordHeaderOctets, '\0');
    bytes += record->payload;
    FUMI_TRY(const auto appended, log_.append(record->header, bytes));
    map.emplace(record->offset, appended.place.locator());
    sequence = appended.sequence;
    unsynced += bytes.size();
    if (unsynced < options_.batch_octets) continue;
    FUMI_CHECK(log_.wait(sequence));  // lets foreground writers' syncs stay short
    unsynced = 0;
  }
  if (sequence != 0) FUMI_CHECK(log_.wait(sequence));
  return map;
}

}  // namespace fumi::store::detail
