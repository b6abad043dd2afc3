#include "codec/time_zone.h"

#include <unicode/timezone.h>
#include <unicode/unistr.h>

namespace fumi::codec {

struct TimeZone::Rules {
  std::unique_ptr<icu::TimeZone> zone;
};

TimeZone::TimeZone(std::string name, std::shared_ptr<const Rules> rules)
    : name_(std::move(name)), rules_(std::move(rules)) {}

Result<TimeZone> TimeZone::parse(std::string_view name) {
  constexpr std::size_t kOctetsMax = 64;
  const auto wrong = [] {
    return fail(Code::invalid, "reading a time zone",
                "it is no name of the IANA database; \"Asia/Tokyo\" is one");
  };
  if (name.empty() || name.size() > kOctetsMax) return wrong();
  const auto id = icu::UnicodeString::fromUTF8(
      icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())));
  auto rules = std::make_shared<Rules>();
  rules->zone.reset(icu::TimeZone::createTimeZone(id));
  // ICU makes custom zones of "GMT+9" and an unknown one of everything else; neither is meant here.
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString canonical;
  UBool is_system = 0;
  icu::TimeZone::getCanonicalID(id, canonical, is_system, error);
  if (U_FAILURE(error) || is_system == 0 || !rules->zone) return wrong();
  return TimeZone(std::string(name), std::move(rules));
}

std::chrono::seconds TimeZone::offset(Instant at) const {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
  std::int32_t raw = 0;
  std::int32_t daylight = 0;
  UErrorCode error = U_ZERO_ERROR;
  rules_->zone->getOffset(static_cast<UDate>(millis), 0, raw, daylight, error);
  return std::chrono::floor<std::chrono::seconds>(std::chrono::milliseconds(raw + daylight));
}

LocalTime TimeZone::local(Instant at) const {
  const auto shown = at + offset(at);
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  LocalTime out;
  out.date = std::chrono::year_month_day(day);
  out.weekday = std::chrono::weekday(day);
  out.minute = static_cast<int>(std::chrono::floor<std::chrono::minutes>(shown - day).count());
  return out;
}

Instant TimeZone::instant(std::chrono::year_month_day date, int minute) const {
  const Instant shown = std::chrono::sys_days(date) + std::chrono::minutes(minute);
  // The offset a day before is the one that holds first when clocks change in between.
  const Instant early = shown - offset(shown - std::chrono::days(1));
  const Instant late = shown - offset(early);
  return offset(early) == offset(late) ? late : early;
}

}  // namespace fumi::codec
