// Access rules, holidays, and the mail sessions that are open.
#include <array>
#include <charconv>
#include <cstdio>

#include "api/admin/admin_api.h"
#include "codec/date.h"

namespace fumi::api::admin {
namespace {

using http::Method;
using Holidays = AccessTimes::Holidays;

constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 3> kHolidays{"as-weekdays", "never", "also"};
constexpr std::size_t kSessionsShown = 1'000;

std::unexpected<Error> wrong(std::string what) {
  return fail(Code::invalid, "reading an access rule", std::move(what));
}

// "HH:MM", up to "24:00".
std::optional<int> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto two = [text](std::size_t at) -> int {
    int value = 0;
    const char* const end = text.data() + at + 2;
    const auto [stop, bad] = std::from_chars(text.data() + at, end, value);
    return bad == std::errc() && stop == end && value >= 0 ? value : 99;
  };
  const int minute = two(0) * 60 + two(3);
  if (two(3) > 59 || minute > 24 * 60) return std::nullopt;
  return minute;
}

std::string text_of(int minute) {
  char text[8];
  std::snprintf(text, sizeof text, "%02d:%02d", minute / 60, minute % 60);
  return text;
}

Result<AccessTimes> times_of(const AccessTimesView& view) {
  AccessTimes times;
  times.zone = view.zone;
  for (std::size_t i = 0; i < kHolidays.size(); ++i)
    if (kHolidays[i] == view.holidays) times.holidays = static_cast<Holidays>(i);
  for (std::size_t at = 0; at < view.windows.size(); ++at) {
    const WindowView& window = view.windows[at];
    const std::string place = "times.windows[" + std::to_string(at) + "]";
    DailyWindow out;
    for (const std::string& day : window.days) {
      const auto* const found = std::find(kDays.begin(), kDays.end(), day);
      if (found == kDays.end()) return wrong(place + ".days: mon, tue, wed, thu, fri, sat or sun");
      out.weekdays |= static_cast<std::uint8_t>(1U << unsigned(found - kDays.begin()));
    }
    const auto begin = minute_of(window.from);
    const auto end = minute_of(window.to);
    if (!begin || *begin == 24 * 60) return wrong(place + ".from: a time of day, \"09:00\"");
    if (!end) return wrong(place + ".to: a time of day, \"18:00\"");
    out.begin = *begin;
    out.end = *end;
    times.windows.push_back(out);
  }
  return times;
}

AccessTimesView view_of_times(const AccessTimes& times) {
  AccessTimesView view;
  view.zone = times.zone;
  view.holidays = kHolidays[static_cast<std::size_t>(times.holidays)];
  for (const DailyWindow& window : times.windows) {
    WindowView& out = view.windows.emplace_back();
    for (std::size_t day = 0; day < kDays.size(); ++day)
      if ((window.weekdays >> day & 1U) != 0) out.days.emplace_back(kDays[day]);
    out.from = text_of(window.begin);
    out.to = text_of(window.end);
  }
  return view;
}

// What the rule says but for whom it is about.
Result<AccessRule> read_body(const AccessRuleBody& body) {
  AccessRule rule;
  rule.name = body.name;
  rule.state = body.enabled ? AccessRule::State::on : AccessRule::State::off;
  rule.effect = body.effect == "allow" ? AccessRule::Effect::allow : AccessRule::Effect::deny;
  if (!body.doors.empty()) rule.doors = AccessDoors();
  for (const std::string& name : body.doors) {
    const auto known = access_door(name);
    if (!known) return wrong("doors: web, imap, pop3, smtp, api, admin or approval");
    rule.doors.add(*known);
  }
  for (std::size_t at = 0; at < body.networks.size(); ++at) {
    const auto network = IpNetwork::parse(body.networks[at]);
    if (!network) {
      return wrong("networks[" + std::to_string(at) +
                   "]: a network as 203.0.113.0/24 or 2001:db8::/32, or an address");
    }
    rule.networks.push_back(*network);
  }
  if (body.times) {
    FUMI_TRY(rule.times, times_of(*body.times));
  }
  return rule;
}

AccessRuleView view_of_rule(const AccessRule& rule, std::string about) {
  AccessRuleView view;
  view.id = rule.id.text();
  view.name = rule.name;
  view.enabled = rule.state == AccessRule::State::on;
  view.effect = rule.effect == AccessRule::Effect::allow ? "allow" : "deny";
  view.about = std::move(about);
  for (std::size_t i = 0; i < kAccessDoors; ++i) {
    const auto each = static_cast<AccessDoor>(i);
    if (rule.doors != AccessDoors::all() && rule.doors.has(each))
      view.doors.emplace_back(to_string(each));
  }
  for (const IpNetwork& network : rule.networks)
    view.networks.push_back(network.text());
  if (rule.times) view.times = view_of_times(*rule.times);
  return view;
}

service::AccessGuard guard_of(const Call& call) {
  return {AccessDoor::admin, IpAddress::parse(call.context.client_ip)};
}

std::unexpected<Error> no_rule() {
  return fail(Code::not_found, "looking up an access rule", "there is no such rule");
}

}  // namespace

