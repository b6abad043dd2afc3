#include "codec/date.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/ascii.h"

namespace fumi::codec {
namespace {

using std::chrono::minutes;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr const char* kMonthNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* kDayNames[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Zone {
  std::string_view name;
  int hours;
};
// RFC 5322 §4.3; JST is what Japanese programs write in the same place.
constexpr std::array kZones{Zone{"ut", 0},   Zone{"gmt", 0},  Zone{"utc", 0},  Zone{"z", 0},
                            Zone{"est", -5}, Zone{"edt", -4}, Zone{"cst", -6}, Zone{"cdt", -5},
                            Zone{"mst", -7}, Zone{"mdt", -6}, Zone{"pst", -8}, Zone{"pdt", -7},
                            Zone{"jst", 9}};

unsigned month_of(std::string_view word) {
  if (word.size() < 3) return 0;
  for (unsigned i = 0; i < 12; ++i) {
    if (ascii::iequals(word.substr(0, 3), kMonths[i])) return i + 1;
  }
  return 0;
}

// All digits, at most `digits_max` of them; -1 if not.
int number(std::string_view text, std::size_t digits_max) {
  if (text.empty() || text.size() > digits_max) return -1;
  int value = 0;
  for (const char c : text) {
    if (!ascii::is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<minutes> zone_offset(std::string_view word) {
  if (word.size() == 5 && (word[0] == '+' || word[0] == '-')) {
    const int hours = number(word.substr(1, 2), 2);
    const int rest = number(word.substr(3, 2), 2);
    if (hours < 0 || hours > 23 || rest < 0 || rest > 59) return std::nullopt;
    const minutes offset(hours * 60 + rest);
    return word[0] == '-' ? -offset : offset;
  }
  for (const Zone& zone : kZones) {
    if (ascii::iequals(word, zone.name)) return minutes(zone.hours * 60);
  }
  return std::nullopt;
}

struct Fields {
  int year = -1;
  unsigned month = 0;
  int day = -1;
  int hour = -1;
  int minute = -1;
  int second = 0;
  minutes zone{0};
};

// time-of-day = hour ":" minute [ ":" second ]
bool time_of_day(std::string_view word, Fields& out) {
  const auto parts = ascii::split(word, ':');
  if (parts.size() != 2 && parts.size() != 3) return false;
  out.hour = number(parts[0], 2);
  out.minute = number(parts[1], 2);
  out.second = parts.size() == 3 ? number(parts[2], 2) : 0;
  return out.hour >= 0 && out.hour <= 23 && out.minute >= 0 && out.minute <= 59 &&
         out.second >= 0 && out.second <= 60;
}

std::optional<ZonedTime> instant_of(const Fields& f) {
  if (f.year < 1900 || f.year > 9999 || f.month == 0 || f.day < 1 || f.hour < 0)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(f.year), std::chrono::month(f.month),
                                         std::chrono::day(unsigned(f.day)));
  if (!date.ok()) return std::nullopt;
  const Instant local = sys_days(date) + std::chrono::hours(f.hour) + minutes(f.minute) +
                        std::chrono::seconds(f.second);
  return ZonedTime{local - f.zone, f.zone};
}

// Words of the text without comments and commas; at most `kWordsMax`.
constexpr std::size_t kWordsMax = 8;
struct Words {
  std::array<std::string_view, kWordsMax> list;
  std::size_t size = 0;
};

Words words_of(std::string_view text) {
  Words words;
  int depth = 0;
  std::size_t start = std::string_view::npos;
  const auto end_word = [&](std::size_t at) {
    if (start != std::string_view::npos && words.size < kWordsMax) {
      words.list[words.size++] = text.substr(start, at - start);
    }
    start = std::string_view::npos;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(') {
      end_word(i);
      ++depth;
    } else if (c == ')') {
      if (depth > 0) --depth;
    } else if (c == '\\' && depth > 0) {
      ++i;
    } else if (depth == 0 && (ascii::is_space(c) || c == ',')) {
      end_word(i);
    } else if (depth == 0 && start == std::string_view::npos) {
      start = i;
    }
  }
  if (depth == 0) end_word(text.size());
  return words;
}

// RFC 5322 §4.3: two digits from 00 to 49 mean 20xx, other short years count from 1900.
int full_year(std::string_view word) {
  const int year = number(word, 4);
  if (year < 0 || word.size() >= 4) return year;
  if (word.size() == 2 && year < 50) return year + 2000;
  return word.size() == 2 || word.size() == 3 ? year + 1900 : -1;
}

struct Local {
  std::chrono::year_month_day date;
  std::int64_t seconds;
  unsigned weekday;
  char sign;
  int zone;
};

Local local_of(Instant at, minutes zone) {
  const auto local = at + zone;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(local - day).count();
  const int east = int(std::abs(zone.count()));
  return {std::chrono::year_month_day(day), seconds, std::chrono::weekday(day).c_encoding(),
          zone.count() < 0 ? '-' : '+', east / 60 * 100 + east % 60};
}

}  // namespace

std::optional<ZonedTime> parse_date(std::string_view text) {
  if (text.size() > 1000) return std::nullopt;
  const Words words = words_of(text);
  Fields fields;
  std::size_t i = 0;
  const auto word = [&]() { return i < words.size ? words.list[i] : std::string_view(); };
  if (!word().empty() && ascii::is_alpha(word()[0]) && month_of(word()) == 0) ++i;
  if (month_of(word()) != 0) {  // asctime: Nov 23 01:02:03 [zone] 2026
    fields.month = month_of(words.list[i++]);
    fields.day = number(word(), 2);
    ++i;
    if (!time_of_day(word(), fields)) return std::nullopt;
    ++i;
    if (number(word(), 4) < 0) {
      fields.zone = zone_offset(word()).value_or(minutes(0));
      ++i;
    }
    fields.year = full_year(word());
    return instant_of(fields);
  }
  // "23-Nov-2026" in one word is no RFC 5322, but programs write it.
  if (const auto parts = ascii::split(word(), '-'); parts.size() == 3) {
    fields.day = number(parts[0], 2);
    fields.month = month_of(parts[1]);
    fields.year = full_year(parts[2]);
    ++i;
  } else {
    fields.day = number(word(), 2);
    ++i;
    fields.month = month_of(word());
    ++i;
    fields.year = full_year(word());
    ++i;
  }
  if (!time_of_day(word(), fields)) return std::nullopt;
  ++i;
  fields.zone = zone_offset(word()).value_or(minutes(0));  // §4.3: an unknown zone means -0000
  return instant_of(fields);
}

std::string write_date(Instant at, minutes zone) {
  const Local t = local_of(at, zone);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%s, %u %s %04d %02d:%02d:%02d %c%04d", kDayNames[t.weekday],
                unsigned(t.date.day()), kMonthNames[unsigned(t.date.month()) - 1],
                int(t.date.year()), int(t.seconds / 3600), int(t.seconds / 60 % 60),
                int(t.seconds % 60), t.sign, t.zone);
  return buffer;
}

std::optional<std::chrono::sys_days> parse_search_date(std::string_view text) {
  const auto parts = ascii::split(text, '-');
  if (parts.size() != 3 || parts[1].size() != 3 || parts[2].size() != 4) return std::nullopt;
  std::string_view day = parts[0];
  if (day.size() == 2 && day.front() == ' ') day.remove_prefix(1);
  const int number_of_day = number(day, 2);
  const int year = number(parts[2], 4);
  const unsigned month = month_of(parts[1]);
  if (number_of_day < 1 || year < 1 || month == 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(unsigned(number_of_day))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

std::optional<std::chrono::year_month_day> parse_full_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = number(text.substr(0, 4), 4);
  const int month = number(text.substr(5, 2), 2);
  const int day = number(text.substr(8), 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(unsigned(month)),
                                         std::chrono::day(unsigned(day))};
  if (!date.ok()) return std::nullopt;
  return date;
}

std::string write_full_date(std::chrono::year_month_day date) {
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", int(date.year()), unsigned(date.month()),
                unsigned(date.day()));
  return text;
}

std::optional<ZonedTime> parse_internal_date(std::string_view text) {
  // date-day-fixed "-" date-month "-" date-year SP time SP zone
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash > 2) return std::nullopt;
  const std::size_t space = text.find(' ', dash);
  if (space == std::string_view::npos) return std::nullopt;
  const auto day = parse_search_date(text.substr(0, space));
  text.remove_prefix(space + 1);
  if (!day || text.size() != 14 || text[8] != ' ') return std::nullopt;
  Fields fields;
  const std::string_view zone = text.substr(9);
  const auto offset = zone_offset(zone);
  if (!time_of_day(text.substr(0, 8), fields) || !offset) return std::nullopt;
  const std::chrono::year_month_day date(*day);
  fields.year = int(date.year());
  fields.month = unsigned(date.month());
  fields.day = int(unsigned(date.day()));
  fields.zone = *offset;
  return instant_of(fields);
}

std::string write_internal_date(Instant at, minutes zone) {
  const Local t = local_of(at, zone);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%02u-%s-%04d %02d:%02d:%02d %c%04d", unsigned(t.date.day()),
                kMonthNames[unsigned(t.date.month()) - 1], int(t.date.year()),
                int(t.seconds / 3600), int(t.seconds / 60 % 60), int(t.seconds % 60), t.sign,
                t.zone);
  return buffer;
}

}  // namespace fumi::codec
