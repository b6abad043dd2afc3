#include "store/blob/detail/segment_files.h"

#include <charconv>
#include <cstdio>
#include <optional>

#include "store/blob/detail/bytes.h"
#include "store/blob/detail/crc32c.h"

namespace fumi::store::detail {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kMapSuffix = ".fwd";
constexpr std::string_view kNewSuffix = ".new";
constexpr std::string_view kMapMagic = "FUMIFWD1";
constexpr std::size_t kMapsKept = 64;  // at most ~1 MB each
constexpr int kStepsMax = 64;          // of maps that lead to maps; shorten() keeps it near 1
constexpr std::uint64_t kMapOctetsMax = 1ULL << 30U;

// file: magic (8) | number (4) | count (4) | count × { offset (4) | locator (8) } | CRC (4)
constexpr std::size_t kMapHeadOctets = 16;
constexpr std::size_t kMapEntryOctets = 12;

std::optional<std::uint32_t> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix) || name.size() != 8 + suffix.size()) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + 8, number, 16);
  if (error != std::errc{} || end != name.data() + 8 || number == 0) return std::nullopt;
  return number;
}

std::string encode_map(std::uint32_t number, const ForwardMap& map) {
  std::string out(kMapHeadOctets + map.size() * kMapEntryOctets + 4, '\0');
  kMapMagic.copy(out.data(), kMapMagic.size());
  put(out.data() + 8, number);
  put(out.data() + 12, static_cast<std::uint32_t>(map.size()));
  char* at = out.data() + kMapHeadOctets;
  for (const auto& [offset, locator] : map) {
    put(at, offset);
    put(at + 4, locator);
    at += kMapEntryOctets;
  }
  put(at, crc32c({out.data(), out.size() - 4}));
  return out;
}

std::optional<ForwardMap> decode_map(std::uint32_t number, std::string_view bytes) {
  if (bytes.size() < kMapHeadOctets + 4 || !bytes.starts_with(kMapMagic)) return std::nullopt;
  const auto crc = take<std::uint32_t>(bytes.data() + bytes.size() - 4);
  if (crc != crc32c(bytes.substr(0, bytes.size() - 4))) return std::nullopt;
  const std::size_t count = take<std::uint32_t>(bytes.data() + 12);
  if (take<std::uint32_t>(bytes.data() + 8) != number ||
      bytes.size() != kMapHeadOctets + count * kMapEntryOctets + 4) {
    return std::nullopt;
  }
  ForwardMap map;
  const char* at = bytes.data() + kMapHeadOctets;
  for (std::size_t i = 0; i < count; ++i, at += kMapEntryOctets) {
    map.emplace_hint(map.end(), take<std::uint32_t>(at), take<std::uint64_t>(at + 4));
  }
  return map;
}

}  // namespace

std::string SegmentFiles::path(std::uint32_t number, std::string_view suffix) const {
  char name[16];
  std::snprintf(name, sizeof name, "%08x", number);
  return folder_ + "/" + name + std::string(suffix);
}

Result<std::unique_ptr<SegmentFiles>> SegmentFiles::open(FileSystem& files, std::string folder,
                                                         std::size_t open_files_max) {
  FUMI_CHECK(files.make_directory(folder));
  std::unique_ptr<SegmentFiles> out(new SegmentFiles(files, std::move(folder), open_files_max));
  FUMI_TRY(out->lock_, files.open(out->folder_ + "/lock", OpenMode::create));
  FUMI_CHECK(out->lock_->lock_exclusive());
  FUMI_CHECK(out->load_names());
  return out;
}

