// fumi acl
#include "app/cli/groups.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonObject;

void list_acl(Client& client, const Commands& c) {
  Query query;
  if (!c.mailbox.empty()) query.emplace_back("mailbox", c.mailbox);
  const auto answer = client.call("GET", with_query(path_of("/accounts/", c.name, "/acl"), query));
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  std::vector<std::vector<std::string>> rows;
  const Json* items = answer->find("items");
  if (items != nullptr && items->array() != nullptr) {
    for (const Json& item : *items->array()) {
      rows.push_back({std::string(item.text("mailbox")), std::string(item.text("identifier")),
                      std::string(item.text("rights")), std::string(item.text("denied"))});
    }
  }
  if (rows.empty()) return client.note(client.word(Text::nothing_found));
  client.table({client.word(Text::head_mailbox), client.word(Text::head_who),
                client.word(Text::head_rights), client.word(Text::head_denied)},
               std::move(rows));
}

void set_acl(Client& client, const Commands& c, const std::string& rights) {
  Json body = JsonObject{{"identifier", c.second}, {"rights", rights}};
  if (!c.mailbox.empty()) body.set("mailbox", c.mailbox);
  if (!c.denied.empty()) body.set("denied", c.denied);
  const auto answer = client.call("PUT", path_of("/accounts/", c.name, "/acl"), body);
  if (answer) client.tell(*answer, c.second, Text::done_changed);
}

}  // namespace

void add_acl_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(
      app, "acl", "Who else may use an account's mailboxes",
      "  fumi acl set support@acme.example taro@acme.example lrswipkxte\n"
      "  fumi acl set hanako@acme.example anyone lr --mailbox Work\n"
      "  fumi acl remove support@acme.example taro@acme.example\n"
      "Rights: l look up, r read, s mark seen, w other flags, i insert, k make mailboxes below,\n"
      "x delete the mailbox, t mark deleted, e expunge, a administer (RFC 4314)");
  CLI::App* list = add_command(group, *c, "list", "List who may do what",
                               [c](Client& client) { list_acl(client, *c); });
  CLI::App* set = add_command(group, *c, "set", "Give rights in place of those that somebody has",
                              [c](Client& client) { set_acl(client, *c, c->rights); });
  CLI::App* remove = add_command(group, *c, "remove", "Take all rights away",
                                 [c](Client& client) { set_acl(client, *c, ""); });
  for (CLI::App* command : {list, set, remove})
    command->add_option("address", c->name, "Whose mailboxes")->required();
  for (CLI::App* command : {set, remove})
    command->add_option("who", c->second, "An account of the tenant, or anyone")->required();
  set->add_option("rights", c->rights, "Letters of lrswipkxtea")->required();
  set->add_option("--deny", c->denied, "Rights to deny, also where anyone is granted them");
  for (CLI::App* command : {list, set, remove})
    command->add_option("--mailbox", c->mailbox, "This mailbox only; else all of the account");
}

}  // namespace fumi::app
