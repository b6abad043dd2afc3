#include "proto/jmap/request.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/ascii.h"

namespace fumi::jmap {
namespace {

using Refused = std::unexpected<RequestError>;

Refused not_request(std::string detail) {
  return Refused(RequestError{"notRequest", std::move(detail), "", 400});
}

Refused over(std::string limit) {
  return Refused(RequestError{"limit", "the request is over a limit", std::move(limit), 400});
}

std::optional<RequestError> read_call(const Json& value, Request& into) {
  const JsonArray* call = value.array();
  if (call == nullptr || call->size() != 3 || (*call)[0].string() == nullptr ||
      (*call)[1].object() == nullptr || (*call)[2].string() == nullptr) {
    return not_request("a method call is [name, arguments, call id]").error();
  }
  into.calls.push_back({*(*call)[0].string(), (*call)[1], *(*call)[2].string()});
  return std::nullopt;
}

std::optional<RequestError> read_created_ids(const Json& value, Request& into) {
  into.answer_created_ids = Request::CreatedIds::tell;
  if (value.object() == nullptr) return not_request("createdIds is an object").error();
  for (const JsonMember& member : *value.object()) {
    if (member.value.string() == nullptr || !is_id(*member.value.string()))
      return not_request("createdIds maps creation ids to ids").error();
    into.created_ids[member.name] = *member.value.string();
  }
  return std::nullopt;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!ascii::is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::expected<Request, RequestError> parse_request(std::string_view body, const Limits& limits,
                                                   const std::vector<std::string>& capabilities) {
  if (body.size() > limits.request_octets_max) return over("maxSizeRequest");
  Result<Json> json = codec::parse_json(body);
  if (!json) return Refused(RequestError{"notJSON", json.error().detail, "", 400});
  return read_request(*json, limits, capabilities);
}

std::expected<Request, RequestError> read_request(const Json& value, const Limits& limits,
                                                  const std::vector<std::string>& capabilities) {
  Request request;
  const Json* uses = value.find("using");
  const Json* calls = value.find("methodCalls");
  if (uses == nullptr || uses->array() == nullptr) return not_request("using is missing");
  if (calls == nullptr || calls->array() == nullptr) return not_request("methodCalls is missing");
  for (const Json& each : *uses->array()) {
    if (each.string() == nullptr) return not_request("using is an array of strings");
    if (std::ranges::find(capabilities, *each.string()) == capabilities.end()) {
      return Refused(RequestError{"unknownCapability",
                                  ascii::printable(*each.string()) + " is not supported", "", 400});
    }
    request.uses.push_back(*each.string());
  }
  if (calls->array()->size() > limits.calls_max) return over("maxCallsInRequest");
  for (const Json& each : *calls->array()) {
    if (auto error = read_call(each, request)) return Refused(std::move(*error));
  }
  const Json* created = value.find("createdIds");
  if (created != nullptr && !created->is_null()) {
    if (auto error = read_created_ids(*created, request)) return Refused(std::move(*error));
  }
  return request;
}

Json Response::json(Request::CreatedIds answer) const {
  JsonArray list;
  list.reserve(responses.size());
  for (const Invocation& each : responses)
    list.emplace_back(JsonArray{each.name, each.arguments, each.call_id});
  Json out = JsonObject{{"methodResponses", std::move(list)}, {"sessionState", session_state}};
  if (answer == Request::CreatedIds::tell) {
    JsonObject ids;
    for (const auto& [name, id] : created_ids)
      ids.push_back({name, id});
    out.set("createdIds", std::move(ids));
  }
  return out;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
  });
}

std::string utc_date(std::int64_t micros) {
  using namespace std::chrono;
  const auto at = floor<seconds>(sys_time<microseconds>(microseconds(micros)));
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                int(time.minutes().count()), int(time.seconds().count()));
  return text;
}

std::optional<ParsedDate> parse_date(std::string_view text) {
  using namespace std::chrono;
  const auto y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  if (!y || !mo || !d || !h || !mi || !s || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const year_month_day date{year(*y), month(unsigned(*mo)), day(unsigned(*d))};
  if (!date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    std::size_t end = 1;
    while (end < rest.size() && ascii::is_digit(rest[end]))
      ++end;
    if (end == 1) return std::nullopt;
    rest.remove_prefix(end);
  }
  ParsedDate out;
  if (rest != "Z") {
    const auto zh = digits(rest, 1, 2), zm = digits(rest, 4, 2);
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' || !zh || !zm ||
        *zh > 23 || *zm > 59) {
      return std::nullopt;
    }
    out.zone_minutes = (*zh * 60 + *zm) * (rest[0] == '-' ? -1 : 1);
  }
  const sys_seconds at =
      sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) - minutes(out.zone_minutes);
  out.micros = duration_cast<microseconds>(at.time_since_epoch()).count();
  return out;
}

}  // namespace fumi::jmap
