// fumi tenant, fumi domain
#include "app/cli/groups.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonObject;

void list_tenants(Client& client) {
  const auto items = client.list("/tenants", {{"limit", "1000"}});
  if (!items) return;
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items)
    rows.push_back({std::string(item.text("name")), std::string(item.text("status")),
                    local_time(item.text("created"))});
  client.table({client.word(Text::head_name), client.word(Text::head_status),
                client.word(Text::head_created)},
               std::move(rows));
}

void show(Client& client, const std::string& path) {
  const auto answer = client.call("GET", path);
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  for (const auto& member : *answer->object()) {
    const std::string* text = member.value.string();
    client.print(member.name + ": " + (text ? *text : api::write_json(member.value)));
  }
}

void set_status(Client& client, const Commands& c, const char* status) {
  const auto answer =
      client.call("PATCH", path_of("/tenants/", c.name), JsonObject{{"status", status}});
  if (answer) client.tell(*answer, c.name, Text::done_changed);
}

void show_dns(Client& client, const std::string& domain) {
  const auto answer = client.call("GET", path_of("/domains/", domain, "/dns"));
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  std::vector<std::vector<std::string>> rows;
  if (const Json* records = answer->find("records"); records && records->array()) {
    for (const Json& record : *records->array())
      rows.push_back({std::string(record.text("name")), std::string(record.text("type")),
                      std::string(record.text("value"))});
  }
  client.table(
      {client.word(Text::head_name), client.word(Text::head_type), client.word(Text::head_value)},
      std::move(rows));
}

// The exit status is 1 when something that is required is not as it should be.
void check_domain(Client& client, const std::string& domain) {
  constexpr Duration kPatience = std::chrono::minutes(5);  // dead name servers take their time
  const auto answer = client.call("GET", path_of("/domains/", domain, "/check"), Json(), kPatience);
  if (!answer) return;
  const Json* good = answer->find("good");
  const bool is_good = good && good->boolean() && *good->boolean();
  if (client.json()) {
    client.print_json(*answer);
    if (!is_good) client.fail_quietly();
    return;
  }
  std::vector<std::vector<std::string>> rows;
  if (const Json* records = answer->find("records"); records && records->array()) {
    for (const Json& finding : *records->array()) {
      const Json* record = finding.find("record");
      if (record == nullptr) continue;
      const bool fine = finding.text("state") == "good";
      rows.push_back({std::string(finding.text("state")), std::string(record->text("need")),
                      std::string(record->text("name")), std::string(record->text("type")),
                      fine ? std::string() : std::string(record->text("value")),
                      std::string(finding.text(client.japanese() ? "text_ja" : "text"))});
    }
  }
  client.table(
      {client.word(Text::head_status), client.word(Text::head_need), client.word(Text::head_name),
       client.word(Text::head_type), client.word(Text::head_value), client.word(Text::head_advice)},
      std::move(rows));
  if (!is_good) client.refuse(domain + ": " + client.word(Text::dns_not_good));
}

void verify_domain(Client& client, const Commands& c) {
  JsonObject body{{"method", c.note.empty() ? "dns" : "operator"}};
  if (!c.note.empty()) body.push_back({"note", c.note});
  const auto answer =
      client.call("POST", path_of("/domains/", c.name, "/verification"), std::move(body));
  if (!answer) return;
  if (answer->text("state") == "verified") {
    return client.tell(*answer, c.name, Text::done_verified);
  }
  if (client.json()) client.print_json(*answer);
  client.refuse(c.name + ": " + client.word(Text::not_verified) + " _fumi-challenge." + c.name +
                " TXT " + std::string(answer->text("challenge")));
}

void create_domain(Client& client, const Commands& c) {
  JsonObject body{{"name", c.name}};
  if (c.prove) body.push_back({"verification", "dns"});
  const auto answer =
      client.call("POST", path_of("/tenants/", c.tenant, "/domains"), std::move(body));
  if (!answer) return;
  client.tell(*answer, c.name, Text::done_created);
  if (!client.json() && !answer->text("challenge").empty()) {
    client.note(client.word(Text::publish_challenge) + " _fumi-challenge." + c.name + " TXT " +
                std::string(answer->text("challenge")));
  }
}

