// fumi access: who may come in from where and when, and who is in
#include <algorithm>
#include <array>

#include "app/cli/groups.h"
#include "base/ascii.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonArray;
using api::JsonObject;

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::string rules_of(const Commands& c, std::string_view suffix = {}) {
  return path_of("/tenants/", c.tenant, "/access-rules" + std::string(suffix));
}

std::string joined(const Json& item, std::string_view member) {
  std::string out;
  const Json* list = item.find(member);
  if (list == nullptr || list->array() == nullptr) return out;
  for (const Json& each : *list->array())
    out += (out.empty() ? "" : " ") + (each.string() != nullptr ? *each.string() : std::string());
  return out;
}

// "mon-fri 09:00-18:00 Asia/Tokyo", for people.
std::string hours_of(const Json& rule) {
  const Json* times = rule.find("times");
  if (times == nullptr || times->is_null()) return {};
  std::string out;
  const Json* windows = times->find("windows");
  if (windows != nullptr && windows->array() != nullptr) {
    for (const Json& window : *windows->array()) {
      out += (out.empty() ? "" : ", ") + joined(window, "days") + " " +
             std::string(window.text("from")) + "-" + std::string(window.text("to"));
    }
  }
  return out + " " + std::string(times->text("zone"));
}

void list_rules(Client& client, const Commands& c) {
  const auto items = client.list(rules_of(c), {});
  if (!items) return;
  if (items->empty()) return client.note(client.word(Text::nothing_found));
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items) {
    const Json* enabled = item.find("enabled");
    const bool on = enabled != nullptr && enabled->boolean() != nullptr && *enabled->boolean();
    rows.push_back(
        {std::string(item.text("id")), std::string(item.text("name")),
         on ? std::string(item.text("effect")) : "(" + std::string(item.text("effect")) + ")",
         std::string(item.text("about")), joined(item, "doors"), joined(item, "networks"),
         hours_of(item)});
  }
  client.table(
      {client.word(Text::head_id), client.word(Text::head_name), client.word(Text::head_effect),
       client.word(Text::head_who), client.word(Text::head_doors), client.word(Text::head_from),
       client.word(Text::head_hours)},
      std::move(rows));
}

// "mon-fri 09:00-18:00", "sat,sun 10:00-12:00", "all 22:00-06:00".
std::optional<Json> window_of(const std::string& text) {
  const auto words = ascii::split(text, ' ');
  if (words.size() != 2) return std::nullopt;
  JsonArray days;
  for (const std::string_view part : ascii::split(words[0], ',')) {
    const auto ends = ascii::split(part == "all" ? "mon-sun" : part, '-');
    const auto* const first = std::ranges::find(kDays, ends.front());
    const auto* const last = std::ranges::find(kDays, ends.back());
    if (ends.size() > 2 || first == kDays.end() || last == kDays.end() || last < first)
      return std::nullopt;
    for (const auto* day = first; day <= last; ++day)
      days.emplace_back(*day);
  }
  const auto times = ascii::split(words[1], '-');
  if (times.size() != 2) return std::nullopt;
  return JsonObject{
      {"days", std::move(days)}, {"from", std::string(times[0])}, {"to", std::string(times[1])}};
}

Json strings(const std::vector<std::string>& texts) {
  JsonArray out;
  for (const std::string& text : texts)
    out.emplace_back(text);
  return out;
}

void add_rule(Client& client, const Commands& c, const char* effect) {
  Json body = JsonObject{{"name", c.name}, {"effect", effect}};
  if (!c.second.empty()) body.set("about", c.second);
  if (!c.doors.empty()) body.set("doors", strings(c.doors));
  if (!c.networks.empty()) body.set("networks", strings(c.networks));
  if (!c.windows.empty()) {
    JsonArray windows;
    for (const std::string& text : c.windows) {
      auto window = window_of(text);
      if (!window) return client.refuse(client.word(Text::bad_hours), kExitUsage);
      windows.push_back(std::move(*window));
    }
    Json times = JsonObject{{"zone", c.zone}, {"windows", std::move(windows)}};
    if (!c.holidays.empty()) times.set("holidays", c.holidays);
    body.set("times", std::move(times));
  }
  const auto answer = client.call("POST", rules_of(c), body);
  if (answer) client.tell(*answer, answer->text("id"), Text::done_created);
}

void remove(Client& client, const std::string& path, const std::string& name) {
  const auto answer = client.call("DELETE", path);
  if (answer) client.tell(*answer, name, Text::done_deleted);
}

