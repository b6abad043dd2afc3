// LogVfs: a VFS over another one that gathers what is written to the write-ahead log.
//
// SQLite writes each frame of the log by two calls, 24 octets and a page; a group commit of twenty
// messages makes two hundred of them. Here they are collected and written by one call before the
// log is synced. Other connections see nothing earlier or later than without it: with
// synchronous=FULL a transaction is published after its sync. Never use it with less: what is not
// synced is not written. Nor where SQLite pads a commit to a whole sector, with frames that it
// writes after the sync (can_serve()).
//
// For the one connection that writes. It passes every other file, and shared memory and locks, to
// the base VFS unchanged, so that connections with and without it may share a database.
#pragma once

#include <memory>
#include <string>

struct sqlite3;

namespace fumi::sql {

class LogVfs {
 public:
  // Whether the file system under this connection leaves the neighbours of a torn write alone, so
  // that SQLite doesn't pad: SQLITE_IOCAP_POWERSAFE_OVERWRITE, which its own layer assumes.
  [[nodiscard]] static bool can_serve(sqlite3* connection);
  // Over the VFS of that name ("": the default), which must outlive this. Fails (null) if there is
  // none.
  [[nodiscard]] static std::unique_ptr<LogVfs> make(const std::string& base);
  LogVfs(const LogVfs&) = delete;
  LogVfs& operator=(const LogVfs&) = delete;
  ~LogVfs();  // its connections are closed

  [[nodiscard]] const std::string& name() const;  // for sqlite3_open_v2

  struct State;  // log_vfs.cpp's own

 private:
  explicit LogVfs(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fumi::sql
