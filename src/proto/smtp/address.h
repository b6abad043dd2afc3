// Paths and mailboxes as SMTP writes them (RFC 5321 §4.1.2, with RFC 6531 §3.3 for UTF-8).
//
// Functions bear the ABNF names, take a view and advance it past what they parsed. UTF-8 is
// accepted everywhere here; whether it was announced is for the caller to check with needs_utf8().
// The caller has refused CR, LF and NUL and checked that the text is UTF-8.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fumi::smtp {

// RFC 5321 §4.5.3.1.1 to §4.5.3.1.3.
inline constexpr std::size_t kLocalOctetsMax = 64;
inline constexpr std::size_t kDomainOctetsMax = 255;
inline constexpr std::size_t kPathOctetsMax = 256;

enum class PathFault : std::uint8_t {
  syntax,
  local_too_long,
  domain_too_long,
  path_too_long,
};

struct Mailbox {
  std::string local;   // unquoted: `"a b"` is stored as `a b`
  std::string domain;  // as written; an address literal with its brackets
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// local@domain, the local part quoted where its octets need it (RFC 5321 §4.1.2).
[[nodiscard]] std::string to_text(const Mailbox& mailbox);
[[nodiscard]] bool needs_utf8(const Mailbox& mailbox);

// Where failures are reported to; null (`<>`) for bounces, which must never bounce (§4.5.5).
struct ReversePath {
  Mailbox mailbox;
  [[nodiscard]] bool is_null() const { return mailbox.local.empty() && mailbox.domain.empty(); }
  friend bool operator==(const ReversePath&, const ReversePath&) = default;
};
// Where a message goes. The domain is empty for `<postmaster>` alone (§4.5.1).
struct ForwardPath {
  Mailbox mailbox;
  friend bool operator==(const ForwardPath&, const ForwardPath&) = default;
};
[[nodiscard]] std::string to_text(const ReversePath& path);  // in angle brackets
[[nodiscard]] std::string to_text(const ForwardPath& path);

template <class T>
using Parsed = std::expected<T, PathFault>;

// Reverse-path = Path / "<>". Source routes are read and dropped (§4.1.1.3).
// CLIENT: mailing list and forwarding software (VERP, SRS) sends local parts over 64 octets; a
// reverse-path is held to the length of the path alone.
[[nodiscard]] Parsed<ReversePath> reverse_path(std::string_view& in);
// Forward-path = Path, and "<Postmaster>" (§4.1.1.3).
[[nodiscard]] Parsed<ForwardPath> forward_path(std::string_view& in);
// Mailbox = Local-part "@" ( Domain / address-literal )
[[nodiscard]] Parsed<Mailbox> mailbox(std::string_view& in);
// Local-part = Dot-string / Quoted-string; the unquoted value.
// DEVIATION: dots may lead, trail and follow each other in a Dot-string. CLIENT: Japanese mobile
// carriers gave out such addresses (`a..b.@docomo.ne.jp`). They are written quoted.
[[nodiscard]] Parsed<std::string> local_part(std::string_view& in);
// Domain = sub-domain *("." sub-domain), labels of 1 to 63 octets.
// DEVIATION: "_" is taken inside labels. CLIENT: host names of bounce senders have it.
[[nodiscard]] Parsed<std::string_view> domain(std::string_view& in);
// address-literal of the IPv4 and IPv6 kinds, brackets included. General-address-literal is syntax.
[[nodiscard]] Parsed<std::string_view> address_literal(std::string_view& in);

// All of `text` as a Mailbox, for configuration, the API and tests.
[[nodiscard]] std::optional<Mailbox> parse_mailbox(std::string_view text);
[[nodiscard]] bool is_domain(std::string_view text);
[[nodiscard]] bool is_address_literal(std::string_view text);

// xtext (RFC 3461 §4): printable ASCII but "+" and "=", others as "+" and two upper-case digits.
[[nodiscard]] std::string xtext_encode(std::string_view octets);
[[nodiscard]] std::optional<std::string> xtext_decode(std::string_view text);

}  // namespace fumi::smtp
