// Date-times of mail: RFC 5322 §3.3 (and §4.3) and IMAP's INTERNALDATE (RFC 9051 §9 date-time).
// Pure functions, any thread. Nothing here reads a clock or the machine's time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace fumi::codec {

// An instant and the zone in which it was or is to be written.
struct ZonedTime {
  Instant at{};
  std::chrono::minutes zone{0};  // east of UTC; |zone| < 24 h when parsed
  bool operator==(const ZonedTime&) const = default;
};

inline constexpr std::chrono::minutes kJapan{540};

// "Mon, 23 Nov 2026 01:02:03 +0900". Lenient as §4.3 asks and mail needs: comments, obsolete zones,
// two-digit years, a missing weekday, seconds or zone, asctime order; a wrong weekday is ignored.
// nullopt if no date can be made of it, or its year lies outside 1900..9999.
[[nodiscard]] std::optional<ZonedTime> parse_date(std::string_view text);
[[nodiscard]] std::string write_date(Instant at, std::chrono::minutes zone = kJapan);

// "23-Nov-2026 01:02:03 +0900" without the quotes; the day may be " 3" or "3" (RFC 3501
// date-day-fixed).
[[nodiscard]] std::optional<ZonedTime> parse_internal_date(std::string_view text);
[[nodiscard]] std::string write_internal_date(Instant at, std::chrono::minutes zone = kJapan);

// "23-Nov-2026", as SEARCH uses it (RFC 9051 §9 date-text).
[[nodiscard]] std::optional<std::chrono::sys_days> parse_search_date(std::string_view text);

// "2026-11-23" (RFC 3339 §5.6 full-date); nullopt: no such day, or another form.
[[nodiscard]] std::optional<std::chrono::year_month_day> parse_full_date(std::string_view text);
[[nodiscard]] std::string write_full_date(std::chrono::year_month_day date);

}  // namespace fumi::codec
