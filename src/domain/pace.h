// Pace: how fast somebody may send, as arithmetic over one small state. Who keeps the state is the
// store's business (ports/limit_store.h); what follows from a verdict is intake's.
//
// Sending is shaped before it is refused: a burst leaves at once, what comes faster than the rate
// is taken and leaves later, evenly, and only a long backlog or a spent window is turned away.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace fumi {

// In recipients; 0: no limit.
struct PacePolicy {
  std::uint32_t per_minute = 0;      // the rate at which a backlog leaves
  std::uint32_t burst = 0;           // leaves at once after a pause
  std::uint32_t backlog_max = 1000;  // beyond it: come again later
  std::uint32_t per_10_minutes = 0;
  std::uint32_t per_day = 0;

  [[nodiscard]] bool limits() const {
    return per_minute != 0 || per_10_minutes != 0 || per_day != 0;
  }
  bool operator==(const PacePolicy&) const = default;
};

// What people may send where their tenant has nothing else.
inline constexpr PacePolicy kPersonPace{100, 300, 1000, 600, 10'000};

// Recipients in a sliding window: the current one, and the one before in proportion to what of it
// still lies within reach.
struct PaceWindow {
  Instant start = {};
  std::uint64_t current = 0;
  std::uint64_t previous = 0;

  [[nodiscard]] std::uint64_t count(Instant now, Duration length) const;
  void add(Instant now, Duration length, std::uint64_t recipients);
  bool operator==(const PaceWindow&) const = default;
};

struct PaceState {
  Instant free_at = {};  // when all that was taken will have left at the rate; the burst aside
  PaceWindow ten_minutes;
  PaceWindow day;
  Instant lifted_until = {};  // an administrator lifted the limits

  [[nodiscard]] bool is_lifted(Instant now) const { return now < lifted_until; }
  bool operator==(const PaceState&) const = default;
};

struct PaceVerdict {
  enum class Kind : std::uint8_t {
    now,        // leaves at once
    delayed,    // taken; leaves after `wait`
    backlog,    // not taken: what came before it is over backlog_max; again after `wait`
    too_fast,   // not taken: per_10_minutes; again after `wait`
    spent_day,  // not taken: per_day; again after `wait`
  };
  Kind kind = Kind::now;
  Duration wait{};

  [[nodiscard]] bool is_taken() const { return kind == Kind::now || kind == Kind::delayed; }
};

// Counts `recipients` if they are taken; the state stays as it is if not. A clock that steps back
// costs nobody anything.
PaceVerdict take_pace(PaceState& state, const PacePolicy& policy, std::uint64_t recipients,
                      Instant now);

}  // namespace fumi
