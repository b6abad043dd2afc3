// /query and /queryChanges (RFC 8620 §5.5, §5.6) of types that have few objects: a result is made
// anew where it isn't kept (query_cache.h), and the changes since one that is kept are exact.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/jmap/call.h"

namespace fumi::jmap {

// All ids that match, in order; unsupportedFilter, unsupportedSort. Runs in a transaction, maybe
// twice.
using Evaluate = std::function<MethodResult<std::vector<std::string>>(Tx&, const QueryArguments&)>;

// `type`: "Mailbox". Filter, sort and the flags of a tree (RFC 8621 §2.3) tell one query from
// another.
Task<Answer> run_query(Call& call, std::string type, Evaluate evaluate);
Task<Answer> run_query_changes(Call& call, std::string type, Evaluate evaluate);

// The body of an answer to /queryChanges. tooManyChanges.
[[nodiscard]] Answer query_changes_json(const Call& call, const QueryChangesArguments& arguments,
                                        ModSeq now, const std::vector<std::string>& before,
                                        const std::vector<std::string>& after);

}  // namespace fumi::jmap
