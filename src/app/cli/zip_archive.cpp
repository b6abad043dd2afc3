#include "app/cli/zip_archive.h"

#include <fcntl.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/utf8.h"

namespace fumi::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReading = "reading a ZIP";
constexpr const char* kWriting = "writing a ZIP";
constexpr std::size_t kPieceOctets = 64 * 1024;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct DiscardZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
using Zip = std::unique_ptr<zip_t, DiscardZip>;

struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Opened = std::unique_ptr<zip_file_t, CloseEntry>;

std::string reason_of(int zip_code) {
  zip_error_t error;
  zip_error_init_with_code(&error, zip_code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

std::string reason(const std::string& path) { return path + ": " + std::strerror(errno); }

// An entry's name in an error's text.
std::string in_quotes(std::string_view name) { return "\"" + ascii::printable(name) + "\""; }

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i > 0; --i)
    value = value << 8U | std::uint8_t(bytes[at + i - 1]);
  return value;
}

std::string read_at(std::FILE* file, std::uint64_t at, std::size_t octets) {
  std::string out(octets, '\0');
  if (std::fseek(file, long(at), SEEK_SET) != 0) return {};
  out.resize(std::fread(out.data(), 1, octets, file));
  return out;
}

struct DirectoryEnd {
  std::uint64_t entries = 0, octets = 0;
};

// APPNOTE 4.3.14 to 4.3.16: what the directory will cost, before libzip reads it.
Result<DirectoryEnd> find_directory(std::FILE* file, const std::string& path, std::uint64_t size) {
  constexpr std::size_t kEndOctets = 22, kLocatorOctets = 20, kEnd64Octets = 56;
  constexpr std::uint64_t kTail = kEndOctets + 65'535 + kLocatorOctets;
  const std::uint64_t from = size - std::min(size, kTail);
  const std::string tail = read_at(file, from, std::size_t(size - from));
  const std::size_t end = tail.rfind("PK\x05\x06");
  if (end == std::string::npos || tail.size() - end < kEndOctets)
    return fail(Code::invalid, kReading, path + ": this is no ZIP, or its end is missing");
  DirectoryEnd found{little(tail, end + 10, 2), little(tail, end + 12, 4)};
  if (end < kLocatorOctets || tail.compare(end - kLocatorOctets, 4, "PK\x06\x07") != 0)
    return found;
  const std::uint64_t at = little(tail, end - kLocatorOctets + 8, 8);
  const std::string end64 = at < size ? read_at(file, at, kEnd64Octets) : std::string();
  if (end64.size() < kEnd64Octets || !end64.starts_with("PK\x06\x06"))
    return fail(Code::invalid, kReading, path + ": the ZIP's end is damaged");
  found.entries = std::max(found.entries == 0xffff ? 0 : found.entries, little(end64, 32, 8));
  found.octets = std::max(found.octets == 0xffffffff ? 0 : found.octets, little(end64, 40, 8));
  return found;
}

Result<std::uint64_t> check_directory(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return fail(Code::not_found, kReading, reason(path));
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  if (error) return fail(Code::invalid, kReading, path + ": " + error.message());
  FUMI_TRY(const DirectoryEnd end, find_directory(file.get(), path, size));
  if (end.entries > ZipReader::kEntriesMax || end.octets > ZipReader::kDirectoryOctetsMax) {
    return fail(Code::too_large, kReading,
                path + ": a directory of " + std::to_string(end.entries) + " entries; at most " +
                    std::to_string(ZipReader::kEntriesMax));
  }
  return size;
}

