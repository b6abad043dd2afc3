// Any bytes are some address list; what one address parses to is written and read back the same.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "mime/address.h"

using namespace fumi::mime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  int depth = 0;
  for (const Address& address : parse_addresses(input)) {
    if (address.kind == Address::Kind::group_start) ++depth;
    if (address.kind == Address::Kind::group_end) --depth;
    FUMI_ASSERT(depth == 0 || depth == 1);
    for (const std::string* text : {&address.name, &address.local, &address.domain}) {
      FUMI_ASSERT(text->find_first_of("\r\n") == std::string::npos);
    }
  }
  static_cast<void>(parse_message_ids(input));
  if (const auto one = parse_addr_spec(input)) {
    const auto again = parse_addr_spec(write_addr_spec(one->local, one->domain));
    FUMI_ASSERT(again && *again == *one);
  }
  return 0;
}
