// What an IMAP server says, as those who fetch mail from it read it: whole, and octet by octet.
#include <algorithm>
#include <cstdlib>

#include "proto/imap/client.h"

namespace {

struct Told {
  std::size_t events = 0, octets = 0;
  bool failed = false;
};

Told run(std::string_view bytes, std::size_t piece) {
  using namespace fumi::imap;
  ClientLimits limits;
  limits.line_octets = 4096;
  limits.literal_octets = 1024;
  Client client(limits);
  (void)client.begin("NOOP");
  Told told;
  while (!bytes.empty() && !told.failed) {
    client.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto event = client.next();
      told.failed = !event.has_value();
      if (!event || !*event) break;
      ++told.events;
      ServerResponse& response = (*event)->response;
      if (const auto name = listed_mailbox(response, NameCharset::modified_utf7))
        told.octets += name->name.size();
      if (const auto spaces = namespaces(response)) told.octets += spaces->personal.size();
      if (const auto mail = fetched_message(std::move(response))) told.octets += mail->bytes.size();
    }
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Told whole = run(bytes, SIZE_MAX);
  const Told cut = run(bytes, 1);
  if (whole.events != cut.events || whole.octets != cut.octets || whole.failed != cut.failed)
    std::abort();
  return 0;
}
