// Whatever a peer sends as DEFLATE: no crash, no more than was asked for, and a rest in between
// changes nothing of what comes out.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/detail/deflate.h"

using fumi::net::detail::Inflater;

namespace {

constexpr std::size_t kMost = 100'000;

std::string all(std::string_view input, std::size_t piece, bool rests) {
  Inflater inflater;
  std::string out;
  std::array<char, 256> buffer{};
  while (out.size() < kMost) {
    std::string_view now = input.substr(0, piece);
    const std::size_t offered = now.size();
    const auto got = inflater.take(now, buffer);
    input.remove_prefix(offered - now.size());
    if (!got) return out + "!";
    if (*got > buffer.size()) std::abort();
    out.append(buffer.data(), *got);
    if (*got == 0 && (input.empty() || inflater.has_ended())) break;
    if (rests) inflater.rest();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  // Behind an error, what the same call had inflated before is lost: one is the other's beginning.
  const std::string whole = all(input, SIZE_MAX, false);
  const std::string pieces = all(input, 1, true);
  const bool broken = whole.ends_with('!');
  if (broken != pieces.ends_with('!') && whole.size() < kMost && pieces.size() < kMost)
    std::abort();
  const std::size_t common = std::min({whole.size(), pieces.size(), kMost}) - (broken ? 1 : 0);
  if (whole.compare(0, common, pieces, 0, common) != 0) std::abort();
  if (!broken && whole.size() < kMost && whole.size() != pieces.size()) std::abort();
  return 0;
}
