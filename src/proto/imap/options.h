// What an operator may set of the IMAP engine, and the limit of everything that a client can grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fumi::imap {

struct Limits {
  std::size_t line_octets = 65'536;         // command text without literals; RFC 7162 §4 asks 8,192
  std::size_t line_octets_preauth = 8'192;  // the same before authentication
  std::uint64_t literal_octets = 1'048'576;  // sum of a command's literals, APPEND's data apart
  std::uint64_t literal_octets_preauth = 8'192;
  std::uint64_t append_octets = 52'428'800;  // one message; announced as APPENDLIMIT (RFC 7889)
  std::uint64_t discard_octets =
      67'108'864;                        // non-synchronising literals beyond it end the connection
  std::size_t append_messages = 1'000;   // of one MULTIAPPEND (RFC 3502)
  std::size_t input_octets = 131'072;    // unread input above which the host stops reading
  std::size_t output_octets = 65'536;    // pending output above which the host flushes
  std::size_t splice_octets = 16'384;    // body literals of this size and more are not copied
  std::size_t depth = 32;                // of nested search keys and lists
  std::size_t sequence_ranges = 10'000;  // of one sequence set
  std::size_t search_keys = 1'000;
  std::size_t sort_criteria = 20;
  std::size_t fetch_items = 200;
  std::size_t header_fields = 200;  // names in one HEADER.FIELDS
  std::size_t section_parts = 64;   // numbers in one section
  std::size_t list_patterns = 100;
  std::size_t cat_parts = 100;                  // of one CATENATE
  std::size_t notify_mailboxes = 10'000;        // of an account whose changes are told (RFC 5465)
  std::size_t notify_entry_octets = 1'048'576;  // names of watched annotations
  std::size_t metadata_entries = 100;           // in one command
  std::size_t metadata_octets = 65'536;         // of one value
  std::size_t messages = 0;                     // in one command, 0: any number (RFC 9738)
  std::size_t saved_messages = 0;               // of COPY and APPEND alone, likewise
  std::size_t flags = 100;                      // in one flag list
  std::size_t flag_octets = 255;
  std::size_t mailbox_octets = 1'000;  // of a name in UTF-8
  std::size_t id_fields = 30;          // RFC 2971 §3.3
  std::size_t bad_commands = 20;       // in a row; one more ends the connection
  std::size_t auth_octets = 65'536;    // one SASL response, in base64
  std::size_t tag_octets = 255;
};

enum class Plaintext : std::uint8_t { refuse, allow };        // passwords without TLS
enum class LiteralCapability : std::uint8_t { plus, minus };  // RFC 7888 §5: never both
enum class TlsOffer : std::uint8_t { none, starttls };

struct Options {
  Plaintext plaintext = Plaintext::refuse;
  TlsOffer tls = TlsOffer::starttls;
  LiteralCapability literals = LiteralCapability::plus;
  std::string greeting = "Fumi ready";
  std::string jmap_url;  // of the JMAP session with the same accounts (RFC 9698); empty: none
  std::vector<std::string> mechanisms = {"PLAIN"};  // SASL, as AUTH= announces them
  std::vector<std::string> mechanisms_plaintext = {"PLAIN", "LOGIN", "XOAUTH2",
                                                   "OAUTHBEARER"};  // need TLS
  std::vector<std::string> hidden;                                  // capabilities not to announce
  Limits limits;
};

}  // namespace fumi::imap
