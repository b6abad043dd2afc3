#include "service/access/access_documents.h"

#include <array>
#include <charconv>

#include "codec/date.h"
#include "codec/json.h"
#include "service/access/access_policy.h"

namespace fumi::service {
namespace {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

constexpr std::array<std::string_view, 4> kSubjects{"everyone", "domain", "api-user", "account"};
constexpr std::array<std::string_view, 3> kHolidayRules{"as-weekdays", "never", "also"};

template <std::size_t N>
std::optional<std::uint8_t> index_of(const std::array<std::string_view, N>& names,
                                     std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

std::unexpected<Error> corrupt(const char* what) {
  return fail(Code::corrupt, "reading an access rule", what);
}

Json times_json(const AccessTimes& times) {
  JsonArray windows;
  for (const DailyWindow& window : times.windows) {
    windows.emplace_back(JsonObject{
        {"weekdays", int{window.weekdays}}, {"begin", window.begin}, {"end", window.end}});
  }
  return JsonObject{{"zone", times.zone},
                    {"windows", std::move(windows)},
                    {"holidays", kHolidayRules[static_cast<std::size_t>(times.holidays)]}};
}

Result<AccessTimes> read_times(const Json& json) {
  AccessTimes times;
  times.zone = json.text("zone");
  const auto holidays = index_of(kHolidayRules, json.text("holidays"));
  if (!holidays) return corrupt("holidays");
  times.holidays = static_cast<AccessTimes::Holidays>(*holidays);
  const Json* windows = json.find("windows");
  if (windows == nullptr || windows->array() == nullptr) return corrupt("windows");
  for (const Json& window : *windows->array()) {
    times.windows.push_back({static_cast<std::uint8_t>(window.number("weekdays")),
                             static_cast<int>(window.number("begin")),
                             static_cast<int>(window.number("end"))});
  }
  return times;
}

}  // namespace

std::string write_rule(const AccessRule& rule) {
  JsonArray doors;
  for (std::size_t i = 0; i < kAccessDoors; ++i) {
    const auto each = static_cast<AccessDoor>(i);
    if (rule.doors.has(each)) doors.emplace_back(to_string(each));
  }
  JsonArray networks;
  for (const IpNetwork& network : rule.networks)
    networks.emplace_back(network.text());
  Json out = JsonObject{{"name", rule.name},
                        {"enabled", rule.state == AccessRule::State::on},
                        {"effect", rule.effect == AccessRule::Effect::allow ? "allow" : "deny"},
                        {"about", kSubjects[static_cast<std::size_t>(rule.who.kind)]},
                        {"aboutId", std::to_string(rule.who.id)},
                        {"doors", std::move(doors)},
                        {"networks", std::move(networks)}};
  if (rule.times) out.set("times", times_json(*rule.times));
  return codec::write_json(out);
}

Result<AccessRule> read_rule(SettingId id, std::string_view document) {
  const auto json = codec::parse_json(document);
  if (!json || json->object() == nullptr) return corrupt("it is no JSON object");
  AccessRule rule;
  rule.id = id;
  rule.name = json->text("name");
  const Json* enabled = json->find("enabled");
  const bool on = enabled != nullptr && enabled->boolean() != nullptr && *enabled->boolean();
  rule.state = on ? AccessRule::State::on : AccessRule::State::off;
  const bool allow = json->text("effect") == "allow";
  rule.effect = allow ? AccessRule::Effect::allow : AccessRule::Effect::deny;
  const auto kind = index_of(kSubjects, json->text("about"));
  if (!kind) return corrupt("about");
  rule.who.kind = static_cast<AccessSubject::Kind>(*kind);
  const std::string_view digits = json->text("aboutId");
  const auto [end, bad] =
      std::from_chars(digits.data(), digits.data() + digits.size(), rule.who.id);
  if (bad != std::errc() || end != digits.data() + digits.size()) return corrupt("aboutId");
  const Json* doors = json->find("doors");
  const Json* networks = json->find("networks");
  if (doors == nullptr || doors->array() == nullptr) return corrupt("doors");
  if (networks == nullptr || networks->array() == nullptr) return corrupt("networks");
  rule.doors = AccessDoors();
  for (const Json& each : *doors->array()) {
    const auto known = each.string() ? access_door(*each.string()) : std::nullopt;
    if (!known) return corrupt("doors");
    rule.doors.add(*known);
  }
  for (const Json& each : *networks->array()) {
    const auto network = each.string() ? IpNetwork::parse(*each.string()) : std::nullopt;
    if (!network) return corrupt("networks");
    rule.networks.push_back(*network);
  }
  if (const Json* times = json->find("times")) {
    FUMI_TRY(rule.times, read_times(*times));
  }
  return rule;
}

std::string write_holidays(const std::vector<Holiday>& holidays) {
  JsonArray out;
  for (const Holiday& holiday : holidays)
    out.emplace_back(
        JsonObject{{"date", codec::write_full_date(holiday.date)}, {"name", holiday.name}});
  return codec::write_json(Json(std::move(out)));
}

Result<std::vector<Holiday>> read_holidays(std::string_view document) {
  const auto json = codec::parse_json(document);
  if (!json || json->array() == nullptr) return corrupt("holidays");
  std::vector<Holiday> out;
  for (const Json& each : *json->array()) {
    const auto date = codec::parse_full_date(each.text("date"));
    if (!date) return corrupt("holidays");
    out.push_back({*date, std::string(each.text("name"))});
  }
  return out;
}

Result<std::vector<AccessRule>> stored_rules(Tx& tx) {
  FUMI_TRY(const auto stored, tx.settings().list(SettingKind::access_rule));
  std::vector<AccessRule> rules;
  for (const StoredSetting& each : stored) {
    FUMI_TRY(auto rule, read_rule(each.id, each.body));
    rules.push_back(std::move(rule));
  }
  return rules;
}

Result<std::vector<Holiday>> stored_holidays(Tx& tx) {
  FUMI_TRY(const auto stored, tx.settings().list(SettingKind::holidays));
  if (stored.empty()) return std::vector<Holiday>();
  return read_holidays(stored.front().body);
}

Result<AccessRules> compiled_rules(Tx& tx) {
  FUMI_TRY(auto rules, stored_rules(tx));
  FUMI_TRY(const auto holidays, stored_holidays(tx));
  return AccessRules::compile(std::move(rules), holidays);
}

}  // namespace fumi::service
