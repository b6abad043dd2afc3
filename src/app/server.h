// Server: the composition root of `fumi serve`. Builds everything, opens the doors, waits for a
// signal, and takes it all down in the right order.
#pragma once

#include <memory>

#include "app/settings.h"
#include "app/storage.h"
#include "base/result.h"

namespace fumi::app {

// Blocks the signals that run() waits for: first thing in main, so that every thread inherits it.
void block_signals();

class Server {
 public:
  // Opens storage and ports; what fails names what to do about it.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(Settings settings, StorageBase base);
  ~Server();

  // Serves until SIGTERM or SIGINT, then drains. SIGHUP reads certificates again. Returns the
  // process's exit status.
  int run();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace fumi::app
