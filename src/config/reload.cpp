#include "config/reload.h"

namespace fumi::config {

Result<std::vector<Change>> changes(const Catalogue& catalogue, const Document& before,
                                    const Document& after) {
  FUMI_CHECK(catalogue.check(after));
  std::vector<Change> out;
  for (const OptionInfo& option : catalogue.options()) {
    FUMI_TRY(const Value old_value, effective(option, before));
    FUMI_TRY(const Value new_value, effective(option, after));
    if (old_value == new_value) continue;
    out.push_back({option.name, option.applies, format_redacted(option, old_value),
                   format_redacted(option, new_value)});
  }
  return out;
}

}  // namespace fumi::config
