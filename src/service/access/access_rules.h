// Judges access rules: may this principal come in by this door from there now, and until when?
//
// Of the rules that fit, the most specific decides: first by whom it is about (account or API user,
// domain, everyone), then by door (some, any), then by network (the longest prefix, anywhere), then
// by time (some, any). Between equals deny wins. No rule: allow. Within a rule all conditions must
// hold. Pure: no clock, no store; any thread.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "codec/time_zone.h"
#include "domain/access_rule.h"

namespace fumi::service {

struct AccessQuestion {
  DomainId domain;
  AccountId account;   // or
  ApiUserId api_user;  // the other
  AccessDoor door = AccessDoor::web;
  std::optional<IpAddress> from;  // nullopt: unknown; fits no network
  Instant at;
};

struct AccessVerdict {
  AccessRule::Effect effect = AccessRule::Effect::allow;
  SettingId rule;  // that decided; 0: none did
  // The next moment at which it may be otherwise: ask again then. At most kVerdictLasts ahead.
  Instant until;
};
inline constexpr Duration kVerdictLasts = std::chrono::days(8);

// A tenant's rules, made ready to be judged: zones are looked up once.
class AccessRules {
 public:
  AccessRules() = default;  // none
  // invalid: a zone of no name. A rule that is off is left out.
  [[nodiscard]] static Result<AccessRules> compile(std::vector<AccessRule> rules,
                                                   std::span<const Holiday> holidays);

  [[nodiscard]] AccessVerdict judge(const AccessQuestion& question) const;
  [[nodiscard]] bool empty() const { return rules_.empty(); }
  // Whether the address is in a network that some rule lets in: one of the tenant's own.
  [[nodiscard]] bool is_own_network(const IpAddress& address) const;

 private:
  struct Compiled {
    AccessRule rule;
    std::optional<codec::TimeZone> zone;
  };
  struct Fit;
  [[nodiscard]] bool is_holiday(std::chrono::year_month_day date) const;
  [[nodiscard]] bool begins_on(const Compiled& rule, const DailyWindow& window,
                               std::chrono::sys_days day) const;
  [[nodiscard]] bool within(const Compiled& rule, Instant at) const;
  [[nodiscard]] std::vector<Fit> fitting(const AccessQuestion& question) const;
  void add_edges(const Compiled& rule, Instant after, std::vector<Instant>& edges) const;
  [[nodiscard]] const Compiled* deciding(std::span<const Fit> fits, Instant at) const;

  std::vector<Compiled> rules_;
  std::vector<std::chrono::year_month_day> holidays_;  // ascending
};

// What a rule must be to be kept; the error names the field. invalid.
[[nodiscard]] Status check_rule(const AccessRule& rule);

inline constexpr std::size_t kAccessRulesMax = 256;   // a tenant (governance §2.17)
inline constexpr std::size_t kRuleNetworksMax = 256;  // a rule
inline constexpr std::size_t kRuleWindowsMax = 32;    // a rule
inline constexpr std::size_t kHolidaysMax = 1'000;    // a tenant

}  // namespace fumi::service
