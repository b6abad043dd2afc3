// fumi account, alias, app-password, apiuser
#include "app/cli/groups.h"
#include "config/values.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonObject;

// "1GiB" or "0"; nullopt: told and refused.
std::optional<std::int64_t> read_quota(Client& client, const std::string& text) {
  if (text == "0") return 0;
  const auto bytes = config::parse_bytes(text);
  if (bytes) return std::int64_t(bytes->octets);
  client.refuse("--quota " + text + ": " + client.word(Text::bad_size), kExitUsage);
  return std::nullopt;
}

void create_account(Client& client, const Commands& c) {
  Json body = JsonObject{{"address", c.name}};
  if (c.shared) {
    body.set("kind", "shared");
  } else {
    auto password = client.read_password(c.password_file);
    if (!password) return;
    body.set("password", std::move(*password));
  }
  if (!c.display_name.empty()) body.set("name", c.display_name);
  if (!c.quota.empty()) {
    const auto quota = read_quota(client, c.quota);
    if (!quota) return;
    body.set("quota_octets", *quota);
  }
  const auto answer = client.call("POST", "/accounts", body);
  if (answer) client.tell(*answer, c.name, Text::done_created);
}

void update_account(Client& client, const Commands& c) {
  Json body = JsonObject();
  if (!c.display_name.empty()) body.set("name", c.display_name);
  if (!c.quota.empty()) {
    const auto quota = read_quota(client, c.quota);
    if (!quota) return;
    body.set("quota_octets", *quota);
  }
  if (c.set_password || !c.password_file.empty()) {
    auto password = client.read_password(c.password_file);
    if (!password) return;
    body.set("password", std::move(*password));
  }
  const auto answer = client.call("PATCH", path_of("/accounts/", c.name), body);
  if (answer) client.tell(*answer, c.name, Text::done_changed);
}

void list_accounts(Client& client, const Commands& c) {
  const auto items = client.list(path_of("/tenants/", c.tenant, "/accounts"), {{"limit", "1000"}});
  if (!items) return;
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items) {
    const std::int64_t quota = item.number("quota_octets");
    rows.push_back({std::string(item.text("address")), std::string(item.text("name")),
                    std::string(item.text("status")), human_octets(item.number("used_octets")),
                    quota == 0 ? "-" : human_octets(quota)});
  }
  client.table(
      {client.word(Text::head_address), client.word(Text::head_name),
       client.word(Text::head_status), client.word(Text::head_used), client.word(Text::head_quota)},
      std::move(rows));
}

void show_account(Client& client, const Commands& c) {
  const auto answer = client.call("GET", path_of("/accounts/", c.name));
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  for (const auto& member : *answer->object()) {
    const std::string* text = member.value.string();
    client.print(member.name + ": " + (text ? *text : api::write_json(member.value)));
  }
}

void set_status(Client& client, const Commands& c, const char* status) {
  const auto answer =
      client.call("PATCH", path_of("/accounts/", c.name), JsonObject{{"status", status}});
  if (answer) client.tell(*answer, c.name, Text::done_changed);
}

// A key alone on standard output, so that scripts can take it.
void tell_key(Client& client, const Json& answer) {
  if (client.json()) return client.print_json(answer);
  client.print(answer.text("key"));
  client.note(client.word(Text::key_shown_once));
}

void add_accounts(CLI::App& app, const SharedCommands& c) {
  CLI::App& group =
      add_group(app, "account", "People's accounts",
                "  fumi account create hanako@acme.example --password-file FILE --quota 1GiB\n"
                "  fumi account create support@acme.example --shared\n"
                "  fumi account list --tenant acme\n"
                "  fumi account update hanako@acme.example --name 花子 --set-password");
  CLI::App* create = add_command(group, *c, "create", "Create an account",
                                 [c](Client& client) { create_account(client, *c); });
  CLI::App* update = add_command(group, *c, "update", "Change an account",
                                 [c](Client& client) { update_account(client, *c); });
  update->add_flag("--set-password", c->set_password, "Ask for a new password");
  CLI::Option* shared = create->add_flag(
      "--shared", c->shared, "A mailbox of nobody's own, without a password; see fumi acl");
  for (CLI::App* command : {create, update}) {
    command->add_option("address", c->name, "The account's address")->required();
    command->add_option("--password-file", c->password_file,
                        "A file with the password; - is standard input; without it the terminal "
                        "is asked");
    command->add_option("--name", c->display_name, "The display name");
    command->add_option("--quota", c->quota, "Room for mail: 500MiB, 1GiB; 0 is no limit");
  }
  shared->excludes(create->get_option("--password-file"));
  CLI::App* list = add_command(group, *c, "list", "List a tenant's accounts",
                               [c](Client& client) { list_accounts(client, *c); });
  list->add_option("--tenant", c->tenant, "Whose")->required();
  CLI::App* show = add_command(group, *c, "show", "Show an account",
                               [c](Client& client) { show_account(client, *c); });
  CLI::App* disable = add_command(group, *c, "disable", "No login, no mail taken",
                                  [c](Client& client) { set_status(client, *c, "disabled"); });
  CLI::App* enable = add_command(group, *c, "enable", "Open a disabled account again",
                                 [c](Client& client) { set_status(client, *c, "active"); });
  CLI::App* remove = add_command(group, *c, "delete", "Delete an account", [c](Client& client) {
    const auto answer = client.call("DELETE", path_of("/accounts/", c->name));
    if (answer) client.tell(*answer, c->name, Text::done_deleted);
  });
  for (CLI::App* command : {show, disable, enable, remove})
    command->add_option("address", c->name, "The account's address")->required();
}

