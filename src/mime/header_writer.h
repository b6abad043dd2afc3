// Writing header fields: folding (RFC 5322 §2.2.3), encoded-words (RFC 2047), parameters (RFC
// 2231).
//
// Every value is checked first: CR, LF, NUL and text that isn't UTF-8 are refused with
// Code::invalid and the field's name, so that no caller's input can add a field. Lines are folded
// at 76 octets where white space allows and never exceed 998. Not thread-safe; a value like a
// string builder.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mime/structure.h"

namespace fumi::mime {

// iso_2022_jp is for readers with old Japanese clients: a text that it can't hold goes as UTF-8.
enum class TextCharset { utf8, iso_2022_jp };

struct Mailbox {
  std::string name;  // display name in UTF-8, may be empty
  std::string local;
  std::string domain;  // A-labels; U-labels and 8-bit local-parts make a message for SMTPUTF8
};

enum class ParameterStyle {
  rfc2231,       // name*0*=UTF-8''%E6…
  encoded_word,  // name="=?UTF-8?B?…?=": illegal, but what many Japanese clients read
};

class HeaderWriter {
 public:
  explicit HeaderWriter(TextCharset charset = TextCharset::utf8) : charset_(charset) {}

  // Subject and the like: UTF-8; encoded-words from the first to the last word that needs it.
  [[nodiscard]] Status unstructured(std::string_view name, std::string_view value);
  // A value that has its final form: only folded. UTF-8 passes (RFC 6532); a word over 900 octets
  // is Code::too_large.
  [[nodiscard]] Status structured(std::string_view name, std::string_view value);
  // Nothing is written for an empty list.
  [[nodiscard]] Status mailboxes(std::string_view name, std::span<const Mailbox> list);
  [[nodiscard]] Status parameterized(std::string_view name, std::string_view value,
                                     std::span<const Parameter> parameters,
                                     ParameterStyle style = ParameterStyle::rfc2231);

  [[nodiscard]] std::string take();  // CRLF-ended fields; the writer is empty afterwards

 private:
  TextCharset charset_;
  std::string out_;
};

// Trace fields and others in front of a message whose bytes stay as they are.
struct RawField {
  std::string name;
  std::string value;  // in its final form, unfolded
};
[[nodiscard]] Result<std::string> prepend_fields(std::span<const RawField> fields,
                                                 std::string_view raw);

// Code::invalid unless the name is 1 to 70 printable ASCII characters without a colon and the value
// is UTF-8 without CR, LF, NUL.
[[nodiscard]] Status check_field(std::string_view name, std::string_view value);

}  // namespace fumi::mime