void try_out(Client& client, const Commands& c) {
  const Query query{{"address", c.name}, {"door", c.second}, {"from", c.from}, {"at", c.since}};
  const auto answer =
      client.call("GET", with_query(path_of("/tenants/", c.tenant, "/access-trial"), query));
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  client.table(
      {client.word(Text::head_effect), client.word(Text::head_name), client.word(Text::head_until)},
      {{std::string(answer->text("effect")), std::string(answer->text("rule_name")),
        std::string(answer->text("until"))}});
}

void list_sessions(Client& client, const Commands& c) {
  const auto items = client.list(path_of("/tenants/", c.tenant, "/mail-sessions"), {});
  if (!items) return;
  if (items->empty()) return client.note(client.word(Text::nothing_found));
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const char* member : {"id", "who", "door", "from", "since"})
      row.emplace_back(item.text(member));
  }
  client.table(
      {client.word(Text::head_id), client.word(Text::head_who), client.word(Text::head_doors),
       client.word(Text::head_from), client.word(Text::head_created)},
      std::move(rows));
}

void add_rule_command(CLI::App& group, const SharedCommands& c, const char* effect,
                      const std::string& help) {
  CLI::App* command = add_command(group, *c, effect, help,
                                  [c, effect](Client& client) { add_rule(client, *c, effect); });
  command->add_option("name", c->name, "What the rule is for")->required();
  command->add_option("--tenant", c->tenant, "Whose rule")->required();
  command->add_option("--about", c->second, "everyone, @domain, or an address (default everyone)");
  command->add_option("--door", c->doors,
                      "web, imap, pop3, smtp, api, admin, approval; again for more");
  command->add_option("--from", c->networks, "A network, 203.0.113.0/24; again for more");
  command->add_option("--hours", c->windows, "\"mon-fri 09:00-18:00\"; again for more");
  command->add_option("--zone", c->zone, "Time zone of the hours")->capture_default_str();
  command->add_option("--holidays", c->holidays, "as-weekdays, never or also");
}

}  // namespace

void add_access_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(
      app, "access", "Who may come in from where and when, and who is in",
      "  fumi access deny \"Office only\" --tenant acme\n"
      "  fumi access allow \"Office\" --tenant acme --from 203.0.113.0/24 --from 2001:db8::/32\n"
      "  fumi access allow \"Boss, anywhere\" --tenant acme --about boss@acme.example\n"
      "  fumi access deny \"Nights\" --tenant acme --door imap --hours \"all 22:00-06:00\"\n"
      "  fumi access test hanako@acme.example imap --tenant acme --from 198.51.100.7\n"
      "  fumi access sessions --tenant acme\n"
      "The most specific rule decides: by whom it is about, then door, network and time.");
  CLI::App* list = add_command(group, *c, "list", "List the rules",
                               [c](Client& client) { list_rules(client, *c); });
  list->add_option("--tenant", c->tenant, "Whose")->required();
  add_rule_command(group, c, "allow", "Let in whom the rule fits");
  add_rule_command(group, c, "deny", "Keep out whom the rule fits");
  CLI::App* drop = add_command(group, *c, "remove", "Remove a rule", [c](Client& client) {
    remove(client, path_of("/tenants/", c->tenant, "/access-rules/" + c->name), c->name);
  });
  CLI::App* test = add_command(group, *c, "test", "Tell whether somebody could come in",
                               [c](Client& client) { try_out(client, *c); });
  test->add_option("address", c->name, "An account or an API user")->required();
  test->add_option("door", c->second, "web, imap, pop3, smtp, api, admin, approval")->required();
  test->add_option("--from", c->from, "Client address");
  test->add_option("--at", c->since, "2026-11-23T22:00:00+09:00; without it now");
  CLI::App* sessions =
      add_command(group, *c, "sessions", "List who is logged in to read or send mail",
                  [c](Client& client) { list_sessions(client, *c); });
  CLI::App* end = add_command(group, *c, "end", "End a session", [c](Client& client) {
    remove(client, path_of("/tenants/", c->tenant, "/mail-sessions/" + c->name), c->name);
  });
  drop->add_option("id", c->name, "Of the rule")->required();
  end->add_option("id", c->name, "Of the session")->required();
  for (CLI::App* command : {drop, test, sessions, end})
    command->add_option("--tenant", c->tenant, "Whose")->required();
}

}  // namespace fumi::app
