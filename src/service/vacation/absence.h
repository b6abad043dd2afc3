// Absence: what an account says while it is away (RFC 8621 §8). Kept as the JSON document of
// ObjectKind::vacation; pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fumi::service {

struct Absence {
  enum class State : std::uint8_t { off, on } state = State::off;
  std::optional<Instant> from;  // inclusive
  std::optional<Instant> to;    // exclusive
  std::optional<std::string> subject, text, html;

  // Whether mail that came at this moment is to be answered.
  [[nodiscard]] bool covers(Instant at) const;
};

// corrupt: it isn't what VacationResponse/set stores.
[[nodiscard]] Result<Absence> read_absence(std::string_view document);

}  // namespace fumi::service
