#include "api/public/client_setup.h"

// What Outlook posts comes from anybody.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const auto address = fumi::api::autodiscover_address(xml);
  if (address && address->find_first_of("<\r\n") != std::string::npos) __builtin_trap();
  return 0;
}