// What keeps a name from being a path below a folder; nullptr: nothing.
const char* fault_of(std::string_view name) {
  if (name.empty() || name.size() > ZipReader::kNameOctetsMax) return "has no name, or a long one";
  if (name.starts_with('/')) return "has an absolute name";
  if (name.size() > 1 && ascii::is_alpha(name[0]) && name[1] == ':') return "has an absolute name";
  if (std::any_of(name.begin(), name.end(), [](char c) { return std::uint8_t(c) < ' '; }))
    return "has control characters in its name";
  if (name.ends_with('/')) name.remove_suffix(1);
  for (const std::string_view level : ascii::split(name, '/')) {
    if (level == "..") return "leads out of the archive";
    if (level.empty() || level == ".") return "has an empty level in its name";
  }
  return nullptr;
}

}  // namespace

struct ZipReader::Impl {
  struct Named {
    std::uint64_t hash = 0;
    std::size_t index = 0;
  };
  std::string path;
  std::uint64_t file_octets = 0;
  Zip zip;
  std::vector<Named> names;  // by hash, then index

  [[nodiscard]] std::string name(std::size_t index) const {
    const char* const raw = zip_get_name(zip.get(), index, ZIP_FL_ENC_RAW);
    std::string text = raw == nullptr ? "" : raw;
    if (!codec::is_utf8(text)) text = codec::decode_text(text, "windows-31j");
    std::replace(text.begin(), text.end(), '\\', '/');  // as some archivers of Windows write it
    return text;
  }
  [[nodiscard]] Status check() {
    std::uint64_t unpacked = 0, largest = 0;
    std::string largest_name;
    const auto count = std::size_t(zip_get_num_entries(zip.get(), 0));
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string text = name(i);
      zip_stat_t stat;
      if (zip_stat_index(zip.get(), i, ZIP_FL_ENC_RAW, &stat) != 0)
        return fail(Code::invalid, kReading, path + ": " + in_quotes(text) + " is damaged");
      if (const char* const fault = fault_of(text))
        return fail(Code::invalid, kReading, path + ": " + in_quotes(text) + " " + fault);
      if (stat.encryption_method != ZIP_EM_NONE) {
        return fail(Code::invalid, kReading,
                    path + ": " + in_quotes(text) + " is encrypted; unpack it and pack it without");
      }
      if (stat.size > UINT64_MAX - unpacked)
        return fail(Code::too_large, kReading, path + ": " + in_quotes(text) + " is too large");
      unpacked += stat.size;
      if (stat.size > largest) {
        largest = stat.size;
        largest_name = text;
      }
      names.push_back({std::hash<std::string>()(text), i});
    }
    if (unpacked > kUnpackedMax && unpacked / kRatioMax > file_octets) {
      return fail(Code::too_large, kReading,
                  path + ": unpacks to over " + std::to_string(kRatioMax) + " times its size (" +
                      in_quotes(largest_name) + " the most): this is no archive of mail");
    }
    return check_unique();
  }
  [[nodiscard]] Status check_unique() {
    std::sort(names.begin(), names.end(), [](const Named& a, const Named& b) {
      return std::pair(a.hash, a.index) < std::pair(b.hash, b.index);
    });
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (names[i].hash != names[i - 1].hash) continue;
      const std::string text = name(names[i].index);
      if (text == name(names[i - 1].index))
        return fail(Code::invalid, kReading, path + ": " + in_quotes(text) + " is there twice");
    }
    return {};
  }
  [[nodiscard]] std::unexpected<Error> broken(std::size_t index, std::string_view why) const {
    return fail(Code::invalid, kReading,
                path + ": " + in_quotes(name(index)) + ": " + std::string(why));
  }
};

namespace {

// What an entry unpacks to: as much as the directory says, with the right CRC, or an error.
class EntryPieces final : public ZipReader::Pieces {
 public:
  EntryPieces(Opened file, std::uint64_t octets) : file_(std::move(file)), left_(octets) {}
  Result<std::string> next() override {
    std::string out(kPieceOctets, '\0');
    const zip_int64_t got = zip_fread(file_.get(), out.data(), out.size());
    if (got < 0)
      return fail(Code::invalid, kReading, zip_error_strerror(zip_file_get_error(file_.get())));
    out.resize(std::size_t(got));
    if (out.size() > left_ || (out.empty() && left_ > 0))
      return fail(Code::invalid, kReading, "it is not as long as the directory says");
    left_ -= out.size();
    return out;
  }

