// JSON pointers (RFC 6901) with JMAP's "*" (RFC 8620 §3.7), and PatchObjects (§5.3).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/jmap/errors.h"

namespace fumi::jmap {

// What "/list/*/id" points at; nullopt: nothing is there. `most` bounds what "*" may gather.
[[nodiscard]] std::optional<Json> evaluate_pointer(const Json& value, std::string_view pointer,
                                                   std::size_t most = 100'000);

// "~1" is "/", "~0" is "~".
[[nodiscard]] std::string unescape_pointer(std::string_view token);
[[nodiscard]] std::string escape_pointer(std::string_view token);

// Applies a PatchObject to an object of the type: paths without a leading "/", null removes.
// invalidPatch: a path through an array or a missing parent, one path a prefix of another.
[[nodiscard]] std::expected<Json, SetError> apply_patch(Json object, const Json& patch);

}  // namespace fumi::jmap
