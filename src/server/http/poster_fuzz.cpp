// Any bytes as the URL that a stranger gave, and as what the other side answers.
#include <cstddef>
#include <cstdint>

#include "server/http/poster.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fumi::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Targets targets : {Targets::public_only, Targets::private_too}) {
    const auto target = parse_post_url(text, targets);
    if (!target) continue;
    // Nothing of a URL may end the request line or a field, or name an address inside.
    for (const char c : target->path + target->authority)
      if (c <= ' ' || c >= 0x7f) __builtin_trap();
    const auto literal = fumi::IpAddress::parse(target->host);
    if (literal && targets == Targets::public_only && !is_public(*literal)) __builtin_trap();
  }
  // The same answer, however it comes.
  const auto whole = read_post_answer(text);
  for (std::size_t end = 0; end < size; end += size / 8 + 1) {
    const auto part = read_post_answer(text.substr(0, end));
    if (!part && whole && *whole) __builtin_trap();
    const bool early = part && *part;
    if (early && (!whole || !*whole || (**part).status != (**whole).status)) __builtin_trap();
  }
  return 0;
}
