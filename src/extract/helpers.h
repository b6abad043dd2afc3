// Helpers: gives a file to a helper process of its own and takes its text from it.
//
//   extract::Helpers helpers({.program = "/proc/self/exe"});
//   Result<ExtractedText> found = helpers.extract(file, 1 << 20);   // blocks: a pool's business
//
// One process a file: what breaks into one sees no other file, of whichever tenant. The file is
// handed over as sealed memory, so nothing waits for a reader; text and complaints come back by
// pipes, of which no more is read than is allowed. Whatever the process says is taken for hostile.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "config/values.h"
#include "domain/ports/text_extractor.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::extract {

struct ExtractOptions {
  Duration timeout = std::chrono::seconds(20);
  std::uint32_t processes = 2;  // at a time
  config::ByteCount file_octets_max = config::mib(32);
};

void describe(config::Schema<ExtractOptions>& s);

class Helpers {
 public:
  struct Config {
    std::string program = "/proc/self/exe";  // understands `extract-text`
    Duration timeout = std::chrono::seconds(20);
    std::uint64_t file_octets_max = 64ULL * 1024 * 1024;
  };
  explicit Helpers(Config config);
  ~Helpers();  // no extract() may be running
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  // Blocks until the file is done with, at most for the timeout; any number of threads.
  // unavailable: no process could be started, or not safely. cancelled: stop() was called.
  [[nodiscard]] Result<ExtractedText> extract(const AttachedFile& file,
                                              std::uint64_t text_octets_max);
  // Ends what runs and refuses what comes.
  void stop();

  [[nodiscard]] std::uint64_t started() const { return started_.load(); }  // processes, for metrics

 private:
  struct Ran;
  [[nodiscard]] Result<Ran> run(const char* what, const std::string& input,
                                std::uint64_t text_octets_max);

  Config config_;
  int stop_event_ = -1;
  std::atomic<std::uint64_t> started_{0};
};

}  // namespace fumi::extract
