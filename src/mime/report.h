// Delivery status notifications: RFC 3464 (format), RFC 3461 (what SMTP asked for), RFC 6533
// (addresses that are not ASCII), RFC 6522 (multipart/report).
//
// The human part is Japanese and English. Peers' texts are quoted cleaned and cut, so that an
// answer can't add fields. Nothing here reads a clock. Pure functions, any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "mime/header_writer.h"

namespace fumi::mime {

enum class DsnAction { failed, delayed, delivered, relayed, expanded };  // RFC 3464 §2.3.3

struct DsnRecipient {
  std::string final_recipient;     // an address
  std::string original_recipient;  // ORCPT with xtext decoded ("rfc822;a@b"); empty: none was given
  DsnAction action = DsnAction::failed;
  std::string status;           // RFC 3463, "5.1.1"
  std::string remote_mta;       // host name; empty: the failure is our own
  std::string diagnostic_code;  // the SMTP reply, "550 5.1.1 …"; lines may be separated by LF
  std::optional<Instant> last_attempt;
  std::optional<Instant> will_retry_until;  // delayed only
  std::string final_log_id;
};

enum class DsnReturn { headers, full };  // RFC 3461 §4.3 RET

struct Dsn {
  Mailbox from;            // usually MAILER-DAEMON at reporting_mta
  Mailbox to;              // the sender of the original; the report's envelope sender must be <>
  std::string message_id;  // of the report, with angle brackets
  Instant date{};
  std::chrono::minutes zone{540};
  std::string reporting_mta;      // host name
  std::string envelope_id;        // ENVID with xtext decoded; empty: none
  std::string received_from_mta;  // host name; empty: unknown
  std::optional<Instant> arrival;
  std::vector<DsnRecipient> recipients;  // at least one
  std::string_view original;             // the raw message; empty: the third part is left out
  DsnReturn content = DsnReturn::headers;
  std::string boundary_seed;  // at least 16 random octets
};

// Of an original over this size only the header is returned, whatever `content` says.
inline constexpr std::size_t kDsnOriginalOctetsMax = 10'485'760;

// Code::invalid for what can't be written: no recipients, a malformed status, injection, short
// seed.
[[nodiscard]] Result<std::string> write_dsn(const Dsn& dsn);

}  // namespace fumi::mime