void AdminApi::add_access() {
  tag_ = "access";
  const std::string rules = "/tenants/{tenant}/access-rules";
  add(Method::get, rules, "listAccessRules", Permission::policies_read,
      "Lists who may come in from where and when.", &AdminApi::list_access_rules);
  add(Method::post, rules, "createAccessRule", Permission::policies_write,
      "Adds a rule; refused if it would lock its author out.", &AdminApi::create_access_rule, 201);
  add(Method::get, rules + "/{id}", "showAccessRule", Permission::policies_read, "Shows a rule.",
      &AdminApi::show_access_rule);
  add(Method::put, rules + "/{id}", "replaceAccessRule", Permission::policies_write,
      "Changes a rule.", &AdminApi::replace_access_rule);
  add(Method::delete_, rules + "/{id}", "deleteAccessRule", Permission::policies_write,
      "Removes a rule.", &AdminApi::delete_access_rule, 204);
  add(Method::get, "/tenants/{tenant}/access-trial", "tryAccess", Permission::policies_read,
      "Tells whether somebody could come in from there at that time.", &AdminApi::try_access);
  add(Method::get, "/tenants/{tenant}/holidays", "listHolidays", Permission::policies_read,
      "Lists the tenant's holidays.", &AdminApi::list_holidays);
  add(Method::put, "/tenants/{tenant}/holidays", "setHolidays", Permission::policies_write,
      "Sets the tenant's holidays.", &AdminApi::set_holidays, 204);
  add(Method::get, "/tenants/{tenant}/mail-sessions", "listMailSessions", Permission::accounts_read,
      "Lists who is logged in by IMAP, POP3 or SMTP on this node.", &AdminApi::list_mail_sessions);
  add(Method::delete_, "/tenants/{tenant}/mail-sessions/{id}", "endMailSession",
      Permission::credentials_write, "Ends a session.", &AdminApi::end_mail_session, 204);
}

Task<Result<AccessRule>> AdminApi::rule_of(const Call& call, AccessRuleBody body) {
  Result<AccessRule> rule = read_body(body);
  if (!rule) co_return rule;
  Result<AccessSubject> who = co_await host_->access.subject(call.scope, std::move(body.about));
  if (!who) co_return std::unexpected(std::move(who).error());
  rule->who = *who;
  co_return rule;
}

Task<Result<std::vector<AccessRuleView>>> AdminApi::views_of(const Call& call,
                                                             std::vector<AccessRule> rules) {
  std::vector<AccessSubject> subjects;
  for (const AccessRule& rule : rules)
    subjects.push_back(rule.who);
  Result<std::vector<std::string>> names =
      co_await host_->access.subject_texts(call.scope, std::move(subjects));
  if (!names) co_return std::unexpected(std::move(names).error());
  std::vector<AccessRuleView> views;
  for (std::size_t i = 0; i < rules.size(); ++i)
    views.push_back(view_of_rule(rules[i], std::move((*names)[i])));
  co_return views;
}

Task<Result<Page<AccessRuleView>>> AdminApi::list_access_rules(Call& call, None, None) {
  Result<std::vector<AccessRule>> rules = co_await host_->access.rules(call.scope);
  if (!rules) co_return std::unexpected(std::move(rules).error());
  auto views = co_await views_of(call, std::move(*rules));
  if (!views) co_return std::unexpected(std::move(views).error());
  Page<AccessRuleView> page;
  page.items = std::move(*views);
  co_return page;
}

Task<Result<AccessRuleView>> AdminApi::show_access_rule(Call& call, None, None) {
  const auto id = SettingId::parse(call.context.parameter("id"));
  if (!id) co_return no_rule();
  Result<AccessRule> rule = co_await host_->access.rule(call.scope, *id);
  if (!rule) co_return std::unexpected(std::move(rule).error());
  std::vector<AccessRule> one;
  one.push_back(std::move(*rule));
  auto views = co_await views_of(call, std::move(one));
  if (!views) co_return std::unexpected(std::move(views).error());
  co_return std::move(views->front());
}

