// What `fumi config show` prints, and docs/options.md.
#pragma once

#include <string>

#include "config/catalogue.h"

namespace fumi::config {

// A table for people: name, value, source, default, range, when a change applies, text. Secrets are
// redacted; a value that doesn't decode is shown as such, so that a wrong file can be looked at.
[[nodiscard]] std::string show_text(const Catalogue& catalogue, const Document& document);

// The same as a JSON array of objects {name, type, value, source, default, range, applies, text}.
// Values are texts in the syntax of the file. Redacted ones are null.
[[nodiscard]] std::string show_json(const Catalogue& catalogue, const Document& document);

// The reference of all options, grouped by table; contains no value of this machine.
[[nodiscard]] std::string options_markdown(const Catalogue& catalogue);

}  // namespace fumi::config
