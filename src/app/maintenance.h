// Maintenance: what a server does for itself between the messages: seals records, drops those past
// their time, ends sessions that may not go on, removes the mail of deleted accounts, compacts
// blobs.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/net_runtime.h"
#include "app/options.h"
#include "app/storage.h"
#include "service/access/live_sessions.h"

namespace fumi::app {

class Maintenance {
 public:
  Maintenance(Storage& storage, NetRuntime& runtime, service::LiveSessions& live,
              RecordOptions records)
      : storage_(storage), runtime_(runtime), live_(live), records_(records) {}
  ~Maintenance() { stop(); }

  void start();
  void stop();  // waits for the step that runs

 private:
  Task<void> seal_records();
  Task<void> review_sessions();
  void run();
  void retain();
  void compact();
  [[nodiscard]] bool is_stopping();

  Storage& storage_;
  NetRuntime& runtime_;
  service::LiveSessions& live_;
  const RecordOptions records_;
  std::thread thread_;  // compaction blocks for long: no io thread, no pool
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace fumi::app
