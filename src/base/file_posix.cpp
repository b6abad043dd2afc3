#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace fumi {
namespace {

Status failed(const char* what, const std::string& path) {
  return std::unexpected(file_error(errno, what + path));
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(descriptor_, into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return std::unexpected(file_error(errno, "reading " + path_));
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  // From the page cache alone. A short read says that the rest isn't there, or that the file ends.
  std::optional<std::size_t> read_at_once(std::uint64_t offset, std::span<char> into) override {
    const iovec part{into.data(), into.size()};
    const ssize_t n = ::preadv2(descriptor_, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (n < 0) return std::nullopt;
    const auto count = static_cast<std::size_t>(n);
    if (count == into.size()) return count;
    struct stat state{};
    if (::fstat(descriptor_, &state) != 0) return std::nullopt;
    if (offset + count < static_cast<std::uint64_t>(state.st_size)) return std::nullopt;
    return count;
  }

  Status write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
    constexpr std::size_t kPartsMax = 256;
    std::size_t first = 0;
    std::size_t skip = 0;  // octets of parts[first] that are written
    while (first < parts.size()) {
      std::array<iovec, kPartsMax> vectors;
      int count = 0;
      for (std::size_t i = first; i < parts.size() && count < int(kPartsMax); ++i, ++count) {
        const auto part = i == first ? parts[i].substr(skip) : parts[i];
        vectors[static_cast<std::size_t>(count)] = {const_cast<char*>(part.data()), part.size()};
      }
      const ssize_t n = ::pwritev(descriptor_, vectors.data(), count, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("writing ", path_);
      offset += static_cast<std::uint64_t>(n);
      skip += static_cast<std::size_t>(n);
      while (first < parts.size() && skip >= parts[first].size())
        skip -= parts[first++].size();
      if (n == 0 && first < parts.size()) {
        errno = ENOSPC;
        return failed("writing ", path_);
      }
    }
    return {};
  }

  Status sync_data() override {
    return ::fdatasync(descriptor_) == 0 ? Status() : failed("syncing ", path_);
  }

  Status truncate(std::uint64_t size) override {
    return ::ftruncate(descriptor_, static_cast<off_t>(size)) == 0 ? Status()
                                                                   : failed("truncating ", path_);
  }

  Status allocate(std::uint64_t offset, std::uint64_t length) override {
    const int error =
        ::fallocate(descriptor_, 0, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0
            ? 0
            : errno;
    if (error == 0) return {};
    if (error != EOPNOTSUPP && error != ENOSYS) {
      return std::unexpected(file_error(error, "reserving space in " + path_));
    }
    FUMI_TRY(const std::uint64_t now, size());
    return now >= offset + length ? Status() : truncate(offset + length);
  }

  Result<std::uint64_t> size() override {
    struct stat info = {};
    if (::fstat(descriptor_, &info) != 0) {
      return std::unexpected(file_error(errno, "measuring " + path_));
    }
    return static_cast<std::uint64_t>(info.st_size);
  }

  Status lock_exclusive() override {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return failed("locking ", path_);
    return fail(Code::conflict, "locking " + path_, "another process holds it");
  }

 private:
  const int descriptor_;
  const std::string path_;
};

class PosixFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC | (mode == OpenMode::read ? O_RDONLY : O_RDWR);
    if (mode == OpenMode::create) flags |= O_CREAT;
    if (mode == OpenMode::create_new) flags |= O_CREAT | O_EXCL;
    const int descriptor = ::open(path.c_str(), flags, 0600);
    if (descriptor < 0) return std::unexpected(file_error(errno, "opening " + path));
    return std::make_unique<PosixFile>(descriptor, path);
  }

  Status rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status() : failed("renaming ", from);
  }

  Status remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status() : failed("removing ", path);
  }

  Result<bool> exists(const std::string& path) override {
    if (::access(path.c_str(), F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return std::unexpected(file_error(errno, "looking for " + path));
  }

  Result<std::uint64_t> size(const std::string& path) override {
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) {
      return std::unexpected(file_error(errno, "measuring " + path));
    }
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* const folder = ::opendir(directory.c_str());
    if (folder == nullptr) return std::unexpected(file_error(errno, "listing " + directory));
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      struct stat info = {};
      const bool plain =
          ::fstatat(::dirfd(folder), entry->d_name, &info, 0) == 0 && S_ISREG(info.st_mode);
      if (plain) names.emplace_back(entry->d_name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(folder);
    if (error != 0) return std::unexpected(file_error(error, "listing " + directory));
    std::ranges::sort(names);
    return names;
  }

  Status make_directory(const std::string& directory) override {
    for (std::size_t end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
      const std::string path = directory.substr(0, end);
      if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("making ", path);
      if (end == std::string::npos) break;
    }
    struct stat info = {};
    if (::stat(directory.c_str(), &info) != 0) return failed("making ", directory);
    if (S_ISDIR(info.st_mode)) return {};
    return fail(Code::conflict, "making " + directory, "a file of that name is in the way");
  }

  Status sync_directory(const std::string& directory) override {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("opening ", directory);
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (error != 0) return std::unexpected(file_error(error, "syncing " + directory));
    return {};
  }
};

Code code_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::storage_full;
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case EEXIST:
      return Code::conflict;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::denied;
    case EIO:
    case ENFILE:
    case EMFILE:
    case ENOMEM:
    case ESTALE:
      return Code::unavailable;
    default:
      return Code::internal;
  }
}

}  // namespace

FileSystem& posix_files() {
  static PosixFiles files;
  return files;
}

Error file_error(int error_number, std::string doing) {
  return Error{code_of(error_number), std::move(doing),
               std::generic_category().message(error_number)};
}

}  // namespace fumi
