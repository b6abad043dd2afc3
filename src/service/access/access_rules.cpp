#include "service/access/access_rules.h"

#include <algorithm>
#include <tuple>

namespace fumi::service {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using Effect = AccessRule::Effect;
using Holidays = AccessTimes::Holidays;

constexpr int kMinutesOfDay = 24 * 60;

bool is_about(const AccessSubject& who, const AccessQuestion& question) {
  switch (who.kind) {
    case AccessSubject::Kind::everyone:
      return true;
    case AccessSubject::Kind::domain:
      return who.id == question.domain.value();
    case AccessSubject::Kind::api_user:
      return question.api_user != ApiUserId() && who.id == question.api_user.value();
    case AccessSubject::Kind::account:
      return question.account != AccountId() && who.id == question.account.value();
  }
  return false;
}

// Bits of the longest network that holds the address, 0 for a rule without networks; nullopt: none
// does. IPv4 counts as its mapped IPv6 form does, so that both families rank alike.
std::optional<int> network_bits(const AccessRule& rule, const std::optional<IpAddress>& from) {
  if (rule.networks.empty()) return 0;
  if (!from) return std::nullopt;
  std::optional<int> longest;
  for (const IpNetwork& network : rule.networks) {
    if (!network.contains(*from)) continue;
    const int bits = 1 + network.length() + (from->is_v6() ? 0 : 96);
    longest = std::max(longest.value_or(0), bits);
  }
  return longest;
}

}  // namespace

// A rule that fits but for the time.
struct AccessRules::Fit {
  const Compiled* rule;
  // Larger is more specific; of equals deny is larger.
  std::tuple<int, bool, int, bool, bool> rank;
};

Result<AccessRules> AccessRules::compile(std::vector<AccessRule> rules,
                                         std::span<const Holiday> holidays) {
  AccessRules out;
  for (AccessRule& rule : rules) {
    if (rule.state == AccessRule::State::off) continue;
    Compiled compiled;
    if (rule.times) {
      FUMI_TRY(auto zone, codec::TimeZone::parse(rule.times->zone));
      compiled.zone = std::move(zone);
    }
    compiled.rule = std::move(rule);
    out.rules_.push_back(std::move(compiled));
  }
  for (const Holiday& holiday : holidays)
    out.holidays_.push_back(holiday.date);
  std::ranges::sort(out.holidays_);
  return out;
}

bool AccessRules::is_holiday(year_month_day date) const {
  return std::ranges::binary_search(holidays_, date);
}

bool AccessRules::begins_on(const Compiled& rule, const DailyWindow& window, sys_days day) const {
  const Holidays holidays = rule.rule.times->holidays;
  if (holidays != Holidays::as_weekdays && is_holiday(year_month_day(day)))
    return holidays == Holidays::also;
  const unsigned weekday = std::chrono::weekday(day).c_encoding();
  return ((window.weekdays >> weekday) & 1U) != 0;
}

bool AccessRules::within(const Compiled& rule, Instant at) const {
  if (!rule.rule.times) return true;
  const codec::LocalTime now = rule.zone->local(at);
  const sys_days today = now.date;
  return std::ranges::any_of(rule.rule.times->windows, [&](const DailyWindow& window) {
    const bool overnight = window.end <= window.begin;
    if (begins_on(rule, window, today) && now.minute >= window.begin &&
        (overnight || now.minute < window.end)) {
      return true;
    }
    return overnight && now.minute < window.end && begins_on(rule, window, today - days(1));
  });
}

bool AccessRules::is_own_network(const IpAddress& address) const {
  return std::ranges::any_of(rules_, [&](const Compiled& each) {
    return each.rule.effect == Effect::allow &&
           std::ranges::any_of(each.rule.networks,
                               [&](const IpNetwork& network) { return network.contains(address); });
  });
}

