// Files as stores need them: positioned reads and writes, and explicit durability.
//
// Stores use this interface and never the operating system's, so that tests can put a disk under
// them that fails, fills up and loses power (store/fault). All calls block; call them from a
// store's own threads (read_at_once() does not). A File may be used from several threads at once as
// long as the ranges differ.
//
// Durability: bytes are durable after sync_data() has returned well; a created, renamed or removed
// name is durable after sync_directory() of its folder. A sync that failed says nothing about the
// bytes before it, and calling it again may falsely succeed: stop acknowledging (STACK §2.4).
//
// Errors: storage_full (no space, quota) · not_found · conflict (exists already; held by another
// process) · denied (permissions, read-only) · unavailable (I/O error, out of descriptors) ·
// internal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fumi {

enum class OpenMode {
  read,        // must exist
  read_write,  // must exist
  create,      // read and write; made empty if missing
  create_new,  // read and write; conflict if it exists
};

class File {
 public:
  virtual ~File() = default;  // closes; whatever wasn't synced may be lost
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Fills `into` from `offset`; fewer octets than asked for only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
  // The same without waiting for a disk; nothing: it would have to, or can't tell. Fewer octets
  // than asked for only at the end of the file.
  [[nodiscard]] virtual std::optional<std::size_t> read_at_once(std::uint64_t /*offset*/,
                                                                std::span<char> /*into*/) {
    return std::nullopt;
  }
  // Writes all parts one after the other from `offset`, whole or an error; after an error any part
  // of the range may have been written.
  [[nodiscard]] virtual Status write_at(std::uint64_t offset,
                                        std::span<const std::string_view> parts) = 0;
  [[nodiscard]] Status write_at(std::uint64_t offset, std::string_view bytes) {
    return write_at(offset, std::span<const std::string_view>(&bytes, 1));
  }
  [[nodiscard]] virtual Status sync_data() = 0;  // fdatasync
  [[nodiscard]] virtual Status truncate(std::uint64_t size) = 0;
  // Reserves space and extends the size with zeros to offset + length if it is smaller, so that
  // later syncs need no metadata. Where the file system can't reserve, it only extends.
  [[nodiscard]] virtual Status allocate(std::uint64_t offset, std::uint64_t length) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
  // Takes the file for this process until it is closed; conflict if another one holds it.
  [[nodiscard]] virtual Status lock_exclusive() = 0;

 protected:
  File() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path,
                                                           OpenMode mode) = 0;
  // Replaces `to` if it exists; atomic.
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Status remove(const std::string& path) = 0;  // a file
  [[nodiscard]] virtual Result<bool> exists(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size(const std::string& path) = 0;
  // Names of the plain files in a folder, sorted, without "." and "..".
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Makes the folder and its parents with mode 0700; an existing one is fine.
  [[nodiscard]] virtual Status make_directory(const std::string& directory) = 0;
  [[nodiscard]] virtual Status sync_directory(const std::string& directory) = 0;
};

// The machine's own files. One object without state, safe from any thread. New files have mode
// 0600.
[[nodiscard]] FileSystem& posix_files();

// Turns an errno into an Error by the table above.
[[nodiscard]] Error file_error(int error_number, std::string doing);

}  // namespace fumi
