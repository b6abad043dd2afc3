#include "base/assert.h"
#include "net/proxy_protocol.h"

// Whatever the octets are: a verdict that doesn't change with how they arrive.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using State = fumi::net::ProxyParse::State;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto whole = fumi::net::parse_proxy_header(all);
  FUMI_ASSERT(whole.consumed <= size);
  for (size_t i = 0; i < std::min<size_t>(size, 64); ++i) {
    const auto part = fumi::net::parse_proxy_header(all.substr(0, i));
    if (part.state == State::more) continue;
    FUMI_ASSERT(part.state == whole.state && part.consumed == whole.consumed);
  }
  return 0;
}