std::vector<AccessRules::Fit> AccessRules::fitting(const AccessQuestion& question) const {
  std::vector<Fit> fits;
  for (const Compiled& each : rules_) {
    const AccessRule& rule = each.rule;
    if (!rule.doors.has(question.door) || !is_about(rule.who, question)) continue;
    const auto bits = network_bits(rule, question.from);
    if (!bits) continue;
    const bool some_doors = rule.doors != AccessDoors::all();
    fits.push_back({&each,
                    {static_cast<int>(rule.who.kind), some_doors, *bits, rule.times.has_value(),
                     rule.effect == Effect::deny}});
  }
  return fits;
}

const AccessRules::Compiled* AccessRules::deciding(std::span<const Fit> fits, Instant at) const {
  const Fit* best = nullptr;
  for (const Fit& fit : fits) {
    if (!within(*fit.rule, at)) continue;
    if (best == nullptr || fit.rank > best->rank) best = &fit;
  }
  return best == nullptr ? nullptr : best->rule;
}

// The instants within kVerdictLasts at which a window of the rule may begin or end.
void AccessRules::add_edges(const Compiled& rule, Instant after,
                            std::vector<Instant>& edges) const {
  if (!rule.rule.times) return;
  const sys_days today = rule.zone->local(after).date;
  for (const DailyWindow& window : rule.rule.times->windows) {
    for (sys_days day = today - days(1); day <= today + days(9); day += days(1)) {
      if (!begins_on(rule, window, day)) continue;
      const int end = window.end <= window.begin ? window.end + kMinutesOfDay : window.end;
      const sys_days last = day + days(end / kMinutesOfDay);
      for (const Instant edge :
           {rule.zone->instant(day, window.begin), rule.zone->instant(last, end % kMinutesOfDay)})
        if (edge > after && edge <= after + kVerdictLasts) edges.push_back(edge);
    }
  }
}

AccessVerdict AccessRules::judge(const AccessQuestion& question) const {
  AccessVerdict verdict;
  verdict.until = question.at + kVerdictLasts;
  const std::vector<Fit> fits = fitting(question);
  if (const Compiled* rule = deciding(fits, question.at)) {
    verdict.effect = rule->rule.effect;
    verdict.rule = rule->rule.id;
  }
  std::vector<Instant> edges;
  for (const Fit& fit : fits)
    add_edges(*fit.rule, question.at, edges);
  std::ranges::sort(edges);
  for (const Instant edge : edges) {
    const Compiled* rule = deciding(fits, edge);
    const Effect then = rule == nullptr ? Effect::allow : rule->rule.effect;
    if (then == verdict.effect) continue;
    verdict.until = edge;
    break;
  }
  return verdict;
}

Status check_rule(const AccessRule& rule) {
  const auto wrong = [](const char* what) {
    return fail(Code::invalid, "checking an access rule", what);
  };
  if (rule.name.empty() || rule.name.size() > 200) return wrong("name: 1 to 200 octets");
  if (rule.doors.empty()) return wrong("doors: none is named");
  if (rule.networks.size() > kRuleNetworksMax) return wrong("networks: more than 256");
  if (!rule.times) return {};
  const AccessTimes& times = *rule.times;
  if (times.windows.empty()) return wrong("times.windows: none");
  if (times.windows.size() > kRuleWindowsMax) return wrong("times.windows: more than 32");
  for (const DailyWindow& window : times.windows) {
    if (window.begin < 0 || window.begin >= kMinutesOfDay)
      return wrong("times.windows.from: 00:00 to 23:59");
    if (window.end < 0 || window.end > kMinutesOfDay)
      return wrong("times.windows.to: 00:00 to 24:00");
    if (window.weekdays == 0 && times.holidays != Holidays::also)
      return wrong("times.windows.days: none is named");
    if (window.weekdays > 127) return wrong("times.windows.days: no such day");
  }
  const auto zone = codec::TimeZone::parse(times.zone);
  if (!zone) return wrong("times.zone: no name of the IANA database; \"Asia/Tokyo\" is one");
  return {};
}

}  // namespace fumi::service
