#include "base/assert.h"
#include "net/dns.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace rdata = fumi::net::rdata;
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  const auto name = rdata::name(wire);
  if (name) FUMI_ASSERT(name->size() <= 4 * size);
  const auto txt = rdata::txt(wire);
  if (txt) FUMI_ASSERT(txt->size() < size);
  static_cast<void>(rdata::mx(wire));
  static_cast<void>(rdata::tlsa(wire));
  static_cast<void>(rdata::srv(wire));
  static_cast<void>(rdata::a(wire));
  static_cast<void>(rdata::aaaa(wire));
  static_cast<void>(fumi::net::is_dns_name(wire));
  return 0;
}
