// A message cut into header fields and body, for signers and verifiers alike (RFC 6376 §3.4).
#pragma once

#include <string_view>
#include <vector>

namespace fumi::mailauth {

struct SplitField {
  std::string_view name;  // trimmed
  std::string_view text;  // with CRLF, folded
};

struct SplitMessage {
  std::vector<SplitField> fields;
  std::string_view body;
};

// Only CRLF ends a line. Views into `message`.
[[nodiscard]] SplitMessage split_message(std::string_view message);

// A name of letters, digits, "-" and "_" in labels of 1 to 63 octets: a domain or a selector.
[[nodiscard]] bool is_dns_name(std::string_view text);

}  // namespace fumi::mailauth
