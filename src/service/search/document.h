// SearchDocument: a message as search sees it: its header fields and texts, decoded and folded. The
// scan matches it, the index cuts it into terms; that both read the same text makes them agree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"
#include "service/search/query.h"

namespace fumi::service {

// Where a text stands, as bits: what an index entry carries.
namespace text_class {
inline constexpr std::uint8_t kSubject = 1;
inline constexpr std::uint8_t kFrom = 2;
inline constexpr std::uint8_t kTo = 4;
inline constexpr std::uint8_t kCc = 8;
inline constexpr std::uint8_t kBcc = 16;
inline constexpr std::uint8_t kHeader = 32;  // any other field
inline constexpr std::uint8_t kBody = 64;
// DEVIATION: RFC 9051 §6.4.4 leaves TEXT's matching to the server. Trace and signature fields are
// noise that nobody means by TEXT; HEADER still looks into them.
inline constexpr std::uint8_t kTrace = 128;
inline constexpr std::uint8_t kAny = 127;
}  // namespace text_class

struct SearchDocument {
  struct Section {
    std::uint8_t where = 0;  // one bit of text_class
    std::string name;        // of the header field, lower-case; empty in bodies
    std::string text;
  };
  std::vector<Section> sections;
};

struct DocumentOptions {
  std::uint8_t wanted = 0xff;  // classes to read; others are left out
  enum class Form : std::uint8_t { folded, keeping_kana } form = Form::folded;
  // Text beyond this many octets, of all sections together, is not searched.
  std::uint64_t text_octets_max = 4 * 1024 * 1024;
};

// `root` is the part tree of `raw` (mime::Summary::root). Never fails.
[[nodiscard]] SearchDocument read_document(std::string_view raw, const mime::Part& root,
                                           const DocumentOptions& options = {});

// The class of a header field by its name in any case.
[[nodiscard]] std::uint8_t class_of_field(std::string_view name);
// The classes in which a text condition looks.
[[nodiscard]] std::uint8_t classes_of(SearchQuery::Field field, std::string_view name);

// Does a text condition hold? `needle` is folded, `name` lower-case.
[[nodiscard]] bool contains(const SearchDocument& document, SearchQuery::Field field,
                            std::string_view name, std::string_view needle);

}  // namespace fumi::service
