// Operation records: what an administrator did, as the audit trail keeps it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "domain/record.h"

namespace fumi::service {

using Details = std::initializer_list<std::pair<std::string_view, std::string>>;

// `verb` is dotted: "account.create"; `object` what it was done to; details become a JSON object of
// strings. Secrets never go in here.
[[nodiscard]] Record operation(Actor actor, Instant at, std::string_view verb, std::string object,
                               Details details = {});

}  // namespace fumi::service
