// TextExtractor: the text of an attached file, for search and for governance.
//
// Files are hostile: what opens them works apart, without files, network or time of its own (see
// docs/decisions/0016), and whatever a file does is an answer here, not an error. An answer that
// isn't `whole` says that nobody has seen all of the file's text, and why; governance treats that
// as uninspectable. Text found before a limit or damage is given all the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "domain/scope.h"

namespace fumi {

struct AttachedFile {
  std::string type;   // "application/pdf"; what the sender says, a hint at most
  std::string name;   // of the file, with its ending; as good a hint
  std::string bytes;  // transfer encoding taken away
};

struct ExtractedText {
  enum class Outcome : std::uint8_t {
    whole = 1,        // all its text
    unsupported = 2,  // a format without text, or one that nobody here reads
    encrypted = 3,
    damaged = 4,     // cut off, against its own rules, or made to break readers
    over_limit = 5,  // too large, too long, too deep, took too long
  };
  Outcome outcome = Outcome::unsupported;
  std::string form;    // "pdf", "docx", …; empty: not known
  std::string reason;  // of what isn't whole: a few English words, for logs and reports
  std::string text;    // UTF-8
};

[[nodiscard]] constexpr std::string_view to_string(ExtractedText::Outcome outcome) {
  switch (outcome) {
    case ExtractedText::Outcome::whole:
      return "whole";
    case ExtractedText::Outcome::encrypted:
      return "encrypted";
    case ExtractedText::Outcome::damaged:
      return "damaged";
    case ExtractedText::Outcome::over_limit:
      return "over_limit";
    case ExtractedText::Outcome::unsupported:
      break;
  }
  return "unsupported";
}

class TextExtractor {
 public:
  virtual ~TextExtractor() = default;

  // At most `text_octets_max` octets of text; more is over_limit. Errors are of this machine, not
  // of the file, and worth another try: unavailable (can't be run or not safely), rate_limited (too
  // many wait), cancelled.
  virtual Task<Result<ExtractedText>> extract(TenantScope scope, AttachedFile file,
                                              std::uint64_t text_octets_max) = 0;
};

}  // namespace fumi
