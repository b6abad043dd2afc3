// Input: a key record, a line feed, a message. Neither may crash the verifier, and nothing unsigned
// passes.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "mailauth/dkim_verify.h"

using namespace fumi;
using namespace fumi::mailauth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view message = end < input.size() ? input.substr(end + 1) : std::string_view();
  static_cast<void>(parse_tag_list(input));
  DkimKeyAnswer answer{.kind = DkimKeyAnswer::Kind::found,
                       .records = {std::string(input.substr(0, end))}};
  DkimVerifier verifier(message);
  FUMI_ASSERT(verifier.signatures().size() <= kDkimSignaturesMax);
  for (std::size_t i = 0; i < verifier.signatures().size(); ++i) {
    const DkimResult result = verifier.verify(i, answer, from_micros(0));
    FUMI_ASSERT(result.verdict != DkimVerdict::pass || verifier.signatures()[i].problem.empty());
    FUMI_ASSERT(result.reason.empty() == (result.verdict == DkimVerdict::pass));
  }
  return 0;
}
