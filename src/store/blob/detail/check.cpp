#include "store/blob/detail/check.h"

#include "store/blob/detail/envelope.h"

namespace fumi::store::detail {
namespace {

constexpr std::size_t kDamagesListed = 1000;

}  // namespace

Result<BlobCheckReport> Check::run() {
  std::vector<Part> parts;
  const Place growing = log_.durable_end();
  for (const std::uint32_t number : files_.segments()) {
    if (number > growing.segment) break;  // begun after the check
    Part part{number, growing.offset};
    if (number != growing.segment) {
      auto file = files_.file(number);
      if (!file && file.error().code == Code::not_found) continue;  // compacted meanwhile
      if (!file) return fail(std::move(file));
      FUMI_TRY(part.end, (*file)->size());
    }
    all_ += part.end;
    parts.push_back(part);
  }
  for (const Part& part : parts) {
    auto checked = segment(part);
    if (!checked) return fail(std::move(checked));
  }
  // Asking for what leads nowhere reads every forwarding map.
  const auto maps = files_.leading_to(0);
  if (!maps && maps.error().code != Code::corrupt) return std::unexpected(maps.error());
  if (!maps) damage(0, 0, maps.error().detail);
  return report_;
}

Status Check::segment(const Part& part) {
  auto file = files_.file(part.segment);
  if (!file && file.error().code == Code::not_found) return {};  // compacted meanwhile
  if (!file) return fail(std::move(file));
  ++report_.segments;
  SegmentReader reader(**file, part.segment, part.end);
  const std::uint64_t done_before = done_;
  for (;;) {
    auto next = reader.next();
    if (next) {
      if (!*next) break;
      ++report_.records;
      report_.octets += (*next)->header.record_octets();
      if (depth_ == CheckDepth::contents) FUMI_CHECK(record(**next));
    } else if (next.error().code == Code::corrupt) {
      damage(part.segment, reader.offset(), next.error().detail);
      FUMI_CHECK(reader.skip_damage());
    } else {
      return fail(std::move(next));
    }
    done_ = done_before + reader.offset();
    if (!progress_(done_, all_)) return fail(Code::cancelled, "checking blobs");
  }
  done_ = done_before + part.end;
  return {};
}

Status Check::record(const SegmentReader::Record& record) {
  const RecordHeader& header = record.header;
  const auto keys = keys_.get(crypto::TenantNumber(header.tenant));
  if (!keys && keys.error().code == Code::not_found) {
    ++report_.erased;
    return {};
  }
  if (!keys) return std::unexpected(keys.error());
  const Sealing sealing{header.tenant, header.hash, header.octets, header.flags};
  const auto bytes = open_envelope(**keys, sealing, record.payload);
  if (!bytes) {
    damage(header.segment, record.offset, bytes.error().detail);
  } else if ((*keys)->blob_hash(*bytes) != header.hash) {
    damage(header.segment, record.offset, "its hash is not its name");
  }
  return {};
}

void Check::damage(std::uint32_t segment, std::uint64_t offset, std::string detail) {
  ++report_.damages;
  if (report_.damage.size() < kDamagesListed) {
    report_.damage.push_back({segment, offset, std::move(detail)});
  }
}

}  // namespace fumi::store::detail
