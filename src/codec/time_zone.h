// TimeZone: local time in a zone of the IANA database, by ICU. Windows of access rules, business
// hours and what people are shown are local; everything stored is UTC.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fumi::codec {

struct LocalTime {
  std::chrono::year_month_day date;
  std::chrono::weekday weekday;
  int minute = 0;  // of the day, 0 … 1439
};

// A value; any thread.
class TimeZone {
 public:
  // "Asia/Tokyo", "UTC". invalid: the database has no zone of that name.
  [[nodiscard]] static Result<TimeZone> parse(std::string_view name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] LocalTime local(Instant at) const;
  // When the zone's clocks show that. A time that a change of clocks skips is the instant of the
  // change or shortly behind it; one that comes twice is the first.
  [[nodiscard]] Instant instant(std::chrono::year_month_day date, int minute) const;

 private:
  struct Rules;
  TimeZone(std::string name, std::shared_ptr<const Rules> rules);
  [[nodiscard]] std::chrono::seconds offset(Instant at) const;

  std::string name_;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace fumi::codec
