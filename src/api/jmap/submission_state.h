// What has become of a submission (RFC 8621 §7): asked of the spool and the records, not kept.
//
// A held one (RFC 4865) lies in the spool until its time, and is called back from there; from then
// on it is final.
#pragma once

#include "api/jmap/call.h"

namespace fumi::jmap {

// With undoStatus as it is now, and with deliveryStatus too. Steps of the call's transaction.
[[nodiscard]] MethodResult<Json> with_undo_status(Call& call, Tx& tx, Json submission);
[[nodiscard]] MethodResult<Json> with_state(Call& call, Tx& tx, Json submission);

// undoStatus: "canceled" (§7.5), with a record for each recipient. notFound, cannotUnsend; a
// MethodError must undo the transaction.
[[nodiscard]] MethodResult<SetResult<void>> call_back(Call& call, Tx& tx, ObjectId id);

// HOLDFOR and HOLDUNTIL of mailFrom's parameters; nullopt: neither, or a time that has passed.
[[nodiscard]] SetResult<std::optional<Instant>> hold_until(const Json& address, Instant now);

}  // namespace fumi::jmap
