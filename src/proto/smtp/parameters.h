// The parameters of MAIL and RCPT (RFC 5321 §4.1.1.11), parsed and written.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "proto/smtp/extensions.h"
#include "proto/smtp/reply.h"

namespace fumi::smtp {

enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };  // RFC 6152, RFC 3030
enum class Return : std::uint8_t { unset, full, headers };                  // RFC 3461 §4.3

struct MailParameters {
  std::optional<std::uint64_t> size;  // SIZE (RFC 1870): what the client thinks, octets
  Body body = Body::seven_bit;
  bool smtputf8 = false;
  bool requiretls = false;
  Return ret = Return::unset;
  std::string envid;                // decoded from xtext; empty: none (RFC 3461 §4.4)
  std::optional<std::string> auth;  // AUTH= (RFC 4954 §5), decoded; "" for "<>"
  // HOLDFOR= and HOLDUNTIL= (RFC 4865), of which only one may stand. Never written by us.
  std::optional<std::chrono::seconds> hold_for;
  std::optional<std::chrono::sys_seconds> hold_until;
  friend bool operator==(const MailParameters&, const MailParameters&) = default;
};

// RFC 3461 §4.1. All false: the parameter was absent. `never` excludes the others.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  [[nodiscard]] bool is_set() const { return never || success || failure || delay; }
  friend bool operator==(const Notify&, const Notify&) = default;
};

struct RcptParameters {
  Notify notify;
  std::string orcpt_type;  // "rfc822", "utf-8"; empty: no ORCPT (RFC 3461 §4.2)
  std::string orcpt;       // decoded from xtext; for "utf-8" as sent (RFC 6533 §3)
  friend bool operator==(const RcptParameters&, const RcptParameters&) = default;
};

// `text` is what stands behind the path. An error is the reply to give: 555 for a parameter that
// was not offered or is unknown, 501 for one that is malformed, repeated or contradictory.
[[nodiscard]] std::expected<MailParameters, Reply> mail_parameters(std::string_view text,
                                                                   Extensions offered);
[[nodiscard]] std::expected<RcptParameters, Reply> rcpt_parameters(std::string_view text,
                                                                   Extensions offered);

// Appends " KEY=value" for what is set and `offered`; the rest is silently left out, except that
// the caller has made sure of BODY, SMTPUTF8 and REQUIRETLS.
void append(std::string& out, const MailParameters& parameters, Extensions offered);
void append(std::string& out, const RcptParameters& parameters, Extensions offered);

}  // namespace fumi::smtp
