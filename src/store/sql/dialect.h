// Expands the engine's own `/*pg … */` or `/*sqlite … */` in a statement; see session.h.
#pragma once

#include <string>
#include <string_view>

#include "store/sql/session.h"

namespace fumi::sql {

// Text inside quotes and `--` comments stays as it is; a comment of the other engine stays a
// comment.
[[nodiscard]] std::string expand_dialect(Engine engine, std::string_view text);

// The start of a statement on one line, for errors and logs: statements hold no data of users.
[[nodiscard]] std::string brief(std::string_view text);

}  // namespace fumi::sql
