// fumi queue, fumi log
#include "app/cli/groups.h"
#include "base/time.h"

namespace fumi::app {
namespace {

using api::Json;
using api::JsonArray;

const JsonArray& items_of(const Json& value, std::string_view name) {
  static const JsonArray kNone;
  const Json* found = value.find(name);
  return found != nullptr && found->array() != nullptr ? *found->array() : kNone;
}

// The recipients that wait: the first by name, the others as a number.
std::vector<std::string> queue_row(const Json& message) {
  std::string first, due, answer;
  std::size_t waiting = 0;
  for (const Json& recipient : items_of(message, "recipients")) {
    if (recipient.text("state") != "waiting") continue;
    ++waiting;
    if (first.empty()) first = recipient.text("address");
    if (due.empty() || recipient.text("due") < due) due = recipient.text("due");
    if (answer.empty()) answer = recipient.text("answer");
  }
  if (waiting > 1) first += " +" + std::to_string(waiting - 1);
  const std::string_view from = message.text("from");
  return {std::string(message.text("id")),
          std::string(message.text("tenant")),
          std::string(from.empty() ? "<>" : from),
          first,
          local_time(due),
          answer};
}

void list_queue(Client& client, const Commands& c) {
  const auto items =
      client.list("/queue", {{"tenant", c.tenant}, {"domain", c.domain}, {"limit", "1000"}});
  if (!items) return;
  if (items->empty()) return client.note(client.word(Text::nothing_found));
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : *items)
    rows.push_back(queue_row(item));
  client.table({client.word(Text::head_id), client.word(Text::head_tenant),
                client.word(Text::head_from), client.word(Text::head_recipients),
                client.word(Text::head_next_try), client.word(Text::head_answer)},
               std::move(rows));
}

void show_queued(Client& client, const std::string& id) {
  const auto answer = client.call("GET", path_of("/queue/", id));
  if (!answer) return;
  if (client.json()) return client.print_json(*answer);
  for (const char* name : {"id", "tenant", "from", "header_from", "subject", "message_id"})
    client.print(std::string(name) + ": " + std::string(answer->text(name)));
  client.print("size: " + human_octets(answer->number("octets")));
  client.print("created: " + local_time(answer->text("created")));
  client.print("expires: " + local_time(answer->text("expires")));
  for (const Json& recipient : items_of(*answer, "recipients")) {
    client.print("to: " + std::string(recipient.text("address")) + "  " +
                 std::string(recipient.text("state")) + "  attempts " +
                 std::to_string(recipient.number("attempts")) + "  " +
                 std::string(recipient.text("answer")) + " " + std::string(recipient.text("host")));
  }
}

void add_queue(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "queue", "Messages that are not done",
                              "  fumi queue list --domain example.net\n  fumi queue retry 4fzyo82");
  CLI::App* list = add_command(group, *c, "list", "List queued messages",
                               [c](Client& client) { list_queue(client, *c); });
  list->add_option("--tenant", c->tenant, "Of this tenant only");
  list->add_option("--domain", c->domain, "With a recipient in this domain");
  CLI::App* show = add_command(group, *c, "show", "Show a message",
                               [c](Client& client) { show_queued(client, c->name); });
  CLI::App* retry = add_command(group, *c, "retry", "Try it again now", [c](Client& client) {
    const auto answer = client.call("POST", path_of("/queue/", c->name, "/retry"));
    if (answer) client.tell(*answer, c->name, Text::done_retried);
  });
  CLI::App* cancel =
      add_command(group, *c, "cancel", "Take it out of the queue", [c](Client& client) {
        const auto answer = client.call("POST", path_of("/queue/", c->name, "/cancel"));
        if (answer) client.tell(*answer, c->name, Text::done_cancelled);
      });
  for (CLI::App* command : {show, retry, cancel})
    command->add_option("id", c->name, "The message's id")->required();
}

// "10:02:03  delivered  a@x -> b@y  250 2.0.0 Ok [mx.example]  (4fzyo82)"
std::string log_line(const Json& record) {
  std::string line = local_time(record.text("at"));
  std::string status(record.text("status"));
  status.resize(std::max<std::size_t>(status.size(), 12), ' ');
  line += "  " + status + "  ";
  const std::string_view from = record.text("from");
  const std::string_view to = record.text("to");
  line += from.empty() ? "<>" : std::string(from);
  if (!to.empty()) line += " -> " + std::string(to);
  for (const char* name : {"answer", "host", "client_ip"}) {
    const std::string_view value = record.text(name);
    if (value.empty()) continue;
    line += std::string_view(name) == "answer" ? "  " + std::string(value)
                                               : "  [" + std::string(value) + "]";
  }
  if (!record.text("message").empty()) line += "  (" + std::string(record.text("message")) + ")";
  return line;
}

std::optional<std::string> since_of(Client& client, const std::string& text, const char* option) {
  const auto since = parse_since(text, system_clock().now());
  if (!since)
    client.refuse(std::string(option) + " " + text + ": " + client.word(Text::bad_time),
                  kExitUsage);
  return since;
}

void read_log(Client& client, const Commands& c) {
  constexpr Duration kWait = std::chrono::seconds(25);
  Query query{{"tenant", c.tenant}, {"message", c.message}, {"from", c.from},
              {"to", c.to},         {"status", c.status},   {"limit", "500"}};
  // Without a beginning: what a follower sees from now on, or the last day.
  std::string since = c.since;
  if (since.empty() && c.message.empty()) since = c.follow ? "1s" : "24h";
  if (!since.empty()) {
    const auto parsed = since_of(client, since, "--since");
    if (!parsed) return;
    query.emplace_back("since", *parsed);
  }
  if (!c.until.empty()) {
    const auto parsed = since_of(client, c.until, "--until");
    if (!parsed) return;
    query.emplace_back("until", *parsed);
  }
  if (c.follow) query.emplace_back("wait", "25");
  query.emplace_back("after", "");
  bool any = false;
  for (;;) {
    const auto page = client.call("GET", with_query("/log", query), {}, Client::kPatience + kWait);
    if (!page) return;
    for (const Json& record : items_of(*page, "items")) {
      any = true;
      if (client.json())
        client.print_json(record);
      else
        client.print(log_line(record));
    }
    const std::string next(page->text("next"));
    const bool end = next.empty() || next == query.back().second;
    if (end && !c.follow) break;
    if (!next.empty()) query.back().second = next;
  }
  if (!any && !client.json()) client.note(client.word(Text::nothing_found));
}

}  // namespace

void add_mail_commands(CLI::App& app, const SharedCommands& c) {
  add_queue(app, c);
  CLI::App* log = add_command(app, *c, "log", "What became of messages: search and follow",
                              [c](Client& client) { read_log(client, *c); });
  log->footer(
      "Examples:\n  fumi log --since 1h --status bounced,deferred\n"
      "  fumi log --follow --to hanako@acme.example\n  fumi log --message 4fzyo82");
  log->add_flag("--follow", c->follow, "Go on with what happens");
  log->add_option("--message", c->message, "A message's id, or its Message-ID");
  log->add_option("--from", c->from, "Exactly this sender");
  log->add_option("--to", c->to, "Exactly this recipient");
  log->add_option("--status", c->status,
                  "accepted, queued, delivered, deferred, bounced, rejected, cancelled, login, "
                  "login_failed, operation; several with commas");
  log->add_option("--since", c->since,
                  "1h, 2026-11-23 or RFC 3339; without it the last day, or all of --message");
  log->add_option("--until", c->until, "The same, exclusive");
  log->add_option("--tenant", c->tenant, "Of this tenant only");
}

}  // namespace fumi::app
