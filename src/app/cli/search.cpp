// fumi search
#include "app/cli/groups.h"

namespace fumi::app {
namespace {

using api::Json;

// The accounts that are meant: the one named, or all of the tenant.
std::optional<std::vector<std::string>> accounts_of(Client& client, const Commands& c) {
  std::vector<std::string> out;
  if (!c.name.empty()) {
    out.push_back(c.name);
    return out;
  }
  // Not list(): with --json that prints the accounts.
  Query query{{"limit", "1000"}, {"after", ""}};
  do {
    const auto page =
        client.call("GET", with_query(path_of("/tenants/", c.tenant, "/accounts"), query));
    if (!page) return std::nullopt;
    const Json* items = page->find("items");
    if (items == nullptr || items->array() == nullptr) break;
    for (const Json& item : *items->array())
      out.emplace_back(item.text("address"));
    query.back().second = page->text("next");
  } while (!query.back().second.empty());
  return out;
}

void show_status(Client& client, const Commands& c) {
  const auto accounts = accounts_of(client, c);
  if (!accounts) return;
  std::vector<std::vector<std::string>> rows;
  for (const std::string& address : *accounts) {
    const auto answer = client.call("GET", path_of("/accounts/", address, "/search-index"));
    if (!answer) return;
    if (client.json()) {
      client.print_json(*answer);
      continue;
    }
    rows.push_back({address, std::to_string(answer->number("mails")),
                    std::to_string(answer->number("indexed")),
                    human_octets(answer->number("octets")),
                    std::to_string(answer->number("files_waiting")),
                    std::to_string(answer->number("files_unread"))});
  }
  if (client.json()) return;
  if (rows.empty()) return client.note(client.word(Text::nothing_found));
  client.table({client.word(Text::head_address), client.word(Text::head_mails),
                client.word(Text::head_indexed), client.word(Text::head_size),
                client.word(Text::head_files_waiting), client.word(Text::head_files_unread)},
               std::move(rows));
}

void rebuild(Client& client, const Commands& c) {
  const auto accounts = accounts_of(client, c);
  if (!accounts) return;
  for (const std::string& address : *accounts) {
    const auto answer =
        client.call("POST", path_of("/accounts/", address, "/search-index/rebuild"));
    if (!answer) return;
    client.tell(*answer, address, Text::done_rebuilding);
  }
}

}  // namespace

void add_search_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "search", "The search index",
                              "  fumi search status --tenant acme\n"
                              "  fumi search rebuild --account hanako@acme.example");
  CLI::App* status = add_command(group, *c, "status", "How far the index is behind the mail",
                                 [c](Client& client) { show_status(client, *c); });
  CLI::App* again = add_command(group, *c, "rebuild", "Make the index anew, in the background",
                                [c](Client& client) { rebuild(client, *c); });
  for (CLI::App* command : {status, again}) {
    CLI::Option_group* whose = command->add_option_group("whose", "Whose index");
    whose->add_option("--account", c->name, "Of this account");
    whose->add_option("--tenant", c->tenant, "Of all accounts of this tenant");
    whose->require_option(1);
  }
}

}  // namespace fumi::app
