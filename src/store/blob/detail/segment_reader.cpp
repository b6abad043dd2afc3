#include "store/blob/detail/segment_reader.h"

#include <algorithm>

#include "store/blob/detail/crc32c.h"

namespace fumi::store::detail {
namespace {

constexpr auto kDoing = "reading a blob segment";
constexpr std::uint64_t kSearchOctets = 1U << 20U;

}  // namespace

Result<std::string> SegmentReader::read(std::uint64_t offset, std::uint64_t octets) {
  std::string out(std::min(octets, end_ - std::min(offset, end_)), '\0');
  FUMI_TRY(const auto count, file_.read_at(offset, out));
  out.resize(count);
  return out;
}

Result<std::optional<SegmentReader::Record>> SegmentReader::next() {
  if (offset_ == 0) {
    FUMI_TRY(const auto head, read(0, kSegmentHeaderOctets));
    if (!is_segment_header(head, segment_)) return fail(Code::corrupt, kDoing, "no file header");
    offset_ = kSegmentHeaderOctets;
  }
  if (offset_ >= end_) return std::nullopt;
  FUMI_TRY(const auto head, read(offset_, kRecordHeaderOctets));
  const auto header = decode_record_header(head);
  if (!header || header->segment != segment_ || header->record_octets() > end_ - offset_) {
    return fail(Code::corrupt, kDoing, "no record header");
  }
  FUMI_TRY(auto payload, read(offset_ + kRecordHeaderOctets, header->payload_octets));
  if (payload.size() != header->payload_octets || crc32c(payload) != header->payload_crc) {
    return fail(Code::corrupt, kDoing, "checksum of a record");
  }
  Record record{static_cast<std::uint32_t>(offset_), *header, std::move(payload)};
  offset_ += header->record_octets();
  return record;
}

Result<std::optional<RecordHeader>> SegmentReader::skip_damage() {
  std::uint64_t at = offset_ + 1;
  while (at < end_) {
    // A window overlaps the next by a header, so that none is missed between them.
    FUMI_TRY(const auto window, read(at, kSearchOctets + kRecordHeaderOctets));
    if (const auto found = find_record_header(window, 0, segment_)) {
      offset_ = at + *found;
      return decode_record_header(std::string_view(window).substr(*found));
    }
    at += kSearchOctets;
  }
  offset_ = end_;
  return std::nullopt;
}

namespace {

// Gives back reserved room, which is zeros to the end, and nothing that was ever written.
Status cut_reserved(File& file, std::uint64_t from, std::uint64_t size) {
  std::string tail(size - from, '\0');
  FUMI_TRY(const auto count, file.read_at(from, tail));
  tail.resize(count);
  const auto last = tail.find_last_not_of('\0');
  FUMI_CHECK(file.truncate(last == std::string::npos ? from : from + last + 1));
  return file.sync_data();
}

}  // namespace

Result<Recovered> recover(File& file, std::uint32_t segment) {
  FUMI_TRY(const auto size, file.size());
  SegmentReader reader(file, segment, size);
  for (;;) {
    auto record = reader.next();
    if (record && *record) continue;
    if (!record && record.error().code != Code::corrupt) return fail(std::move(record));
    break;
  }
  const std::uint64_t bad = reader.offset();
  Recovered out{.end = Place{segment, static_cast<std::uint32_t>(bad)}, .cut_octets = size - bad};
  // Did anything behind it know the bad place to be durable?
  bool damaged = false;
  std::uint64_t good_end = bad;
  while (reader.offset() < size) {
    std::uint64_t known_durable = 0;
    auto record = reader.next();
    if (record) {
      if (!*record) break;
      known_durable = (*record)->header.durable_octets;
      good_end = reader.offset();
    } else if (record.error().code != Code::corrupt) {
      return fail(std::move(record));
    } else {
      FUMI_TRY(const auto later, reader.skip_damage());
      if (later) known_durable = later->durable_octets;
    }
    damaged = damaged || known_durable > bad;
  }
  if (damaged) {
    FUMI_CHECK(cut_reserved(file, good_end, size));
    return Recovered{.end = {}, .cut_octets = 0, .damaged = true};
  }
  if (bad == 0) {  // made, but its header never became durable: nothing was acknowledged in it
    FUMI_CHECK(file.truncate(0));
    FUMI_CHECK(file.write_at(0, encode_segment_header(segment)));
    out.end->offset = kSegmentHeaderOctets;
  } else {
    FUMI_CHECK(file.truncate(bad));
  }
  FUMI_CHECK(file.sync_data());
  return out;
}

}  // namespace fumi::store::detail
