#include "app/text_extractor.h"

namespace fumi::app {
namespace {

constexpr std::size_t kQueue = 1'000;

extract::Helpers::Config config_of(const extract::ExtractOptions& options) {
  extract::Helpers::Config config;
  config.timeout = options.timeout;
  config.file_octets_max = options.file_octets_max.octets;
  return config;
}

}  // namespace

PooledExtractor::PooledExtractor(const extract::ExtractOptions& options)
    : helpers_(config_of(options)), pool_(options.processes, kQueue) {}

Task<Result<ExtractedText>> PooledExtractor::extract([[maybe_unused]] TenantScope scope,
                                                     AttachedFile file,
                                                     std::uint64_t text_octets_max) {
  const std::function<Result<ExtractedText>()> work = [&] {
    return helpers_.extract(file, text_octets_max);
  };
  co_return co_await pool_.run<ExtractedText>(work);
}

void PooledExtractor::stop() {
  helpers_.stop();
  pool_.stop();
}

}  // namespace fumi::app