void add_domains(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "domain", "Hosted domains",
                              "  fumi domain create acme.example --tenant acme\n"
                              "  fumi domain create acme.example --tenant acme --prove\n"
                              "  fumi domain verify acme.example\n"
                              "  fumi domain dns acme.example\n"
                              "  fumi domain check acme.example");
  CLI::App* create = add_command(group, *c, "create", "Add a domain",
                                 [c](Client& client) { create_domain(client, *c); });
  create->add_option("domain", c->name, "The domain")->required();
  create->add_option("--tenant", c->tenant, "Whose it is")->required();
  create->add_flag("--prove", c->prove, "Not on your word: it has to be verified by DNS");
  CLI::App* list = add_command(group, *c, "list", "List a tenant's domains", [c](Client& client) {
    const auto items = client.list(path_of("/tenants/", c->tenant, "/domains"), {});
    if (!items) return;
    std::vector<std::vector<std::string>> rows;
    for (const Json& item : *items)
      rows.push_back({std::string(item.text("name")), std::string(item.text("state")),
                      local_time(item.text("created"))});
    client.table({client.word(Text::head_name), client.word(Text::head_status),
                  client.word(Text::head_created)},
                 std::move(rows));
  });
  list->add_option("--tenant", c->tenant, "Whose")->required();
  CLI::App* remove = add_command(group, *c, "delete", "Remove a domain", [c](Client& client) {
    const auto answer = client.call("DELETE", path_of("/domains/", c->name));
    if (answer) client.tell(*answer, c->name, Text::done_deleted);
  });
  remove->add_option("domain", c->name, "The domain")->required();
  CLI::App* dns = add_command(group, *c, "dns", "Tell the records to publish in DNS",
                              [c](Client& client) { show_dns(client, c->name); });
  dns->add_option("domain", c->name, "The domain")->required();
  CLI::App* check = add_command(group, *c, "check", "Tell what is wrong with a domain's DNS",
                                [c](Client& client) { check_domain(client, c->name); });
  check->add_option("domain", c->name, "The domain")->required();
  CLI::App* verify = add_command(group, *c, "verify", "Verify a domain by its DNS challenge",
                                 [c](Client& client) { verify_domain(client, *c); });
  verify->add_option("domain", c->name, "The domain")->required();
  verify->add_option("--override", c->note, "On your word instead; a note that says why");
}

}  // namespace

void add_tenant_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "tenant", "Customers of this installation",
                              "  fumi tenant create acme\n  fumi tenant list");
  CLI::App* create = add_command(group, *c, "create", "Open a tenant", [c](Client& client) {
    const auto answer = client.call("POST", "/tenants", JsonObject{{"name", c->name}});
    if (answer) client.tell(*answer, c->name, Text::done_created);
  });
  create->add_option("name", c->name, "Lower-case letters, digits, hyphens")->required();
  add_command(group, *c, "list", "List tenants", [](Client& client) { list_tenants(client); });
  CLI::App* one = add_command(group, *c, "show", "Show a tenant",
                              [c](Client& client) { show(client, path_of("/tenants/", c->name)); });
  one->add_option("name", c->name, "The tenant")->required();
  CLI::App* suspend = add_command(group, *c, "suspend", "Stop serving a tenant; nothing is deleted",
                                  [c](Client& client) { set_status(client, *c, "suspended"); });
  suspend->add_option("name", c->name, "The tenant")->required();
  CLI::App* resume = add_command(group, *c, "resume", "Serve a suspended tenant again",
                                 [c](Client& client) { set_status(client, *c, "active"); });
  resume->add_option("name", c->name, "The tenant")->required();
  add_domains(app, c);
  add_limit_commands(group, c);
}

}  // namespace fumi::app
