// Access rules and holidays as they are stored. Private to the module but for access_policy.h.
#pragma once

#include <vector>

#include "domain/ports/store.h"
#include "service/access/access_rules.h"

namespace fumi::service {

[[nodiscard]] std::string write_holidays(const std::vector<Holiday>& holidays);
[[nodiscard]] Result<std::vector<Holiday>> read_holidays(std::string_view document);  // corrupt

// What the transaction sees.
[[nodiscard]] Result<std::vector<AccessRule>> stored_rules(Tx& tx);
[[nodiscard]] Result<std::vector<Holiday>> stored_holidays(Tx& tx);
[[nodiscard]] Result<AccessRules> compiled_rules(Tx& tx);

}  // namespace fumi::service
