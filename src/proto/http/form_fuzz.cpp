#include <cstdint>

#include "proto/http/form.h"
#include "proto/http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fumi::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_urlencoded(bytes, {}));
  static_cast<void>(parse_target(bytes));
  static_cast<void>(media_type(bytes));
  static_cast<void>(prefers_language(bytes, "ja", "en"));
  class Sink final : public MultipartReader::Sink {
   public:
    fumi::Status on_part(FormField field) override {
      told += field.name + "=" + field.file_name.value_or("");
      return {};
    }
    fumi::Status on_bytes(std::string_view more) override {
      told += more;
      return {};
    }
    std::string told;
  };
  Sink at_once;
  MultipartReader whole("B", {}, at_once);
  const bool whole_good = whole.feed(bytes).has_value() && whole.finish().has_value();
  Sink in_pieces;
  MultipartReader pieces("B", {}, in_pieces);
  bool pieces_good = true;
  for (std::size_t i = 0; i < bytes.size() && pieces_good; i += 7)
    pieces_good = pieces.feed(bytes.substr(i, 7)).has_value();
  pieces_good = pieces_good && pieces.finish().has_value();
  if (whole_good != pieces_good) __builtin_trap();
  if (whole_good && at_once.told != in_pieces.told) __builtin_trap();
  return 0;
}
