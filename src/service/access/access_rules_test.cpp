#include "service/access/access_rules.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace fumi::service {
namespace {

using namespace std::chrono;
using Effect = AccessRule::Effect;
using Kind = AccessSubject::Kind;

constexpr std::uint8_t kWorkdays = 0b0111110;
constexpr std::uint8_t kEveryDay = 0b1111111;

Instant tokyo(year_month_day date, int hour, int minute = 0) {
  return sys_days(date) + hours(hour - 9) + minutes(minute);
}
constexpr auto kMonday = 2026y / 11 / 23;

AccessRule rule(std::uint64_t id, Effect effect, AccessSubject who = {}) {
  AccessRule out;
  out.id = SettingId(id);
  out.name = "rule " + std::to_string(id);
  out.effect = effect;
  out.who = who;
  return out;
}
AccessRule from(AccessRule rule, std::initializer_list<const char*> networks) {
  for (const char* text : networks)
    rule.networks.push_back(*IpNetwork::parse(text));
  return rule;
}
AccessRule at(AccessRule rule, std::uint8_t weekdays, int begin, int end,
              AccessTimes::Holidays holidays = AccessTimes::Holidays::as_weekdays) {
  rule.times = AccessTimes{"Asia/Tokyo", {{weekdays, begin * 60, end * 60}}, holidays};
  return rule;
}
AccessRule by(AccessRule rule, std::initializer_list<AccessDoor> doors) {
  rule.doors = AccessDoors();
  for (const AccessDoor each : doors)
    rule.doors.add(each);
  return rule;
}

AccessQuestion asks(const char* ip, Instant when = tokyo(kMonday, 10),
                    AccessDoor door = AccessDoor::imap) {
  AccessQuestion out;
  out.domain = DomainId(7);
  out.account = AccountId(42);
  out.door = door;
  out.from = IpAddress::parse(ip);
  out.at = when;
  return out;
}

AccessRules compiled(std::vector<AccessRule> rules, std::vector<Holiday> holidays = {}) {
  for (const AccessRule& each : rules)
    REQUIRE(check_rule(each).has_value());
  return std::move(*AccessRules::compile(std::move(rules), holidays));
}
bool may(const AccessRules& rules, const AccessQuestion& question) {
  return rules.judge(question).effect == Effect::allow;
}

TEST_CASE("without a rule that fits everybody may, and for long") {
  const AccessVerdict verdict = compiled({}).judge(asks("192.0.2.1"));
  CHECK(verdict.effect == Effect::allow);
  CHECK(verdict.rule == SettingId());
  CHECK(verdict.until == tokyo(kMonday, 10) + kVerdictLasts);
}

TEST_CASE("the office only: a network is more specific than anywhere") {
  const AccessRules rules = compiled(
      {rule(1, Effect::deny), from(rule(2, Effect::allow), {"203.0.113.0/24", "2001:db8::/32"}),
       from(rule(3, Effect::deny), {"203.0.113.66"})});
  CHECK(may(rules, asks("203.0.113.9")));
  CHECK(may(rules, asks("2001:db8::9")));
  CHECK_FALSE(may(rules, asks("198.51.100.1")));
  CHECK_FALSE(may(rules, asks("203.0.113.66")));  // one address within the network
  CHECK(rules.judge(asks("203.0.113.66")).rule == SettingId(3));
  CHECK_FALSE(may(rules, asks("no address")));
}

TEST_CASE("whom it is about outweighs where it is from; then the door") {
  const AccessRules rules = compiled(
      {from(rule(1, Effect::deny), {"0.0.0.0/0"}), rule(2, Effect::allow, {Kind::account, 42}),
       by(rule(3, Effect::deny, {Kind::account, 42}), {AccessDoor::pop3, AccessDoor::imap})});
  CHECK(may(rules, asks("192.0.2.1", tokyo(kMonday, 10), AccessDoor::web)));
  CHECK_FALSE(may(rules, asks("192.0.2.1", tokyo(kMonday, 10), AccessDoor::pop3)));
  AccessQuestion other = asks("192.0.2.1", tokyo(kMonday, 10), AccessDoor::web);
  other.account = AccountId(43);
  CHECK_FALSE(may(rules, other));
  CHECK(may(compiled({rule(1, Effect::deny, {Kind::domain, 8})}), asks("192.0.2.1")));
  CHECK_FALSE(may(compiled({rule(1, Effect::deny, {Kind::domain, 7})}), asks("192.0.2.1")));
  // An id of another kind is nobody's.
  CHECK(may(compiled({rule(1, Effect::deny, {Kind::api_user, 42})}), asks("192.0.2.1")));
}

TEST_CASE("of equals deny decides, and a rule that is off doesn't count") {
  CHECK_FALSE(may(compiled({rule(1, Effect::deny), rule(2, Effect::allow)}), asks("192.0.2.1")));
  AccessRule off = rule(1, Effect::deny);
  off.state = AccessRule::State::off;
  CHECK(compiled({off}).empty());
}

TEST_CASE("working hours: the verdict says when it ends") {
  const AccessRules rules =
      compiled({rule(1, Effect::deny), at(rule(2, Effect::allow), kWorkdays, 9, 18)});
  struct Case {
    int day, hour, minute;
    bool allowed;
    int end_day, end_hour;
  };
  for (const Case& c : {Case{23, 8, 59, false, 23, 9}, Case{23, 9, 0, true, 23, 18},
                        Case{23, 17, 59, true, 23, 18}, Case{23, 18, 0, false, 24, 9},
                        Case{27, 20, 0, false, 30, 9}, Case{28, 12, 0, false, 30, 9}}) {
    const auto date = 2026y / 11 / c.day;
    const AccessVerdict verdict = rules.judge(asks("192.0.2.1", tokyo(date, c.hour, c.minute)));
    CAPTURE(c.day);
    CAPTURE(c.hour);
    CHECK((verdict.effect == Effect::allow) == c.allowed);
    CHECK(verdict.until == tokyo(2026y / 11 / c.end_day, c.end_hour));
  }
}

TEST_CASE("a window over midnight belongs to the day on which it begins") {
  const AccessRules rules = compiled({at(rule(1, Effect::deny), 1U << Friday.c_encoding(), 22, 6)});
  CHECK(may(rules, asks("192.0.2.1", tokyo(2026y / 11 / 27, 21, 59))));
  CHECK_FALSE(may(rules, asks("192.0.2.1", tokyo(2026y / 11 / 27, 22))));
  CHECK_FALSE(may(rules, asks("192.0.2.1", tokyo(2026y / 11 / 28, 5, 59))));
  CHECK(may(rules, asks("192.0.2.1", tokyo(2026y / 11 / 28, 6))));
  CHECK(may(rules, asks("192.0.2.1", tokyo(2026y / 11 / 28, 23))));  // Saturday
  CHECK(may(rules, asks("192.0.2.1", tokyo(2026y / 11 / 27, 3))));   // Friday morning
}

TEST_CASE("holidays: left out of working hours, or added to them") {
  const std::vector<Holiday> holidays{{kMonday, "勤労感謝の日"}};
  const auto never = AccessTimes::Holidays::never;
  const auto also = AccessTimes::Holidays::also;
  const Instant noon = tokyo(kMonday, 12);
  CHECK(may(compiled({at(rule(1, Effect::deny), kWorkdays, 9, 18, never)}, holidays),
            asks("192.0.2.1", noon)));
  CHECK_FALSE(may(compiled({at(rule(1, Effect::deny), kWorkdays, 9, 18)}, holidays),
                  asks("192.0.2.1", noon)));
  CHECK_FALSE(may(compiled({at(rule(1, Effect::deny), 0, 9, 18, also)}, holidays),
                  asks("192.0.2.1", noon)));
  CHECK(may(compiled({at(rule(1, Effect::deny), 0, 9, 18, also)}, holidays),
            asks("192.0.2.1", noon + days(1))));
}

TEST_CASE("what can't be a rule is refused, naming the field") {
  const auto why = [](AccessRule bad) { return check_rule(bad).error().text(); };
  AccessRule nameless = rule(1, Effect::deny);
  nameless.name.clear();
  CHECK(why(nameless).find("name") != std::string::npos);
  AccessRule doorless = rule(1, Effect::deny);
  doorless.doors = AccessDoors();
  CHECK(why(doorless).find("doors") != std::string::npos);
  AccessRule zone = at(rule(1, Effect::deny), kEveryDay, 0, 24);
  zone.times->zone = "Asia/Atlantis";
  CHECK(why(zone).find("times.zone") != std::string::npos);
  CHECK(why(at(rule(1, Effect::deny), 0, 9, 18)).find("times.windows.days") != std::string::npos);
  CHECK(why(at(rule(1, Effect::deny), kEveryDay, 9, 25)).find("windows.to") != std::string::npos);
  AccessRule many = rule(1, Effect::deny);
  many.networks.assign(kRuleNetworksMax + 1, *IpNetwork::parse("::/0"));
  CHECK(why(many).find("networks") != std::string::npos);
}

TEST_CASE("the verdict stays what it is until the moment it names, and changes there") {
  const bool held = rc::check([] {
    std::vector<AccessRule> rules;
    const auto count = *rc::gen::inRange<std::uint64_t>(1, 5);
    for (std::uint64_t id = 1; id <= count; ++id) {
      AccessRule each = rule(id, *rc::gen::element(Effect::allow, Effect::deny));
      const int begin = *rc::gen::inRange(0, 24);
      if (*rc::gen::arbitrary<bool>()) {
        const auto weekdays = *rc::gen::inRange<int>(1, 128);
        each = at(each, static_cast<std::uint8_t>(weekdays), begin, *rc::gen::inRange(0, 25));
        each.times->zone = *rc::gen::element<std::string>("Asia/Tokyo", "America/New_York", "UTC");
      }
      if (*rc::gen::arbitrary<bool>()) each = from(each, {"192.0.2.0/24"});
      rules.push_back(each);
    }
    const AccessRules judged = *AccessRules::compile(rules, {});
    // Around a change of clocks too.
    const Instant start = sys_days(2026y / 10 / 28) + minutes(*rc::gen::inRange(0, 10 * 24 * 60));
    const AccessVerdict verdict = judged.judge(asks("192.0.2.1", start));
    for (Instant then = start; then < verdict.until; then += minutes(7))
      RC_ASSERT(judged.judge(asks("192.0.2.1", then)).effect == verdict.effect);
    RC_ASSERT(verdict.until > start);
    if (verdict.until < start + kVerdictLasts)
      RC_ASSERT(judged.judge(asks("192.0.2.1", verdict.until)).effect != verdict.effect);
  });
  CHECK(held);
}

}  // namespace
}  // namespace fumi::service
