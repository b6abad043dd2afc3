// FaultVfs: lets SQLite run on a FaultDisk. All connections must be in this process: locks and the
// shared memory of the write-ahead log live in the object. Keep it until the last connection is
// closed.
#pragma once

#include <memory>
#include <string>

#include "store/fault/fault_disk.h"

namespace fumi::fault {

class FaultVfs {
 public:
  FaultVfs(FaultDisk& disk, std::string name);  // the name for SqliteOptions::vfs
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fumi::fault
