// fumi tenant limits, limit, restricted, pace, lift
#include <array>
#include <charconv>

#include "app/cli/groups.h"
#include "base/time.h"
#include "config/values.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonObject;

constexpr std::array kPlan{"accounts_max", "domains_max", "api_users_max", "storage_octets_max"};
constexpr std::array kInUse{"accounts", "domains", "api_users", "storage_octets"};
constexpr std::array kPaces{"person_pace", "tenant_pace"};
constexpr std::array kRules{"per_minute", "burst", "backlog_max", "per_10_minutes", "per_day"};

std::string number_of(const Json& object, const char* name) {
  return std::to_string(object.number(name));
}

void show_limits(Client& client, const Json& answer) {
  if (client.json()) return client.print_json(answer);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < kPlan.size(); ++i)
    rows.push_back({kPlan[i], number_of(answer, kPlan[i]), number_of(answer, kInUse[i])});
  for (const char* pace : kPaces) {
    const Json* rules = answer.find(pace);
    if (rules == nullptr) continue;
    for (const char* rule : kRules)
      rows.push_back({std::string(pace) + "." + rule, number_of(*rules, rule), ""});
  }
  client.table({client.word(Text::head_limit), client.word(Text::head_value),
                client.word(Text::head_in_use)},
               std::move(rows));
}

// "accounts_max=50" or "person_pace.per_minute=200"; sizes may be written "10GiB". The API says
// which names there are.
bool read_limit(const std::string& text, Json& body) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  const std::string name = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  std::int64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) {
    const auto bytes = config::parse_bytes(value);
    if (!bytes) return false;
    number = std::int64_t(bytes->octets);
  }
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) {
    body.set(name, number);
    return true;
  }
  const std::string outer = name.substr(0, dot);
  if (body.find(outer) == nullptr) body.set(outer, JsonObject());
  body.find(outer)->set(name.substr(dot + 1), number);
  return true;
}

void change_limits(Client& client, const Commands& c) {
  Json body = JsonObject();
  for (const std::string& text : c.limits) {
    if (!read_limit(text, body)) {
      return client.refuse(text + ": " + client.word(Text::bad_limit), kExitUsage);
    }
  }
  const auto answer = client.call("PATCH", path_of("/tenants/", c.name, "/limits"), body);
  if (answer) show_limits(client, *answer);
}

std::string pace_path(const Commands& c, const char* suffix) {
  if (!c.account.empty()) return path_of("/accounts/", c.account, suffix);
  return path_of("/tenants/", c.name, suffix);
}

void show_paces(Client& client, const std::vector<Json>& paces) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& pace : paces) {
    const std::string_view address = pace.text("address");
    rows.push_back({address.empty() ? client.word(Text::whole_tenant) : std::string(address),
                    number_of(pace, "waiting"), number_of(pace, "ten_minutes"),
                    number_of(pace, "day"), local_time(pace.text("lifted_until"))});
  }
  if (rows.empty()) return client.note(client.word(Text::nothing_found));
  client.table({client.word(Text::head_address), client.word(Text::head_waiting),
                client.word(Text::head_ten_minutes), client.word(Text::head_day),
                client.word(Text::head_lifted)},
               std::move(rows));
}

void show_pace(Client& client, const std::optional<Json>& answer) {
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  show_paces(client, {*answer});
}

void list_restricted(Client& client, const Commands& c) {
  const auto answer = client.call("GET", path_of("/tenants/", c.name, "/restricted"));
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  const Json* items = answer->find("items");
  show_paces(client, items && items->array() ? *items->array() : std::vector<Json>());
}

void lift(Client& client, const Commands& c) {
  const Instant until = system_clock().now() + std::chrono::hours(c.hours);
  const Json body = JsonObject{{"until", to_rfc3339(until)}, {"note", c.note}};
  show_pace(client, client.call("POST", pace_path(c, "/pace/lift"), body));
}

}  // namespace

void add_limit_commands(CLI::App& group, const SharedCommands& c) {
  CLI::App* show = add_command(
      group, *c, "limits", "Show a tenant's plan and sending pace", [c](Client& client) {
        const auto answer = client.call("GET", path_of("/tenants/", c->name, "/limits"));
        if (answer) show_limits(client, *answer);
      });
  CLI::App* change = add_command(group, *c, "limit", "Change a tenant's plan or sending pace",
                                 [c](Client& client) { change_limits(client, *c); });
  change->footer(
      "Examples:\n"
      "  fumi tenant limit acme accounts_max=50 storage_octets_max=500GiB\n"
      "  fumi tenant limit acme person_pace.per_minute=200 tenant_pace.per_day=50000\n"
      "0 means no limit.");
  CLI::App* restricted =
      add_command(group, *c, "restricted", "List senders that are slowed down, refused or lifted",
                  [c](Client& client) { list_restricted(client, *c); });
  CLI::App* pace = add_command(
      group, *c, "pace", "Show where a tenant's or an account's sending pace stands",
      [c](Client& client) { show_pace(client, client.call("GET", pace_path(*c, "/pace"))); });
  CLI::App* lifted =
      add_command(group, *c, "lift", "Let a tenant or an account send without limits for a time",
                  [c](Client& client) { lift(client, *c); });
  lifted->footer(
      "Example:\n  fumi tenant lift acme --account hanako@acme.example --hours 2 --note "
      "\"the spring newsletter\"");
  for (CLI::App* command : {show, change, restricted, pace, lifted})
    command->add_option("name", c->name, "The tenant")->required();
  change->add_option("limits", c->limits, "name=value …")->required();
  for (CLI::App* command : {pace, lifted})
    command->add_option("--account", c->account, "Not the tenant as a whole: this account");
  lifted->add_option("--hours", c->hours, "For how long; 0 takes a lift back")
      ->check(CLI::Range(0, 168))
      ->capture_default_str();
  lifted->add_option("--note", c->note, "Why; kept in the audit trail")->required();
}

}  // namespace fumi::app
