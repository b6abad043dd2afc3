// Maintenance: what a server does for itself between the messages: seals records, drops those past
// their time, removes the mail of deleted accounts, compacts blobs.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/net_runtime.h"
#include "app/options.h"
#include "app/storage.h"

namespace fumi::app {

class Maintenance {
 public:
  Maintenance(Storage& storage, NetRuntime& runtime, RecordOptions records)
      : storage_(storage), runtime_(runtime), records_(records) {}
  ~Maintenance() { stop(); }

  void start();
  void stop();  // waits for the step that runs

 private:
  Task<void> seal_records();
  void run();
  void retain();
  void compact();
  [[nodiscard]] bool is_stopping();

  Storage& storage_;
  NetRuntime& runtime_;
  const RecordOptions records_;
  std::thread thread_;  // compaction blocks for long: no io thread, no pool
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace fumi::app