 private:
  Opened file_;
  std::uint64_t left_;
};

}  // namespace

ZipReader::ZipReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZipReader::~ZipReader() = default;

Result<std::unique_ptr<ZipReader>> ZipReader::open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  FUMI_TRY(impl->file_octets, check_directory(path));
  int code = 0;
  impl->zip.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!impl->zip) return fail(Code::invalid, kReading, path + ": " + reason_of(code));
  FUMI_CHECK(impl->check());
  return std::unique_ptr<ZipReader>(new ZipReader(std::move(impl)));
}

std::size_t ZipReader::size() const { return impl_->names.size(); }
std::string ZipReader::name(std::size_t index) const { return impl_->name(index); }

std::uint64_t ZipReader::octets(std::size_t index) const {
  zip_stat_t stat;
  return zip_stat_index(impl_->zip.get(), index, ZIP_FL_ENC_RAW, &stat) == 0 ? stat.size : 0;
}

std::optional<std::size_t> ZipReader::find(std::string_view name) const {
  const std::uint64_t hash = std::hash<std::string_view>()(name);
  const auto first = std::partition_point(impl_->names.begin(), impl_->names.end(),
                                          [hash](const auto& each) { return each.hash < hash; });
  for (auto at = first; at != impl_->names.end() && at->hash == hash; ++at)
    if (impl_->name(at->index) == name) return at->index;
  return std::nullopt;
}

Result<std::string> ZipReader::read(std::size_t index, std::size_t octets_max) const {
  if (octets(index) > octets_max)
    return fail(Code::too_large, kReading, impl_->path + ": " + in_quotes(name(index)));
  FUMI_TRY(const auto file, pieces(index));
  std::string out;
  for (;;) {
    const auto piece = file->next();
    if (!piece) return impl_->broken(index, piece.error().detail);
    if (piece->empty()) return out;
    out += *piece;
  }
}

Result<std::unique_ptr<ZipReader::Pieces>> ZipReader::pieces(std::size_t index) const {
  Opened file(zip_fopen_index(impl_->zip.get(), index, 0));
  if (!file) return impl_->broken(index, zip_strerror(impl_->zip.get()));
  return std::make_unique<EntryPieces>(std::move(file), octets(index));
}

namespace {

// What one entry is packed from: a piece of the spool.
struct Slice {
  int fd = -1;
  std::uint64_t at = 0, octets = 0, taken = 0;
  std::time_t modified = 0;
  zip_error_t error{};
};

zip_int64_t read_slice(Slice& slice, void* into, zip_uint64_t room) {
  const auto want = std::size_t(std::min<std::uint64_t>(room, slice.octets - slice.taken));
  if (want == 0) return 0;
  const ssize_t got = ::pread(slice.fd, into, want, off_t(slice.at + slice.taken));
  if (got <= 0) {
    zip_error_set(&slice.error, ZIP_ER_READ, got < 0 ? errno : EIO);
    return -1;
  }
  slice.taken += std::uint64_t(got);
  return got;
}

zip_int64_t serve_slice(void* user, void* data, zip_uint64_t octets, zip_source_cmd_t command) {
  Slice& slice = *static_cast<Slice*>(user);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      slice.taken = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return read_slice(slice, data, octets);
    case ZIP_SOURCE_STAT: {
      auto* const stat = static_cast<zip_stat_t*>(data);
      zip_stat_init(stat);
      stat->size = slice.octets;
      stat->mtime = slice.modified;
      stat->valid = ZIP_STAT_SIZE | ZIP_STAT_MTIME;
      return sizeof *stat;
    }
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&slice.error, data, octets);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
      return 0;
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                            ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
    default:
      zip_error_set(&slice.error, ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

// A file without a name in the folder of `path`: it goes with the process.
File open_spool(const std::string& path) {
  std::string name = path + ".spool-XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return nullptr;
  ::unlink(name.c_str());
  return File(::fdopen(fd, "w+b"));
}

Status sync_path(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool good = fd >= 0 && ::fsync(fd) == 0;
  const std::string why = reason(path);
  if (fd >= 0) ::close(fd);
  if (!good) return fail(Code::storage_full, kWriting, why);
  return {};
}

}  // namespace

struct ZipWriter::Impl {
  std::string path, part;
  File spool;
  std::uint64_t spooled = 0;
  std::deque<Slice> slices;  // libzip keeps their addresses
  Zip zip;

