#include "service/vacation/absence.h"

#include <charconv>

#include "codec/date.h"
#include "codec/json.h"

namespace fumi::service {
namespace {

// RFC 8620 §1.4: "2026-11-23T09:00:00Z", a fraction of the second allowed and dropped.
std::optional<Instant> utc_date(std::string_view text) {
  const auto number = [text](std::size_t at, std::size_t digits) -> int {
    int value = 0;
    const std::string_view part = text.substr(std::min(at, text.size()), digits);
    const auto [end, bad] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool whole = bad == std::errc() && end == part.data() + part.size();
    return whole && part.size() == digits && value >= 0 ? value : -1;
  };
  if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
  const auto date = codec::parse_full_date(text.substr(0, 10));
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  return Instant(std::chrono::sys_days(*date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

Result<std::optional<Instant>> date_of(const codec::Json& json, std::string_view name) {
  const codec::Json* value = json.find(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  const auto at = value->string() ? utc_date(*value->string()) : std::nullopt;
  if (!at) return fail(Code::corrupt, "reading an absence", std::string(name));
  return at;
}

std::optional<std::string> text_of(const codec::Json& json, std::string_view name) {
  const codec::Json* value = json.find(name);
  if (value == nullptr || value->string() == nullptr) return std::nullopt;
  return *value->string();
}

}  // namespace

bool Absence::covers(Instant at) const {
  return state == State::on && (!from || at >= *from) && (!to || at < *to);
}

Result<Absence> read_absence(std::string_view document) {
  const auto json = codec::parse_json(document);
  if (!json || json->object() == nullptr) return fail(Code::corrupt, "reading an absence");
  Absence absence;
  const codec::Json* enabled = json->find("isEnabled");
  if (enabled != nullptr && enabled->boolean() != nullptr && *enabled->boolean())
    absence.state = Absence::State::on;
  FUMI_TRY(absence.from, date_of(*json, "fromDate"));
  FUMI_TRY(absence.to, date_of(*json, "toDate"));
  absence.subject = text_of(*json, "subject");
  absence.text = text_of(*json, "textBody");
  absence.html = text_of(*json, "htmlBody");
  return absence;
}

}  // namespace fumi::service
