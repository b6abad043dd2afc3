// Any text is a document or an error that names a place; checking one never falls over.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "config/catalogue.h"
#include "config/show.h"

namespace {

struct FuzzOptions {
  fumi::Duration idle{};
  fumi::config::ByteCount size;
  std::vector<std::string> list;
  std::int32_t number = 0;
};

void describe(fumi::config::Schema<FuzzOptions>& s) {
  s.option(&FuzzOptions::idle, "a.idle", std::chrono::seconds(1)).doc("");
  s.option(&FuzzOptions::size, "a.size", fumi::config::kib(1)).doc("");
  s.option(&FuzzOptions::list, "a.list", {}).doc("");
  s.option(&FuzzOptions::number, "a.number", 1).doc("");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto catalogue = [] {
    fumi::config::Catalogue all;
    all.add<FuzzOptions>();
    return all;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = fumi::config::Document::parse(text, "f");
  if (!document) return 0;
  const bool right = catalogue.check(*document).has_value();
  const bool bound = fumi::config::bind<FuzzOptions>(*document).has_value();
  if (right && !bound) std::abort();
  (void)fumi::config::show_json(catalogue, *document);
  return 0;
}