// A crash may have left both a segment and its map: the map is complete then, and the segment goes.
Status SegmentFiles::load_names() {
  FUMI_TRY(const auto names, files_.list(folder_));
  bool removed = false;
  for (const std::string& name : names) {
    if (name.ends_with(kNewSuffix)) {
      FUMI_CHECK(files_.remove(folder_ + "/" + name));
      removed = true;
    }
    if (const auto number = number_of(name, kMapSuffix)) kinds_[*number] = Kind::forwarded;
  }
  for (const std::string& name : names) {
    const auto number = number_of(name, kSegmentSuffix);
    if (!number) continue;
    if (!kinds_.contains(*number)) {
      kinds_[*number] = Kind::segment;
      continue;
    }
    FUMI_CHECK(files_.remove(path(*number, kSegmentSuffix)));
    removed = true;
  }
  if (removed) FUMI_CHECK(files_.sync_directory(folder_));
  return {};
}

std::vector<std::uint32_t> SegmentFiles::segments() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> out;
  for (const auto& [number, kind] : kinds_) {
    if (kind == Kind::segment) out.push_back(number);
  }
  return out;
}

std::uint32_t SegmentFiles::number_last() const {
  const std::lock_guard lock(mutex_);
  return kinds_.empty() ? 0 : kinds_.rbegin()->first;
}

Result<std::shared_ptr<File>> SegmentFiles::create(std::uint32_t number) {
  FUMI_TRY(std::shared_ptr<File> file, files_.open(path(number, kSegmentSuffix), OpenMode::create));
  FUMI_CHECK(file->truncate(0));
  FUMI_CHECK(file->write_at(0, encode_segment_header(number)));
  FUMI_CHECK(file->sync_data());
  FUMI_CHECK(files_.sync_directory(folder_));
  const std::lock_guard lock(mutex_);
  kinds_[number] = Kind::segment;
  keep_open(number, file);
  return file;
}

void SegmentFiles::keep_open(std::uint32_t number, std::shared_ptr<File> file) {
  if (open_.size() >= open_files_max_) {
    auto oldest = open_.begin();
    for (auto at = open_.begin(); at != open_.end(); ++at) {
      if (at->second.used < oldest->second.used) oldest = at;
    }
    open_.erase(oldest);
  }
  open_[number] = {std::move(file), ++uses_};
}

Result<std::shared_ptr<File>> SegmentFiles::file(std::uint32_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(number); found != open_.end()) {
      found->second.used = ++uses_;
      return found->second.file;
    }
  }
  FUMI_TRY(std::shared_ptr<File> opened,
           files_.open(path(number, kSegmentSuffix), OpenMode::read_write));
  const std::lock_guard lock(mutex_);
  const auto kind = kinds_.find(number);
  if (kind != kinds_.end() && kind->second == Kind::segment) keep_open(number, opened);
  return opened;
}

Result<std::shared_ptr<const ForwardMap>> SegmentFiles::map_of(std::uint32_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = maps_.find(number); found != maps_.end()) return found->second;
  }
  FUMI_TRY(const auto file, files_.open(path(number, kMapSuffix), OpenMode::read));
  FUMI_TRY(const auto size, file->size());
  constexpr auto kDoing = "reading a forwarding map of blobs";
  if (size > kMapOctetsMax) return fail(Code::corrupt, kDoing, path(number, kMapSuffix));
  std::string bytes(size, '\0');
  FUMI_TRY(const auto count, file->read_at(0, bytes));
  bytes.resize(count);
  auto decoded = decode_map(number, bytes);
  if (!decoded) return fail(Code::corrupt, kDoing, path(number, kMapSuffix));
  auto map = std::make_shared<const ForwardMap>(std::move(*decoded));
  const std::lock_guard lock(mutex_);
  if (maps_.size() >= kMapsKept) maps_.erase(maps_.begin());
  return maps_.try_emplace(number, std::move(map)).first->second;
}

Result<Place> SegmentFiles::resolve(std::uint64_t locator) {
  constexpr auto kDoing = "finding a blob";
  for (int step = 0; step < kStepsMax; ++step) {
    const Place place = Place::of(locator);
    {
      const std::lock_guard lock(mutex_);
      const auto kind = kinds_.find(place.segment);
      if (kind == kinds_.end()) return fail(Code::not_found, kDoing, "no such segment");
      if (kind->second == Kind::segment) return place;
    }
    FUMI_TRY(const auto map, map_of(place.segment));
    const auto moved = map->find(place.offset);
    if (moved == map->end()) return fail(Code::not_found, kDoing, "compacted away");
    locator = moved->second;
  }
  return fail(Code::corrupt, kDoing, "forwarding maps lead in a circle");
}

