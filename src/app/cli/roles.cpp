// fumi role, fumi token
#include "app/cli/groups.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonObject;

constexpr const char* kRoles =
    "Roles: owner, admin, approver, auditor, member, service-user, report-viewer, accountant";

void list_grants(Client& client, const Commands& c) {
  const auto items = client.list(path_of("/tenants/", c.tenant, "/grants"), {{"limit", "1000"}});
  if (!items) return;
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items)
    rows.push_back({std::string(item.text("id")), std::string(item.text("holder")),
                    std::string(item.text("role")), std::string(item.text("domain")),
                    local_time(item.text("created"))});
  if (rows.empty()) return client.note(client.word(Text::nothing_found));
  client.table(
      {client.word(Text::head_id), client.word(Text::head_who), client.word(Text::head_role),
       client.word(Text::head_domain), client.word(Text::head_created)},
      std::move(rows));
}

void give(Client& client, const Commands& c) {
  Json body = JsonObject{{"address", c.second}, {"role", c.name}};
  if (!c.domain.empty()) body.set("domain", c.domain);
  if (c.combined) body.set("duties", "combined");
  const auto answer = client.call("POST", path_of("/tenants/", c.tenant, "/grants"), body);
  if (answer) client.tell(*answer, answer->text("id"), Text::done_created);
}

void list_tokens(Client& client, const Commands& c) {
  const auto items = client.list(path_of("/tenants/", c.tenant, "/tokens"), {{"limit", "1000"}});
  if (!items) return;
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items)
    rows.push_back({std::string(item.text("id")), std::string(item.text("name")),
                    std::string(item.text("roles")), local_time(item.text("used")),
                    local_time(item.text("expires"))});
  if (rows.empty()) return client.note(client.word(Text::nothing_found));
  client.table(
      {client.word(Text::head_id), client.word(Text::head_name), client.word(Text::head_role),
       client.word(Text::head_last_used), client.word(Text::head_expires)},
      std::move(rows));
}

void create_token(Client& client, const Commands& c) {
  Json body = JsonObject{{"name", c.name}, {"role", c.second}};
  if (!c.domain.empty()) body.set("domain", c.domain);
  if (!c.until.empty()) body.set("expires", c.until);
  const auto answer = client.call("POST", path_of("/tenants/", c.tenant, "/tokens"), body);
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  client.print(answer->text("token"));
  client.note(client.word(Text::key_shown_once));
}

void remove(Client& client, const Commands& c, const std::string& kind) {
  const std::string path = path_of("/tenants/", c.tenant, kind);
  const auto answer = client.call("DELETE", path_of(path + "/", c.name));
  if (answer) client.tell(*answer, c.name, Text::done_deleted);
}

void add_tokens(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(
      app, "token", "Tokens of programs that administrate a tenant",
      "  fumi token create nightly --tenant acme --role report-viewer --expires 2027-04-01\n"
      "  FUMI_URL=http://mail.acme.example FUMI_TOKEN=fumi_adm_… fumi account list --tenant acme");
  CLI::App* create =
      add_command(group, *c, "create", "Make a token for a program; it is shown once",
                  [c](Client& client) { create_token(client, *c); });
  create->add_option("name", c->name, "What it is for")->required();
  create->add_option("--role", c->second, kRoles)->required();
  create->add_option("--domain", c->domain, "In this domain alone");
  create->add_option("--expires", c->until, "When it ends: a date, or RFC 3339");
  CLI::App* list = add_command(group, *c, "list", "List tokens",
                               [c](Client& client) { list_tokens(client, *c); });
  CLI::App* revoke = add_command(group, *c, "revoke", "End a token",
                                 [c](Client& client) { remove(client, *c, "/tokens"); });
  revoke->add_option("id", c->name, "As the list shows it")->required();
  for (CLI::App* command : {create, list, revoke})
    command->add_option("--tenant", c->tenant, "Whose")->required();
}

}  // namespace

void add_role_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "role", "Who may administrate a tenant",
                              "  fumi role grant owner hanako@acme.example --tenant acme\n"
                              "  fumi role grant admin taro@acme.example --tenant acme "
                              "--domain acme.example\n" +
                                  std::string(kRoles));
  CLI::App* grant = add_command(group, *c, "grant", "Give a role to an account",
                                [c](Client& client) { give(client, *c); });
  grant->add_option("role", c->name, kRoles)->required();
  grant->add_option("address", c->second, "The account")->required();
  grant->add_option("--domain", c->domain, "In this domain alone; not for owners");
  grant->add_flag("--combined", c->combined,
                  "Although the account has a duty that is better kept apart from this one");
  CLI::App* list = add_command(group, *c, "list", "List who has which role",
                               [c](Client& client) { list_grants(client, *c); });
  CLI::App* revoke = add_command(group, *c, "revoke", "Take a role away",
                                 [c](Client& client) { remove(client, *c, "/grants"); });
  revoke->add_option("id", c->name, "As the list shows it")->required();
  for (CLI::App* command : {grant, list, revoke})
    command->add_option("--tenant", c->tenant, "Whose")->required();
  add_tokens(app, c);
}

}  // namespace fumi::app
