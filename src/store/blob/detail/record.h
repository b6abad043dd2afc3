// The form of segment files: a file header, then records one after the other.
//
// record = header (88 octets) | payload (detail/envelope.h)
//   0 magic        4 header CRC (of 8..88)   8 tenant          16 hash (32)
//  48 plaintext octets   56 payload octets   64 written at (µs since 1970)
//  72 segment     76 flags                   80 payload CRC    84 durable octets
//
// "durable octets" is how much of the file had been synced when the record was written. A bad
// record with a good one behind it that says it had been synced is damage to acknowledged data, and
// no torn tail: recovery must not cut there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fumi::store::detail {

inline constexpr std::size_t kSegmentHeaderOctets = 16;
inline constexpr std::size_t kRecordHeaderOctets = 88;
inline constexpr std::uint64_t kSegmentOctetsMax = 1ULL << 32U;  // offsets have 32 bits

struct RecordHeader {
  std::uint64_t tenant = 0;
  std::array<std::uint8_t, 32> hash{};
  std::uint64_t octets = 0;
  std::uint64_t payload_octets = 0;
  std::int64_t written_at = 0;
  std::uint32_t segment = 0;
  std::uint32_t flags = 0;
  std::uint32_t payload_crc = 0;
  std::uint32_t durable_octets = 0;

  [[nodiscard]] std::uint64_t record_octets() const { return kRecordHeaderOctets + payload_octets; }
};

void encode(const RecordHeader& header, char* into);  // kRecordHeaderOctets
// nullopt: too short, magic or CRC wrong, or lengths beyond what is ever written.
[[nodiscard]] std::optional<RecordHeader> decode_record_header(std::string_view bytes);
// The offset in `bytes` of the next place from `from` on that decodes as a header of this segment.
[[nodiscard]] std::optional<std::size_t> find_record_header(std::string_view bytes,
                                                            std::size_t from,
                                                            std::uint32_t segment);

[[nodiscard]] std::string encode_segment_header(std::uint32_t segment);
[[nodiscard]] bool is_segment_header(std::string_view bytes, std::uint32_t segment);

// Where a record lies: the locator in a BlobRef.
struct Place {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  [[nodiscard]] std::uint64_t locator() const { return std::uint64_t{segment} << 32U | offset; }
  [[nodiscard]] static Place of(std::uint64_t locator) {
    return {static_cast<std::uint32_t>(locator >> 32U), static_cast<std::uint32_t>(locator)};
  }
  friend auto operator<=>(const Place&, const Place&) = default;
};

}  // namespace fumi::store::detail
