// What an operator may set of the POP3 engine, and the limit of everything that a client can grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fumi::pop3 {

struct Limits {
  std::size_t line_octets = 1'024;     // a command with its CRLF; RFC 2449 §4 asks for 255
  std::size_t auth_octets = 12'288;    // a SASL response in base64; RFC 5034 §4 frees it of the 255
  std::size_t input_octets = 16'384;   // unread input above which the host stops reading
  std::size_t output_octets = 16'384;  // pending output above which the host flushes
  std::size_t bad_commands = 20;       // in a row; one more ends the connection
  std::size_t failed_logins = 5;       // of a connection; the last of them ends it
};

enum class Plaintext : std::uint8_t { refuse, allow };  // passwords without TLS
enum class TlsOffer : std::uint8_t { none, stls };
enum class Channel : std::uint8_t { clear, tls };

struct Options {
  Plaintext plaintext = Plaintext::refuse;
  TlsOffer tls = TlsOffer::stls;
  std::string greeting = "Fumi ready";  // ASCII; no "<…>", which would offer APOP
  // SASL, strongest first. Those ending in -PLUS are offered on TLS only.
  std::vector<std::string> mechanisms = {"PLAIN"};
  std::vector<std::string> mechanisms_plaintext = {"PLAIN", "LOGIN"};  // show the password
  std::optional<std::uint32_t> expire_days;  // RFC 2449 §6.7, announced; nullopt: NEVER
  std::uint32_t login_delay_s = 0;           // RFC 2449 §6.5, announced; 0: none
  Limits limits;
};

}  // namespace fumi::pop3