Task<Result<AccessRuleView>> AdminApi::create_access_rule(Call& call, None, AccessRuleBody body) {
  std::string about = body.about;
  Result<AccessRule> rule = co_await rule_of(call, std::move(body));
  if (!rule) co_return std::unexpected(std::move(rule).error());
  const service::AccessGuard guard = guard_of(call);
  Result<AccessRule> made = co_await host_->access.create_rule(call.scope, guard, std::move(*rule));
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return view_of_rule(*made, std::move(about));
}

Task<Result<AccessRuleView>> AdminApi::replace_access_rule(Call& call, None, AccessRuleBody body) {
  const auto id = SettingId::parse(call.context.parameter("id"));
  if (!id) co_return no_rule();
  std::string about = body.about;
  Result<AccessRule> rule = co_await rule_of(call, std::move(body));
  if (!rule) co_return std::unexpected(std::move(rule).error());
  rule->id = *id;
  const service::AccessGuard guard = guard_of(call);
  Result<AccessRule> kept =
      co_await host_->access.replace_rule(call.scope, guard, std::move(*rule));
  if (!kept) co_return std::unexpected(std::move(kept).error());
  co_return view_of_rule(*kept, std::move(about));
}

Task<Result<None>> AdminApi::delete_access_rule(Call& call, None, None) {
  const auto id = SettingId::parse(call.context.parameter("id"));
  if (!id) co_return no_rule();
  const service::AccessGuard guard = guard_of(call);
  Status done = co_await host_->access.remove_rule(call.scope, guard, *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<AccessTrialView>> AdminApi::try_access(Call& call, AccessTrialQuery query, None) {
  service::AccessTrial trial;
  trial.address = std::move(query.address);
  trial.door = access_door(query.door).value_or(AccessDoor::web);
  trial.at = query.at.value_or(host_->clock.now());
  if (query.from) {
    trial.from = IpAddress::parse(*query.from);
    if (!trial.from) co_return fail(Code::invalid, "trying access rules", "from: no IP address");
  }
  Result<service::AccessVerdict> verdict =
      co_await host_->access.try_out(call.scope, std::move(trial));
  if (!verdict) co_return std::unexpected(std::move(verdict).error());
  AccessTrialView view;
  view.effect = verdict->effect == AccessRule::Effect::allow ? "allow" : "deny";
  view.until = verdict->until;
  if (!verdict->rule) co_return view;
  view.rule = verdict->rule.text();
  Result<AccessRule> rule = co_await host_->access.rule(call.scope, verdict->rule);
  if (rule) view.rule_name = rule->name;
  co_return view;
}

Task<Result<Page<HolidayView>>> AdminApi::list_holidays(Call& call, None, None) {
  Result<std::vector<Holiday>> holidays = co_await host_->access.holidays(call.scope);
  if (!holidays) co_return std::unexpected(std::move(holidays).error());
  Page<HolidayView> page;
  for (const Holiday& each : *holidays)
    page.items.push_back({codec::write_full_date(each.date), each.name});
  co_return page;
}

Task<Result<None>> AdminApi::set_holidays(Call& call, None, HolidayList body) {
  std::vector<Holiday> holidays;
  for (std::size_t i = 0; i < body.items.size(); ++i) {
    const auto date = codec::parse_full_date(body.items[i].date);
    if (!date) {
      co_return fail(Code::invalid, "setting holidays",
                     "items[" + std::to_string(i) + "].date: a day as 2027-01-01");
    }
    holidays.push_back({*date, std::move(body.items[i].name)});
  }
  const service::AccessGuard guard = guard_of(call);
  Status done = co_await host_->access.set_holidays(call.scope, guard, std::move(holidays));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<Page<MailSessionView>>> AdminApi::list_mail_sessions(Call& call, None, None) {
  Page<MailSessionView> page;
  for (const service::LiveSession& each :
       host_->live.of_tenant(call.scope.tenant, kSessionsShown)) {
    page.items.push_back({std::to_string(each.number), each.who.name.text(),
                          std::string(to_string(each.door)), each.from, each.since});
  }
  co_return page;
}

Task<Result<None>> AdminApi::end_mail_session(Call& call, None, None) {
  const std::string_view text = call.context.parameter("id");
  std::uint64_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc() || end != text.data() + text.size()) number = 0;
  Status done = host_->live.revoke(call.scope.tenant, number);
  if (!done) co_return std::unexpected(std::move(done).error());
  Status kept = co_await host_->access.record_ended(call.scope, std::string(text));
  if (!kept) co_return std::unexpected(std::move(kept).error());
  co_return None();
}

}  // namespace fumi::api::admin
