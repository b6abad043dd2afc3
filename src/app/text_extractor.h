// PooledExtractor: the TextExtractor port over helper processes, each waited for by a thread of a
// pool of its own: files that take their time keep no password from being checked.
#pragma once

#include "domain/ports/text_extractor.h"
#include "extract/helpers.h"
#include "net/blocking_pool.h"

namespace fumi::app {

class PooledExtractor final : public TextExtractor {
 public:
  explicit PooledExtractor(const extract::ExtractOptions& options);
  Task<Result<ExtractedText>> extract(TenantScope scope, AttachedFile file,
                                      std::uint64_t text_octets_max) override;
  // Ends the processes; what waits for them gets cancelled.
  void stop();
  [[nodiscard]] std::uint64_t processes_started() const { return helpers_.started(); }

 private:
  extract::Helpers helpers_;
  net::BlockingPool pool_;
};

}  // namespace fumi::app
