// The folder of segments: which there are, their open files, and where compaction moved what.
//
//   0000002a.seg       records (detail/record.h)
//   0000002a.fwd       replaces the segment of that number after compaction: old offset → locator
//   *.new              a write that was cut off; removed at open
//   lock               held by the process that has the store open
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/blob/detail/record.h"

namespace fumi::store::detail {

using ForwardMap = std::map<std::uint32_t, std::uint64_t>;  // offset → locator

// Thread-safe. Calls block.
class SegmentFiles {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SegmentFiles>> open(FileSystem& files,
                                                                  std::string folder,
                                                                  std::size_t open_files_max);

  [[nodiscard]] std::vector<std::uint32_t> segments() const;  // ascending
  [[nodiscard]] std::uint32_t number_last() const;            // of segments and maps; 0: none

  // Makes an empty segment whose name and header are durable.
  [[nodiscard]] Result<std::shared_ptr<File>> create(std::uint32_t number);
  [[nodiscard]] Result<std::shared_ptr<File>> file(std::uint32_t number);

  struct Found {
    std::shared_ptr<File> file;
    Place place;
  };
  // Follows the maps to where a record lies now. Code::not_found when it is gone.
  [[nodiscard]] Result<Found> find(std::uint64_t locator);
  // The same if it needs no disk: the segment is open, and no map leads to it.
  [[nodiscard]] std::optional<Found> find_open(std::uint64_t locator);
  // The same without opening the segment.
  [[nodiscard]] Result<Place> resolve(std::uint64_t locator);

  // The segments whose maps lead into `number`.
  [[nodiscard]] Result<std::vector<std::uint32_t>> leading_to(std::uint32_t number);
  // Replaces a segment by a map, at once and durably; what the map names must be durable before. An
  // empty map leaves nothing. Readers under way go on with the old file.
  [[nodiscard]] Status replace(std::uint32_t number, const ForwardMap& map);
  // Lets the map of `number` point past maps it leads to, and drops what is gone.
  [[nodiscard]] Status shorten(std::uint32_t number);

 private:
  enum class Kind { segment, forwarded };
  struct Open {
    std::shared_ptr<File> file;  // shared with readers under way
    std::uint64_t used = 0;
  };

  SegmentFiles(FileSystem& files, std::string folder, std::size_t open_files_max)
      : files_(files), folder_(std::move(folder)), open_files_max_(open_files_max) {}
  [[nodiscard]] std::string path(std::uint32_t number, std::string_view suffix) const;
  [[nodiscard]] Status load_names();
  [[nodiscard]] Status write_map(std::uint32_t number, const ForwardMap& map);
  [[nodiscard]] Result<std::shared_ptr<const ForwardMap>> map_of(std::uint32_t number);
  void keep_open(std::uint32_t number, std::shared_ptr<File> file);

  FileSystem& files_;
  const std::string folder_;
  const std::size_t open_files_max_;
  std::unique_ptr<File> lock_;

  mutable std::mutex mutex_;
  std::map<std::uint32_t, Kind> kinds_;
  std::unordered_map<std::uint32_t, Open> open_;
  std::map<std::uint32_t, std::shared_ptr<const ForwardMap>> maps_;  // loaded on first use
  std::uint64_t uses_ = 0;
};

}  // namespace fumi::store::detail
