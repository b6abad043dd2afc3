// What a server engine is told before the first octet. One object serves many sessions, unchanged.
#pragma once

#include <cstdint>
#include <string>

#include "proto/smtp/extensions.h"

namespace fumi::smtp {

enum class Role : std::uint8_t {
  mx,          // mail from anywhere for our domains; no AUTH needed
  submission,  // mail from users (RFC 6409): MAIL needs AUTH
  relay,       // as submission, but trust_peer() frees an address from AUTH
};
enum class TlsPolicy : std::uint8_t {
  absent,    // STARTTLS is not offered
  offered,   // STARTTLS is offered
  required,  // RFC 3207 §4: before TLS only NOOP, EHLO, STARTTLS and QUIT
};
enum class TlsState : std::uint8_t { plain, active };
enum class ClearAuth : std::uint8_t { forbidden, allowed };  // AUTH without TLS
enum class BareEnds : std::uint8_t {
  refused,  // a message with a bare CR or LF is read to its proper end and answered 554 5.6.0
  passed,   // it is accepted; DataEnd::facts tell. The host must repair it before it travels on.
};

struct ServerOptions {
  std::string hostname;           // a domain: the greeting, EHLO
  std::string software = "Fumi";  // behind the host name in the greeting
  Role role = Role::mx;
  TlsPolicy tls = TlsPolicy::absent;
  ClearAuth clear_auth = ClearAuth::forbidden;
  BareEnds bare_ends = BareEnds::refused;
  // STARTTLS and AUTH follow from `tls` and `mechanisms`, whatever is said here; REQUIRETLS is
  // offered only on TLS (RFC 8689 §2).
  Extensions extensions = Extensions::usual();
  // What FUTURERELEASE announces (RFC 4865), where it is offered: seconds, and the moment that they
  // lead to at the session's start, as RFC 3339 writes it.
  std::uint32_t hold_max_s = 0;
  std::string hold_until_max;
  std::string mechanisms;      // "SCRAM-SHA-256 PLAIN LOGIN"; empty: no AUTH
  std::string mechanisms_tls;  // offered on TLS only, in front: "SCRAM-SHA-256-PLUS"

  std::uint64_t size_max = 50ULL << 20U;        // octets of a message; over it 552 5.3.4
  std::uint64_t size_slack = 16ULL << 20U;      // read and dropped beyond size_max, then 421
  std::uint32_t recipients_max = 1000;          // >= 100 (RFC 5321 §4.5.3.1.8); over it 452 4.5.3
  std::uint32_t recipient_failures_max = 1000;  // refused RCPTs in a session; over it 421 4.7.0
  std::uint32_t transactions_max = 1000;        // MAILs in a session; over it 452 4.5.3
  // RFC 5321 §4.5.3.1.4 says 512, and each extension adds: all of ours need under 1200 for MAIL.
  std::uint32_t command_octets_max = 2048;
  std::uint32_t auth_octets_max = 12288;  // RFC 4954 §4: AUTH lines and responses
  std::uint32_t auth_failures_max = 3;    // over it 421 4.7.0
  std::uint32_t errors_max = 20;          // commands we refused for syntax or order; over it 421
  std::uint32_t chores_max = 200;         // NOOP, RSET, VRFY, HELP, EHLO without mail; over it 421
};

}  // namespace fumi::smtp