  ~Impl() {
    zip.reset();
    if (!part.empty()) ::unlink(part.c_str());
  }
  [[nodiscard]] Status room(const std::string& name) const {
    if (std::uint64_t(zip_get_num_entries(zip.get(), 0)) < ZipReader::kEntriesMax) return {};
    return fail(Code::too_large, kWriting,
                path + ": over " + std::to_string(ZipReader::kEntriesMax) + " entries with " +
                    in_quotes(name) + "; export the mailboxes one by one, or as a Maildir");
  }
  [[nodiscard]] std::unexpected<Error> failed() const {
    return fail(Code::storage_full, kWriting, path + ": " + zip_strerror(zip.get()));
  }
};

ZipWriter::ZipWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZipWriter::~ZipWriter() = default;

Result<std::unique_ptr<ZipWriter>> ZipWriter::create(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error))
    return fail(Code::conflict, kWriting, path + ": it is there already");
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->part = path + ".part";
  impl->spool = open_spool(path);
  if (!impl->spool) return fail(Code::storage_full, kWriting, reason(path));
  int code = 0;
  impl->zip.reset(zip_open(impl->part.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!impl->zip) return fail(Code::storage_full, kWriting, path + ": " + reason_of(code));
  return std::unique_ptr<ZipWriter>(new ZipWriter(std::move(impl)));
}

Status ZipWriter::add(const std::string& name, std::string_view bytes, Instant modified) {
  FUMI_CHECK(impl_->room(name));
  if (std::fwrite(bytes.data(), 1, bytes.size(), impl_->spool.get()) != bytes.size())
    return fail(Code::storage_full, kWriting, reason(impl_->path));
  Slice& slice = impl_->slices.emplace_back();
  zip_error_init(&slice.error);
  slice.fd = ::fileno(impl_->spool.get());
  slice.at = impl_->spooled;
  slice.octets = bytes.size();
  slice.modified = std::time_t(to_micros(modified) / 1'000'000);
  impl_->spooled += bytes.size();
  zip_source_t* const source = zip_source_function(impl_->zip.get(), serve_slice, &slice);
  if (source == nullptr) return impl_->failed();
  if (zip_file_add(impl_->zip.get(), name.c_str(), source, ZIP_FL_ENC_UTF_8) < 0) {
    zip_source_free(source);
    return impl_->failed();
  }
  return {};
}

Status ZipWriter::add_folder(const std::string& name) {
  FUMI_CHECK(impl_->room(name));
  if (zip_dir_add(impl_->zip.get(), name.c_str(), ZIP_FL_ENC_UTF_8) < 0) return impl_->failed();
  return {};
}

Status ZipWriter::finish() {
  if (std::fflush(impl_->spool.get()) != 0)
    return fail(Code::storage_full, kWriting, reason(impl_->path));
  if (zip_close(impl_->zip.get()) != 0) return impl_->failed();
  static_cast<void>(impl_->zip.release());  // zip_close() has freed it
  FUMI_CHECK(sync_path(impl_->part, O_RDONLY));
  if (::rename(impl_->part.c_str(), impl_->path.c_str()) != 0)
    return fail(Code::storage_full, kWriting, reason(impl_->path));
  const std::string parent = fs::path(impl_->path).parent_path().string();
  return sync_path(parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY);
}

}  // namespace fumi::app
