// The canonical text of a record, over which the chains are computed: docs/audit-format.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include "base/result.h"

#include "base/result.h"
#include "crypto/hash.h"
#include "domain/record.h"

namespace fumi::store {

// One JSON object on one line; fields in a fixed order, empty ones left out; always valid UTF-8.
[[nodiscard]] std::string canonical_record(const Record& record, std::uint64_t number);

// Appends text as a JSON string; what isn't UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// SHA-256(previous | canonical text).
[[nodiscard]] crypto::Digest256 chain_hash(const crypto::Digest256& previous,
                                           std::string_view canonical);

// The compact binary form in the sealed column, and back into a record whose clear fields are set.
[[nodiscard]] std::string encode_record(const Record& record);
[[nodiscard]] Status decode_record(std::string_view bytes, Record& into);

}  // namespace fumi::store
