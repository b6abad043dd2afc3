#include "store/blob/detail/record.h"

#include <cstring>

#include "store/blob/detail/bytes.h"
#include "store/blob/detail/crc32c.h"
#include "store/blob/detail/envelope.h"

namespace fumi::store::detail {
namespace {

constexpr std::string_view kRecordMagic = "FBr1";
constexpr std::string_view kSegmentMagic = "FUMISEG1";

std::uint32_t header_crc(const char* header) {
  return crc32c({header + 8, kRecordHeaderOctets - 8});
}

}  // namespace

void encode(const RecordHeader& header, char* into) {
  std::memcpy(into, kRecordMagic.data(), kRecordMagic.size());
  put(into + 8, header.tenant);
  std::memcpy(into + 16, header.hash.data(), header.hash.size());
  put(into + 48, header.octets);
  put(into + 56, header.payload_octets);
  put(into + 64, header.written_at);
  put(into + 72, header.segment);
  put(into + 76, header.flags);
  put(into + 80, header.payload_crc);
  put(into + 84, header.durable_octets);
  put(into + 4, header_crc(into));
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderOctets || !bytes.starts_with(kRecordMagic)) return std::nullopt;
  const char* at = bytes.data();
  if (take<std::uint32_t>(at + 4) != header_crc(at)) return std::nullopt;
  RecordHeader header;
  header.tenant = take<std::uint64_t>(at + 8);
  std::memcpy(header.hash.data(), at + 16, header.hash.size());
  header.octets = take<std::uint64_t>(at + 48);
  header.payload_octets = take<std::uint64_t>(at + 56);
  header.written_at = take<std::int64_t>(at + 64);
  header.segment = take<std::uint32_t>(at + 72);
  header.flags = take<std::uint32_t>(at + 76);
  header.payload_crc = take<std::uint32_t>(at + 80);
  header.durable_octets = take<std::uint32_t>(at + 84);
  if (header.octets > kBlobOctetsMax || header.payload_octets > kPayloadOctetsMax) {
    return std::nullopt;
  }
  return header;
}

std::optional<std::size_t> find_record_header(std::string_view bytes, std::size_t from,
                                              std::uint32_t segment) {
  for (;;) {
    const auto at = bytes.find(kRecordMagic, from);
    if (at == std::string_view::npos) return std::nullopt;
    const auto header = decode_record_header(bytes.substr(at));
    if (header && header->segment == segment) return at;
    from = at + 1;
  }
}

std::string encode_segment_header(std::uint32_t segment) {
  std::string out(kSegmentHeaderOctets, '\0');
  kSegmentMagic.copy(out.data(), kSegmentMagic.size());
  put(out.data() + 8, segment);
  put(out.data() + 12, crc32c({out.data(), 12}));
  return out;
}

bool is_segment_header(std::string_view bytes, std::uint32_t segment) {
  return bytes.substr(0, kSegmentHeaderOctets) == encode_segment_header(segment);
}

}  // namespace fumi::store::detail
