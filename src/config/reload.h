// What changes between two documents: for SIGHUP and for `fumi config diff`.
#pragma once

#include <string>
#include <vector>

#include "config/catalogue.h"

namespace fumi::config {

struct Change {
  std::string name;
  Applies applies = Applies::restart;  // live: take it now (Schema::take_live); restart: say so
  std::string before;                  // redacted as in `config show`
  std::string after;
  bool operator==(const Change&) const = default;
};

// The options whose effective value differs, by name; a value that only moved to another line or
// source is no change. Error: as Catalogue::check(after): a wrong file changes nothing.
[[nodiscard]] Result<std::vector<Change>> changes(const Catalogue& catalogue,
                                                  const Document& before, const Document& after);

}  // namespace fumi::config
