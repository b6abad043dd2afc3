#include "codec/time_zone.h"

#include <doctest/doctest.h>

namespace fumi::codec {
namespace {

using namespace std::chrono;

Instant utc(year_month_day date, int hour, int minute) {
  return sys_days(date) + hours(hour) + minutes(minute);
}

TEST_CASE("names of the database are zones, others are not") {
  for (const char* name : {"Asia/Tokyo", "UTC", "America/New_York", "Europe/London"})
    CHECK_MESSAGE(TimeZone::parse(name).has_value(), name);
  for (const char* name : {"", "Asia/Atlantis", "GMT+9", "tokyo", "Asia/Tokyo\n", "../etc"})
    CHECK_MESSAGE(TimeZone::parse(name).error().code == Code::invalid, name);
  CHECK_FALSE(TimeZone::parse(std::string(100'000, 'x')).has_value());
}

TEST_CASE("Tokyo is nine hours ahead, and its day begins at 15:00 UTC") {
  const auto tokyo = *TimeZone::parse("Asia/Tokyo");
  const LocalTime local = tokyo.local(utc(2026y / 11 / 23, 15, 0));
  CHECK(local.date == 2026y / 11 / 24);
  CHECK(local.weekday == Tuesday);
  CHECK(local.minute == 0);
  CHECK(tokyo.instant(2026y / 11 / 24, 9 * 60) == utc(2026y / 11 / 24, 0, 0));
  CHECK(tokyo.local(utc(2026y / 11 / 23, 14, 59)).minute == 23 * 60 + 59);
}

TEST_CASE("clocks that change: skipped times and times that come twice") {
  const auto york = *TimeZone::parse("America/New_York");
  // 2026-03-08 02:00 becomes 03:00; 2026-11-01 02:00 becomes 01:00.
  CHECK(york.local(utc(2026y / 3 / 8, 6, 59)).minute == 119);
  CHECK(york.local(utc(2026y / 3 / 8, 7, 0)).minute == 180);
  CHECK(york.instant(2026y / 3 / 8, 180) == utc(2026y / 3 / 8, 7, 0));
  const Instant skipped = york.instant(2026y / 3 / 8, 150);
  CHECK(skipped >= utc(2026y / 3 / 8, 7, 0));
  CHECK(skipped <= utc(2026y / 3 / 8, 8, 0));
  CHECK(york.instant(2026y / 11 / 1, 90) == utc(2026y / 11 / 1, 5, 30));  // the first of two
  CHECK(york.instant(2026y / 11 / 1, 180) == utc(2026y / 11 / 1, 8, 0));
}

TEST_CASE("what local() says, instant() finds again, for each hour of two years") {
  for (const char* name : {"Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "UTC"}) {
    const auto zone = *TimeZone::parse(name);
    for (int hour = 0; hour < 2 * 366 * 24; ++hour) {
      const Instant at = utc(2026y / 1 / 1, 0, 0) + hours(hour);
      const LocalTime local = zone.local(at);
      const Instant back = zone.instant(local.date, local.minute);
      const bool same = back == at;
      // Only in the hour that comes twice another instant shows the same.
      const LocalTime again = zone.local(back);
      if (!same) CHECK(at - back <= hours(1));
      REQUIRE(again.minute == local.minute);
      REQUIRE(again.date == local.date);
    }
  }
}

}  // namespace
}  // namespace fumi::codec
