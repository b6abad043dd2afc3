#include "proto/sasl/mechanism.h"

#include <array>

#include "base/ascii.h"
#include "proto/line/utf8.h"

namespace fumi::sasl {
namespace {
constexpr std::array<std::string_view, 5> kNames{"PLAIN", "LOGIN", "SCRAM-SHA-256",
                                                 "SCRAM-SHA-256-PLUS", "OAUTHBEARER"};
}

std::string_view to_string(Mechanism mechanism) { return kNames[std::size_t(mechanism)]; }

std::optional<Mechanism> find_mechanism(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (ascii::iequals(name, kNames[i])) return Mechanism(i);
  }
  return std::nullopt;
}

bool is_prepared(std::string_view text, std::size_t octets_max) {
  if (text.empty() || text.size() > octets_max || !line::is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x20 || octet == 0x7f) return false;
    // C1 controls, U+0080 to U+009F.
    if (octet == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

}  // namespace fumi::sasl
