// Cuts what BODY[…] and BINARY[…] name out of a raw message (RFC 9051 §6.4.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mime/structure.h"
#include "proto/imap/fetch.h"

namespace fumi::imap {

struct SectionData {
  enum class Kind : std::uint8_t { missing, view, made } kind = Kind::missing;  // missing: NIL
  std::string_view view;  // into the raw message
  std::string made;       // header fields picked out
  [[nodiscard]] std::string_view octets() const { return kind == Kind::made ? made : view; }
};

[[nodiscard]] SectionData extract_section(const Section& section, std::string_view raw,
                                          const mime::Part& root);

struct BinaryData {
  enum class Kind : std::uint8_t { missing, decoded, unknown_encoding } kind = Kind::missing;
  std::string octets;
};

// The part without its transfer encoding; of multiparts and of the whole message as it is.
[[nodiscard]] BinaryData extract_binary(const Section& section, std::string_view raw,
                                        const mime::Part& root);

// The fields of a header block (with the empty line that ends it) whose names are in `names`, or
// are not, ended by an empty line.
enum class Pick : std::uint8_t { named, others };
[[nodiscard]] std::string pick_fields(std::string_view header,
                                      const std::vector<std::string>& names, Pick pick);

// "<o.n>": empty beyond the end (RFC 9051 §6.4.5).
[[nodiscard]] std::string_view cut(std::string_view octets, const std::optional<Partial>& partial);

}  // namespace fumi::imap