Result<SegmentFiles::Found> SegmentFiles::find(std::uint64_t locator) {
  // Compaction may take the segment away between finding and opening it: then look again.
  for (int attempt = 0;; ++attempt) {
    FUMI_TRY(const Place place, resolve(locator));
    auto opened = file(place.segment);
    if (opened) return Found{std::move(*opened), place};
    if (opened.error().code != Code::not_found || attempt == 3) return fail(std::move(opened));
  }
}

std::optional<SegmentFiles::Found> SegmentFiles::find_open(std::uint64_t locator) {
  const Place place = Place::of(locator);
  const std::lock_guard lock(mutex_);
  const auto kind = kinds_.find(place.segment);
  if (kind == kinds_.end() || kind->second != Kind::segment) return std::nullopt;
  const auto open = open_.find(place.segment);
  if (open == open_.end()) return std::nullopt;
  open->second.used = ++uses_;
  return Found{open->second.file, place};
}

Result<std::vector<std::uint32_t>> SegmentFiles::leading_to(std::uint32_t number) {
  std::vector<std::uint32_t> forwarded;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [other, kind] : kinds_) {
      if (kind == Kind::forwarded) forwarded.push_back(other);
    }
  }
  std::vector<std::uint32_t> out;
  for (const std::uint32_t other : forwarded) {
    FUMI_TRY(const auto map, map_of(other));
    for (const auto& [offset, locator] : *map) {
      const auto place = resolve(locator);
      if (!place && place.error().code != Code::not_found) return std::unexpected(place.error());
      if (!place || place->segment != number) continue;
      out.push_back(other);
      break;
    }
  }
  return out;
}

Status SegmentFiles::write_map(std::uint32_t number, const ForwardMap& map) {
  const std::string new_path = path(number, kNewSuffix);
  {
    FUMI_TRY(auto file, files_.open(new_path, OpenMode::create));
    FUMI_CHECK(file->truncate(0));
    FUMI_CHECK(file->write_at(0, encode_map(number, map)));
    FUMI_CHECK(file->sync_data());
  }
  FUMI_CHECK(files_.rename(new_path, path(number, kMapSuffix)));
  return files_.sync_directory(folder_);
}

Status SegmentFiles::replace(std::uint32_t number, const ForwardMap& map) {
  if (!map.empty()) FUMI_CHECK(write_map(number, map));
  {
    const std::lock_guard lock(mutex_);
    if (map.empty()) {
      kinds_.erase(number);
    } else {
      kinds_[number] = Kind::forwarded;
      maps_[number] = std::make_shared<const ForwardMap>(map);
    }
    open_.erase(number);
  }
  FUMI_CHECK(files_.remove(path(number, kSegmentSuffix)));
  return files_.sync_directory(folder_);
}

Status SegmentFiles::shorten(std::uint32_t number) {
  FUMI_TRY(const auto map, map_of(number));
  ForwardMap shorter;
  for (const auto& [offset, locator] : *map) {
    const auto place = resolve(locator);
    if (place) shorter.emplace(offset, place->locator());
    if (!place && place.error().code != Code::not_found) return std::unexpected(place.error());
  }
  if (shorter == *map) return {};
  if (!shorter.empty()) {
    FUMI_CHECK(write_map(number, shorter));
    const std::lock_guard lock(mutex_);
    maps_[number] = std::make_shared<const ForwardMap>(std::move(shorter));
    return {};
  }
  {
    const std::lock_guard lock(mutex_);
    kinds_.erase(number);
    maps_.erase(number);
  }
  FUMI_CHECK(files_.remove(path(number, kMapSuffix)));
  return files_.sync_directory(folder_);
}

}  // namespace fumi::store::detail
