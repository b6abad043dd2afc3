// AccessRule: who may come in by which door, from where and when (governance §2.15, T-11).
//
// A tenant's rules are judged together: of those that fit an attempt the most specific one decides,
// and without one it may (service/access/access_rules.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "domain/ids.h"

namespace fumi {

// Stored by name.
enum class AccessDoor : std::uint8_t { web, imap, pop3, smtp, api, admin, approval };
inline constexpr std::size_t kAccessDoors = 7;
[[nodiscard]] std::string_view to_string(AccessDoor door);
[[nodiscard]] std::optional<AccessDoor> access_door(std::string_view text);

class AccessDoors {
 public:
  constexpr AccessDoors() = default;  // none
  [[nodiscard]] static constexpr AccessDoors all() { return AccessDoors((1U << kAccessDoors) - 1); }
  constexpr void add(AccessDoor door) { bits_ |= bit(door); }
  [[nodiscard]] constexpr bool has(AccessDoor door) const { return (bits_ & bit(door)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(AccessDoors, AccessDoors) = default;

 private:
  constexpr explicit AccessDoors(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(AccessDoor door) { return 1U << static_cast<unsigned>(door); }
  std::uint32_t bits_ = 0;
};

// Whom a rule is about, the wider first.
struct AccessSubject {
  enum class Kind : std::uint8_t { everyone, domain, api_user, account };
  Kind kind = Kind::everyone;
  std::uint64_t id = 0;  // DomainId, ApiUserId or AccountId by kind
  friend bool operator==(const AccessSubject&, const AccessSubject&) = default;
};

// From `begin` up to, not including, `end`: minutes of a local day, 0 … 1440. An end at or before
// the begin is on the next day: 22:00 to 06:00 on Friday ends on Saturday morning.
struct DailyWindow {
  std::uint8_t weekdays = 0;  // bit n: weekday n, Sunday is 0; of the day on which it begins
  int begin = 0;
  int end = 1440;
  friend bool operator==(const DailyWindow&, const DailyWindow&) = default;
};

struct AccessTimes {
  std::string zone;  // IANA
  std::vector<DailyWindow> windows;
  // Holidays are those of the tenant's calendar. `never`: no window begins on one; `also`: all
  // windows do, whatever the weekday.
  enum class Holidays : std::uint8_t { as_weekdays, never, also } holidays = Holidays::as_weekdays;
  friend bool operator==(const AccessTimes&, const AccessTimes&) = default;
};

struct AccessRule {
  enum class Effect : std::uint8_t { allow, deny };
  enum class State : std::uint8_t { off, on };

  SettingId id;
  std::string name;
  State state = State::on;
  Effect effect = Effect::deny;
  AccessSubject who;
  AccessDoors doors = AccessDoors::all();
  std::vector<IpNetwork> networks;   // empty: from anywhere
  std::optional<AccessTimes> times;  // none: at any time
};

struct Holiday {
  std::chrono::year_month_day date;
  std::string name;
  friend bool operator==(const Holiday&, const Holiday&) = default;
};

}  // namespace fumi
