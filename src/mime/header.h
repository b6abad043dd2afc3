// Reading header blocks: fields, unfolding, encoded-words (RFC 2047), parameters (RFC 2231).
//
// Everything is a view into the caller's bytes until it is decoded. CRLF and bare LF both end a
// line. Nothing fails: what is no field is skipped, what can't be decoded stays as it was.
// Pure functions, any thread; time is linear in the input.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"

namespace fumi::mime {

struct HeaderField {
  std::string_view name;   // as written, without white space before the colon
  std::string_view body;   // behind the colon, folding inside, without the final line end
  std::string_view raw;    // the whole field with its final line end
  std::size_t offset = 0;  // of `raw` in the text read
};

// Walks the fields of a header block, or of a message up to its empty line. Lines that are no field
// ("From " of mbox, garbage) are passed over with their continuation lines.
class HeaderReader {
 public:
  // What lies beyond `octets_max` is not header any more.
  explicit HeaderReader(std::string_view text, std::size_t octets_max = 1'048'576)
      : text_(text), octets_max_(octets_max) {}

  [[nodiscard]] bool next(HeaderField& field);  // false: no more
  // After next() has answered false: where the body begins, behind the empty line.
  [[nodiscard]] std::size_t body_offset() const { return at_; }

 private:
  std::string_view text_;
  std::size_t octets_max_;
  std::size_t at_ = 0;
};

// All fields of a header block or message.
[[nodiscard]] std::vector<HeaderField> header_fields(std::string_view text);
// Where the body begins; text.size() if there is none.
[[nodiscard]] std::size_t body_offset(std::string_view message);

// The bodies of the fields of this name (case-insensitive), as HeaderField::body.
[[nodiscard]] std::optional<std::string_view> find_field(std::string_view text,
                                                         std::string_view name);
[[nodiscard]] std::vector<std::string_view> find_fields(std::string_view text,
                                                        std::string_view name);

// RFC 5322 §2.2.3: line ends removed, white space at both ends trimmed.
[[nodiscard]] std::string unfold(std::string_view body);

// An unstructured body (Subject) or a display name to one line of UTF-8. Adjacent encoded-words of
// one charset are joined as bytes before they are converted, since mailers cut characters in two;
// ISO-2022-JP words are converted apart unless the second has no escape of its own. Raw 8-bit text
// is UTF-8 or a guessed Japanese charset. CR, LF and NUL become spaces.
[[nodiscard]] std::string decode_unstructured(std::string_view body);

// "value; name=value …", as Content-Type and Content-Disposition are written (RFC 2045 §5.1, RFC
// 2183).
struct Parameterized {
  std::string value;                  // lower-case, without comments
  std::vector<Parameter> parameters;  // at most kParametersMax; RFC 2231 forms win over plain ones

  [[nodiscard]] std::optional<std::string_view> find(
      std::string_view name) const;  // lower-case name
};
inline constexpr std::size_t kParametersMax = 200;  // RFC 2231 sections counted one by one

[[nodiscard]] Parameterized parse_parameterized(std::string_view body);

// A parameter's value to UTF-8 where mailers put encoded-words into it (against RFC 2047 §5, but
// all Japanese ones did).
[[nodiscard]] std::string decode_parameter(std::string_view value);

}  // namespace fumi::mime