void add_aliases(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "alias", "Further addresses of accounts",
                              "  fumi alias add hanako@acme.example info@acme.example");
  CLI::App* add = add_command(group, *c, "add", "Add an address", [c](Client& client) {
    const auto answer = client.call("POST", path_of("/accounts/", c->name, "/aliases"),
                                    JsonObject{{"address", c->second}});
    if (answer) client.tell(*answer, c->second, Text::done_created);
  });
  CLI::App* remove = add_command(group, *c, "remove", "Remove an address", [c](Client& client) {
    const std::string path = path_of("/accounts/", c->name, "/aliases/");
    const auto answer = client.call("DELETE", path_of(path, c->second));
    if (answer) client.tell(*answer, c->second, Text::done_deleted);
  });
  for (CLI::App* command : {add, remove}) {
    command->add_option("address", c->name, "The account's address")->required();
    command->add_option("alias", c->second, "The other address")->required();
  }
}

void add_app_passwords(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "app-password", "Keys for mail clients",
                              "  fumi app-password create hanako@acme.example --name phone");
  CLI::App* create =
      add_command(group, *c, "create", "Make a key and print it once", [c](Client& client) {
        const auto answer = client.call("POST", path_of("/accounts/", c->name, "/app-passwords"),
                                        JsonObject{{"name", c->display_name}});
        if (answer) tell_key(client, *answer);
      });
  create->add_option("--name", c->display_name, "Where it will be used")->required();
  CLI::App* list = add_command(group, *c, "list", "List an account's keys", [c](Client& client) {
    const auto items = client.list(path_of("/accounts/", c->name, "/app-passwords"), {});
    if (!items) return;
    std::vector<std::vector<std::string>> rows;
    for (const Json& item : *items)
      rows.push_back({std::string(item.text("id")), std::string(item.text("name")),
                      local_time(item.text("created"))});
    client.table(
        {client.word(Text::head_id), client.word(Text::head_name), client.word(Text::head_created)},
        std::move(rows));
  });
  CLI::App* remove = add_command(group, *c, "remove", "Remove a key", [c](Client& client) {
    const std::string path = path_of("/accounts/", c->name, "/app-passwords/");
    const auto answer = client.call("DELETE", path_of(path, c->second));
    if (answer) client.tell(*answer, c->second, Text::done_deleted);
  });
  for (CLI::App* command : {create, list, remove})
    command->add_option("address", c->name, "The account's address")->required();
  remove->add_option("id", c->second, "The key's id, as list shows it")->required();
}

void add_api_users(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "apiuser", "Programs that send",
                              "  fumi apiuser create app@acme.example --tenant acme");
  CLI::App* create = add_command(
      group, *c, "create", "Create an API user and print its key once", [c](Client& client) {
        const auto answer = client.call("POST", path_of("/tenants/", c->tenant, "/api-users"),
                                        JsonObject{{"name", c->name}});
        if (answer) tell_key(client, *answer);
      });
  create->add_option("name", c->name, "In e-mail form, in a domain of the tenant")->required();
  create->add_option("--tenant", c->tenant, "Whose it is")->required();
  CLI::App* list = add_command(group, *c, "list", "List API users", [c](Client& client) {
    const auto items = client.list(path_of("/tenants/", c->tenant, "/api-users"), {});
    if (!items) return;
    std::vector<std::vector<std::string>> rows;
    for (const Json& item : *items)
      rows.push_back({std::string(item.text("name")), std::string(item.text("status")),
                      local_time(item.text("created"))});
    client.table({client.word(Text::head_name), client.word(Text::head_status),
                  client.word(Text::head_created)},
                 std::move(rows));
  });
  list->add_option("--tenant", c->tenant, "Whose")->required();
  CLI::App* remove = add_command(group, *c, "delete", "Delete an API user", [c](Client& client) {
    const auto answer = client.call("DELETE", path_of("/api-users/", c->name));
    if (answer) client.tell(*answer, c->name, Text::done_deleted);
  });
  remove->add_option("name", c->name, "Its name")->required();
}

}  // namespace

void add_account_commands(CLI::App& app, const SharedCommands& c) {
  add_accounts(app, c);
  add_aliases(app, c);
  add_app_passwords(app, c);
  add_api_users(app, c);
}

}  // namespace fumi::app
