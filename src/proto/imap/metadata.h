// Annotations: GETMETADATA, SETMETADATA (RFC 5464 §4), and what LIST returns of them (RFC 9590).
// Names are alike in any ASCII case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fumi::imap {

struct MetadataQuery {
  enum class Depth : std::uint8_t { zero, one, infinity };
  std::vector<std::string> entries;  // "/private/comment"
  Depth depth = Depth::zero;
  std::optional<std::uint64_t> octets_max;  // MAXSIZE
};

struct GetMetadata {    // (answer)
  std::string mailbox;  // empty: the server
  MetadataQuery query;
};
struct SetMetadata {  // (answer) all of them or none
  std::string mailbox;
  std::vector<std::pair<std::string, std::optional<std::string>>> values;  // nullopt: removes it
};

using MetadataValue = std::pair<std::string, std::optional<std::string>>;  // nullopt: NIL

struct MetadataAnswer {
  std::vector<MetadataValue> values;
  std::uint64_t longest = 0;  // of the values that MAXSIZE left out; 0: none
};
// Of all annotations there are, what the query asks for. What it names and is not there is NIL.
[[nodiscard]] MetadataAnswer pick_metadata(
    const MetadataQuery& query, const std::vector<std::pair<std::string, std::string>>& all);

}  // namespace fumi::imap
