// Errors of the sending API: {"errors":[{"code":"13-006","field":"","message":"…"}]}.
//
// Families: 10 missing, 11 format, 12 state of data, 13 restrictions; 90 is ours: try again.
#pragma once

#include <cstdint>
#include <string>

namespace fumi::cmc {

enum class Language : std::uint8_t { en, ja };
enum class Format : std::uint8_t { json, xml };

struct Fault {
  enum class Kind : std::uint8_t {
    missing,          // 10-001
    too_long,         // 11-001
    too_many,         // 11-002
    wrong_format,     // 11-006
    unauthenticated,  // 13-001
    not_permitted,    // 13-002
    too_busy,         // 13-003: over ten connections at once
    refused,          // 13-004: the message may not be sent; detail says why
    no_dkim,          // 13-006
    temporary,        // 90-001
  };
  Kind kind = Kind::temporary;
  std::string field;   // parameter, or empty
  std::string detail;  // limit, address …: inserted into the message

  [[nodiscard]] int http_status() const;
  [[nodiscard]] std::string code() const;
  [[nodiscard]] std::string message(Language language) const;
};

// The whole answer.
[[nodiscard]] std::string write_fault(const Fault& fault, Language language, Format format);

// XML text with the five characters escaped and control characters left out (XML 1.0 §2.2).
[[nodiscard]] std::string xml_escape(const std::string& text);

}  // namespace fumi::cmc
