// The resources of access.cpp: access rules, holidays, open mail sessions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/schema.h"

namespace fumi::api::admin {

struct WindowView {
  std::vector<std::string> days;  // "mon" …
  std::string from, to;           // "09:00"
};
struct AccessTimesView {
  std::string zone;
  std::vector<WindowView> windows;
  std::string holidays = "as-weekdays";
};
struct AccessRuleBody {
  std::string name;
  bool enabled = true;
  std::string effect;
  std::string about = "everyone";
  std::vector<std::string> doors;     // empty: all
  std::vector<std::string> networks;  // empty: anywhere
  std::optional<AccessTimesView> times;
};
struct AccessRuleView {
  std::string id, name;
  bool enabled = true;
  std::string effect, about;
  std::vector<std::string> doors, networks;
  std::optional<AccessTimesView> times;
};
struct AccessTrialQuery {
  std::string address, door;
  std::optional<std::string> from;
  std::optional<Instant> at;
};
struct AccessTrialView {
  std::string effect;
  std::optional<std::string> rule, rule_name;
  Instant until;
};
struct HolidayView {
  std::string date, name;
};
struct HolidayList {
  std::vector<HolidayView> items;
};
struct MailSessionView {
  std::string id, who, door, from;
  Instant since;
};

void describe(Schema<WindowView>& s);
void describe(Schema<AccessTimesView>& s);
void describe(Schema<AccessRuleBody>& s);
void describe(Schema<AccessRuleView>& s);
void describe(Schema<AccessTrialQuery>& s);
void describe(Schema<AccessTrialView>& s);
void describe(Schema<HolidayView>& s);
void describe(Schema<HolidayList>& s);
void describe(Schema<MailSessionView>& s);

}  // namespace fumi::api::admin
