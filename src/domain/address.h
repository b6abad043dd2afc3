// EmailAddress: an addr-spec as the store and the services know it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fumi {

struct EmailAddress {
  std::string local;   // as written, unquoted
  std::string domain;  // lower-case (A-label or U-label as written), or an address-literal "[...]"

  // The null reverse-path <> (RFC 5321 §4.5.5) is the empty address.
  [[nodiscard]] bool is_null() const { return local.empty() && domain.empty(); }
  // local@domain with the local-part quoted where RFC 5321 §4.1.2 asks for it; "" for the null
  // path.
  [[nodiscard]] std::string text() const;
  // The form under which an address is looked up: ASCII lower-case, no sub-address ("+tag").
  [[nodiscard]] std::string lookup_key() const;
  // lookup_key() but with the sub-address kept: for suppression lists and records.
  [[nodiscard]] std::string exact_key() const;

  // Accepts what an administrator or an API caller types: no angle brackets, no comments. Refuses
  // control characters, empty parts, a local-part over 64 and a domain over 255 octets.
  [[nodiscard]] static std::optional<EmailAddress> parse(std::string_view text);

  bool operator==(const EmailAddress&) const = default;
};

// A host name in lower-case: letters, digits, hyphens and (U-label) octets above 127; at least two
// labels; no trailing dot. nullopt for anything else.
[[nodiscard]] std::optional<std::string> normalize_domain(std::string_view text);

}  // namespace fumi
