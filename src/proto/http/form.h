// Form bodies: application/x-www-form-urlencoded (WHATWG URL §5.1) and multipart/form-data
// (RFC 7578).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fumi::http {

struct FormLimits {
  std::size_t fields_max = 200;
  std::size_t name_octets_max = 256;
  std::size_t part_header_octets_max = 8 * 1024;
};

struct FormField {
  std::string name;
  std::string value;                     // bytes of the part
  std::optional<std::string> file_name;  // UTF-8, last path component only; set: it is a file
  std::string content_type;              // as given; "" when the part has none
};

// Code::invalid (a bad escape), Code::too_large (a limit).
[[nodiscard]] Result<std::vector<FormField>> parse_urlencoded(std::string_view body,
                                                              const FormLimits& limits);

// Takes a multipart body in any chunking and tells its parts. The boundary is the Content-Type
// parameter's value (RFC 2046 §5.1.1: 1 to 70 characters). After an error it stays in error.
class MultipartReader {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual Status on_part(FormField part) = 0;           // without its value
    virtual Status on_bytes(std::string_view bytes) = 0;  // of the part that began last
  };
  MultipartReader(std::string_view boundary, FormLimits limits, Sink& sink);

  // invalid: no boundary, a part without a name, a malformed header; too_large: a limit; or what
  // the sink answered.
  [[nodiscard]] Status feed(std::string_view bytes);
  // Call when the body is complete. invalid: the closing boundary didn't come.
  [[nodiscard]] Status finish() const;

 private:
  enum class State { preamble, after_boundary, header, body, epilogue };
  Status step(bool& progress);  // lint: bool-ok a result, not a switch
  Status on_header(std::string_view header);
  Status on_body(bool& progress);  // lint: bool-ok a result, not a switch

  std::string delimiter_;  // CRLF "--" boundary
  FormLimits limits_;
  Sink& sink_;
  State state_ = State::preamble;
  std::string held_;  // not yet told: less than a delimiter, or an unfinished header
  std::size_t parts_ = 0;
  std::optional<Error> error_;
};

// A whole body at once.
[[nodiscard]] Result<std::vector<FormField>> parse_multipart(std::string_view body,
                                                             std::string_view boundary,
                                                             const FormLimits& limits);

}  // namespace fumi::http
