#include "store/sqlite/detail/log_file.h"

#include <algorithm>

#include "store/sqlite/detail/connection.h"

namespace fumi::sql {
namespace {

constexpr Statement kBegin{"BEGIN IMMEDIATE"};
constexpr Statement kRollback{"ROLLBACK"};
constexpr std::uint64_t kStepOctets = 1U << 20U;

Status write_over_itself(File& file) {
  FUMI_TRY(const std::uint64_t size, file.size());
  std::string bytes;
  for (std::uint64_t at = 0; at < size; at += bytes.size()) {
    bytes.resize(std::min(kStepOctets, size - at));
    FUMI_TRY(const std::size_t count, file.read_at(at, bytes));
    bytes.resize(count);
    if (count == 0) break;
    FUMI_CHECK(file.write_at(at, bytes));
  }
  return file.sync_data();
}

}  // namespace

Status harden_log(const std::string& path, const std::string& vfs, FileSystem& files) {
  const std::string log = path + "-wal";
  FUMI_TRY(const bool there, files.exists(log));
  if (!there) return {};
  FUMI_TRY(const std::uint64_t size, files.size(log));
  if (size == 0) return {};
  // The write lock keeps other processes from appending meanwhile. This connection closes without
  // moving anything, so that the next one reads the log anew, after it was made durable.
  FUMI_TRY(const auto connection, SqliteConnection::open(path, vfs, Access::write));
  connection->keep_log();
  FUMI_CHECK(connection->configure("PRAGMA busy_timeout=5000;"));
  FUMI_CHECK(connection->control(kBegin));
  {
    FUMI_TRY(const auto file, files.open(log, OpenMode::read_write));
    FUMI_CHECK(write_over_itself(*file));
  }
  return connection->control(kRollback);
}

}  // namespace fumi::sql
