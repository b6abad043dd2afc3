// SEARCH's arguments: a tree within its limits, or a refusal.
#include <cstdlib>

#include "proto/imap/detail/commands.h"

namespace {
std::size_t depth_of(const fumi::imap::SearchKey& key) {
  std::size_t most = 0;
  for (const auto& child : key.children)
    most = std::max(most, depth_of(child));
  return most + 1;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fumi::imap;
  const Limits limits;
  detail::Parser p({reinterpret_cast<const char*>(data), size}, {}, limits);
  const auto step = detail::parse_search(p);
  if (step && depth_of(std::get<Search>(*step).program) > 2 * limits.depth + 2) std::abort();
  if (!step && p.reply().status == Reply::Status::ok) std::abort();
  return 0;
}
