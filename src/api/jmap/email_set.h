// What an Email/set does to one email; EmailSubmission/set does it too (RFC 8621 §7.5).
#pragma once

#include <string>

#include "api/jmap/call.h"

namespace fumi::jmap {

// Keywords and mailboxes by a PatchObject. notFound, invalidPatch, invalidProperties.
[[nodiscard]] SetResult<void> update_email(Call& call, Tx& tx, const std::string& id,
                                           const Json& patch, const CreatedIds& created);

}  // namespace fumi::jmap
