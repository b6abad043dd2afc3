// Result references (RFC 8620 §3.7) and creation ids (§5.3).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/jmap/request.h"

namespace fumi::jmap {

// Replaces each "#name" argument by what its ResultReference points at in the responses so far.
// invalidArguments: both "name" and "#name" are there. invalidResultReference: it points at
// nothing.
[[nodiscard]] MethodResult<Json> resolve_references(Json arguments,
                                                    const std::vector<Invocation>& responses);

// "#k1" to the id that was made for it; other ids stay. nullopt: nothing was created under it.
[[nodiscard]] std::optional<std::string> resolve_id(
    std::string_view id, const std::map<std::string, std::string>& created_ids);

}  // namespace fumi::jmap
