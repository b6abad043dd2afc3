// ZIP archives (APPNOTE 6.3) by libzip, which stays in the .cpp. Blocking; one thread each.
//
// A reader's file is hostile: its directory is bounded before libzip sees it, and open() refuses
// what no honest archive of mail has, naming the entry: encryption, absolute names, "..", control
// characters, two entries of one name, and contents out of all proportion to the file. Octets are
// counted while they are unpacked, and their CRC is checked.
//
// Private to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fumi::app {

class ZipReader {
 public:
  static constexpr std::uint64_t kEntriesMax = 500'000;
  static constexpr std::uint64_t kDirectoryOctetsMax = 256U << 20U;
  static constexpr std::size_t kNameOctetsMax = 4096;
  // More than this in all, and more than kRatioMax times the file: a bomb.
  static constexpr std::uint64_t kUnpackedMax = std::uint64_t(4) << 30U;
  static constexpr std::uint64_t kRatioMax = 200;

  // invalid: no ZIP, cut off, or refused as above. too_large: a limit. not_found: no such file.
  [[nodiscard]] static Result<std::unique_ptr<ZipReader>> open(const std::string& path);
  ~ZipReader();

  [[nodiscard]] std::size_t size() const;
  // UTF-8 with "/" between levels; a folder ends in "/". Names that aren't UTF-8 are read as the
  // Windows code page of Japan, as the archivers of its time wrote them.
  [[nodiscard]] std::string name(std::size_t index) const;
  [[nodiscard]] std::uint64_t octets(std::size_t index) const;  // as the directory tells
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  // too_large: over `octets_max`. invalid: damaged, or not as long as the directory tells.
  [[nodiscard]] Result<std::string> read(std::size_t index, std::size_t octets_max) const;

  // One entry piece by piece, beside read() of others.
  class Pieces {
   public:
    virtual ~Pieces() = default;
    virtual Result<std::string> next() = 0;  // "": the end
  };
  [[nodiscard]] Result<std::unique_ptr<Pieces>> pieces(std::size_t index) const;

 private:
  struct Impl;
  explicit ZipReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Contents wait unpacked in a file without a name beside the archive until finish() packs them:
// memory holds some 400 octets an entry. Zip64 where it is needed; names have the UTF-8 flag.
class ZipWriter {
 public:
  // conflict: `path` is there already. storage_full: it can't be written.
  [[nodiscard]] static Result<std::unique_ptr<ZipWriter>> create(const std::string& path);
  ~ZipWriter();  // without finish() nothing stays

  // `name` must be new. too_large: over ZipReader::kEntriesMax entries.
  [[nodiscard]] Status add(const std::string& name, std::string_view bytes, Instant modified);
  [[nodiscard]] Status add_folder(const std::string& name);
  // Whole and on disk under its name when it returns.
  [[nodiscard]] Status finish();

 private:
  struct Impl;
  explicit ZipWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fumi::app
