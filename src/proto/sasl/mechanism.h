// The SASL mechanisms that we know by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fumi::sasl {

enum class Mechanism : std::uint8_t {
  plain,               // RFC 4616
  login,               // never standardised; CLIENT: older Outlook versions know nothing else
  scram_sha_256,       // RFC 7677
  scram_sha_256_plus,  // the same, bound to the TLS channel
  oauthbearer,         // RFC 7628: a known name, not implemented, never to be offered
};

// The registered name in upper case.
[[nodiscard]] std::string_view to_string(Mechanism mechanism);
// By registered name, in any case (RFC 4422 §3.1).
[[nodiscard]] std::optional<Mechanism> find_mechanism(std::string_view name);

// What TLS can give to bind a SCRAM exchange to its channel; empty where unavailable.
struct ChannelBindings {
  std::string tls_exporter;          // RFC 9266: 32 octets exported with "EXPORTER-Channel-Binding"
  std::string tls_server_end_point;  // RFC 5929 §4: hash of the server's certificate
  [[nodiscard]] bool empty() const { return tls_exporter.empty() && tls_server_end_point.empty(); }
};

// Names and passwords that we take: 1 to `octets_max` octets of UTF-8 without control characters.
[[nodiscard]] bool is_prepared(std::string_view text, std::size_t octets_max = 1024);

}  // namespace fumi::sasl
