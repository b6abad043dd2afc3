// Arguments of annotations, ESEARCH and CATENATE, and URLs: within their limits, or a refusal.
#include <cstdlib>

#include "proto/imap/detail/commands.h"
#include "proto/imap/message_url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fumi::imap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Limits limits;
  for (const auto parse :
       {detail::parse_getmetadata, detail::parse_setmetadata, detail::parse_esearch}) {
    detail::Parser p(text, {}, limits);
    const auto step = parse(p);
    if (!step && p.reply().status == Reply::Status::ok) std::abort();
    if (!step) continue;
    if (const auto* set = std::get_if<SetMetadata>(&*step)) {
      if (set->values.empty() || set->values.size() > limits.metadata_entries) std::abort();
      for (const auto& [entry, value] : set->values) {
        if (!entry.starts_with('/') || entry.ends_with('/')) std::abort();
        if (value && value->size() > limits.metadata_octets) std::abort();
      }
    }
  }
  if (const auto url = MessageUrl::parse(text); url && url->uid.value == 0) std::abort();
  detail::Parser p(text, {}, limits);
  const auto catenated = detail::parse_catenate(p);
  if (catenated && std::get<Catenate>(*catenated).parts.empty()) std::abort();
  return 0;
}
