// FaultDisk: a disk for tests that loses power, fills up and fails.
//
// Writes stay in memory until they are synced; only then do they reach the real files under `root`.
// So killing the process is a power cut: unsynced bytes, truncations, and names of folders that
// weren't synced are gone. power_cut() does the same within a process: afterwards every handle and
// call gets unavailable, and a fresh FaultDisk on the same root shows what survived.
//
// What a sync_data() makes durable is the file's bytes and size, not its name: a new file is lost
// until sync_directory() of its folder. Reads see everything written, as with a page cache.
//
// After a sync that failed its bytes are still seen but never become durable, although later syncs
// succeed, as on Linux. Each other open handle of the file is told once too, by its next sync; a
// handle opened afterwards is not, although it reads those bytes.
//
// Any thread; one lock. Paths must lie under `root`, an existing folder on a real disk, as given.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/time.h"

namespace fumi::fault {

enum class Operation : unsigned { write = 1, sync = 2, read = 4, name = 8, any = 15 };

enum class PowerCut {
  clean,  // nothing unsynced survives
  torn,   // the seed decides for each unsynced sector of 512 octets whether it survives
};

class FaultDisk final : public FileSystem {
 public:
  explicit FaultDisk(std::string root, std::uint64_t seed = 1);
  ~FaultDisk() override;  // like a clean power cut

  // The operations of this kind after `after` more of them fail with an I/O error: one, or all.
  enum class Failing { once, for_good };
  void fail_after(Operation kind, std::uint64_t after, Failing failing);
  // Files may grow by so many octets more; then storage_full. Removing files gives nothing back.
  void set_space(std::uint64_t octets);
  void heal();  // no more failures, endless space
  void set_sync_delay(Duration delay);
  // From now on the disk lies: syncs of files succeed and do nothing.
  void ignore_syncs();
  void power_cut(PowerCut how);
  // The program dies, the machine runs on: every handle opened so far gets unavailable, its locks
  // are free, and whoever opens the files next sees all that was written, synced or not.
  void kill_process();

  [[nodiscard]] std::uint64_t syncs() const;       // since the start, folders included
  [[nodiscard]] std::uint64_t operations() const;  // writes, syncs and changes of names

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::uint64_t> size(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status make_directory(const std::string& directory) override;  // durable at once
  Status sync_directory(const std::string& directory) override;

 private:
  struct State;
  class Handle;
  std::shared_ptr<State> state_;  // shared with open handles, which may outlive the disk
};

}  // namespace fumi::fault
