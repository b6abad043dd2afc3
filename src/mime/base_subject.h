// The base subject (RFC 5256 §2.1): what is left of a subject without "Re:", "Fwd:", "[list]",
// "(fwd)" and the like. Messages of one conversation share it.
#pragma once

#include <string>
#include <string_view>

namespace fumi::mime {

struct BaseSubject {
  std::string text;
  enum class Kind { original, reply_or_forward } kind = Kind::original;  // RFC 5256 §3, THREAD
};

// `subject` is UTF-8: decode_unstructured() of the field. Time is linear in most subjects, and
// bounded by what is read: no more than 4,096 octets.
[[nodiscard]] BaseSubject base_subject(std::string_view subject);

}  // namespace fumi::mime
