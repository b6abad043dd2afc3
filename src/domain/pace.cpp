#include "domain/pace.h"

#include <algorithm>

namespace fumi {
namespace {

constexpr Duration kTenMinutes = std::chrono::minutes(10);
constexpr Duration kSkewMax = std::chrono::minutes(1);  // between the clocks of nodes
constexpr Duration kDay = std::chrono::hours(24);

// How long until a window over its limit has room again: at most until it has passed.
Duration until_room(const PaceWindow& window, Instant now, Duration length) {
  return std::max<Duration>(std::chrono::seconds(1), window.start + length - now);
}

}  // namespace

std::uint64_t PaceWindow::count(Instant now, Duration length) const {
  const Duration age = now - start;
  if (age < Duration::zero()) return current + previous;  // the clock stepped back
  if (age >= 2 * length) return 0;
  const bool is_over = age >= length;
  const std::uint64_t whole = is_over ? 0 : current;
  const std::uint64_t fading = is_over ? current : previous;
  const Duration left = (is_over ? 2 * length : length) - age;
  const double share = std::chrono::duration<double>(left) / std::chrono::duration<double>(length);
  return whole + static_cast<std::uint64_t>(static_cast<double>(fading) * share);
}

void PaceWindow::add(Instant now, Duration length, std::uint64_t recipients) {
  const Duration age = now - start;
  if (age < -kSkewMax) start = now;  // it stepped back: what was counted fades from here
  if (age >= length) {
    previous = age < 2 * length ? current : 0;
    current = 0;
    start = age < 2 * length ? start + length : now;
  }
  current += recipients;
}

PaceVerdict take_pace(PaceState& state, const PacePolicy& policy, std::uint64_t recipients,
                      Instant now) {
  using Kind = PaceVerdict::Kind;
  PaceState next = state;
  next.ten_minutes.add(now, kTenMinutes, recipients);
  next.day.add(now, kDay, recipients);
  if (state.is_lifted(now)) {
    state = next;
    return {};
  }
  // One message alone is never refused: it could not be sent at any time.
  const std::uint64_t today = state.day.count(now, kDay);
  if (policy.per_day != 0 && today != 0 && today + recipients > policy.per_day) {
    return {Kind::spent_day, until_room(next.day, now, kDay)};
  }
  const std::uint64_t lately = state.ten_minutes.count(now, kTenMinutes);
  if (policy.per_10_minutes != 0 && lately != 0 && lately + recipients > policy.per_10_minutes) {
    return {Kind::too_fast, until_room(next.ten_minutes, now, kTenMinutes)};
  }
  PaceVerdict verdict;
  if (policy.per_minute != 0) {
    const Duration each = Duration(std::chrono::minutes(1)) / policy.per_minute;
    const bool stepped_back = state.ten_minutes.start - now > kSkewMax;
    next.free_at = (stepped_back ? now : std::max(state.free_at, now)) + each * recipients;
    const Duration late = next.free_at - now - each * policy.burst;
    const Duration over = late - each * (std::uint64_t(policy.backlog_max) + recipients);
    if (over > Duration::zero()) return {Kind::backlog, over};
    if (late > Duration::zero()) verdict = {Kind::delayed, late};
  }
  state = next;
  return verdict;
}

}  // namespace fumi
