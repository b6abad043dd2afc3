// What a process does with the write-ahead log that the one before it has left.
#pragma once

#include <string>

#include "base/file.h"

namespace fumi::sql {

// Writes the log's bytes over themselves and syncs them, before anything in it is believed.
//
// After a failed sync the kernel shows bytes that aren't on the disk, marked clean, and tells
// nobody who opens the file later. SQLite would recover a commit from them, append to it, sync only
// what it appended, and lose that with the next power cut: the chain of checksums breaks before it.
// Bytes that were written again are dirty, and their sync says the truth.
//
// Call it before the first connection of this process; `vfs` and `files` must show the same disk.
// Blocks for a rewrite of the log (SqliteOptions::log_octets_max, and no log after a clean end).
// Errors: those of the disk; unavailable: another process is writing.
[[nodiscard]] Status harden_log(const std::string& path, const std::string& vfs, FileSystem& files);

}  // namespace fumi::sql
