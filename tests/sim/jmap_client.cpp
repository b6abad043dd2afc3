#include "tests/sim/jmap_client.h"

#include <algorithm>

#include "tests/sim/expect.h"

namespace fumi::sim {
namespace {

std::string string_of(const Json& json) {
  const std::string* text = json.string();
  expect(text != nullptr, "an id is a string");
  return *text;
}

const JsonArray& array_in(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  expect(found != nullptr && found->array() != nullptr, "an array that RFC 8620 asks for");
  return *found->array();
}

}  // namespace

std::string text_of(const JmapObjects& objects) {
  std::string out;
  for (const auto& [id, properties] : objects) {
    out += id;
    for (const auto& [name, value] : properties)
      out += " " + name + "=" + value;
    out += "\n";
  }
  return out;
}

std::string keys_of(const Json* object) {
  std::set<std::string> keys;
  for (const codec::JsonMember& member : *object->object())
    keys.insert(member.name);
  std::string out;
  for (const std::string& key : keys)
    out += key + " ";
  return out;
}

JmapClient::JmapClient(Site& site, AccountId account, const std::string& name)
    : site_(site), account_(account.text()) {
  caller_.principal.tenant = site.acme.tenant;
  caller_.principal.account = account;
  caller_.principal.name = EmailAddress::parse(name).value();
  caller_.client_ip = "192.0.2.7";
}

std::optional<Json> JmapClient::call(const std::string& name, Json arguments) {
  if (arguments.find("accountId") == nullptr) arguments.set("accountId", account_);
  site_.transcript.add("jmap", ">", name + " " + codec::write_json(arguments));
  jmap::Request request;
  request.uses = site_.jmap().capabilities();
  request.calls.push_back({name, std::move(arguments), "0"});
  jmap::Response response = site_.w.call(site_.jmap().process(caller_, std::move(request)));
  expect(!response.responses.empty(), "each method is answered");
  Json answer = std::move(response.responses.front().arguments);
  site_.transcript.add("jmap", "<", codec::write_json(answer));
  error_.clear();
  if (response.responses.front().name != "error") return answer;
  error_ = answer.text("type");
  return std::nullopt;
}

Json JmapClient::must(const std::string& name, Json arguments) {
  std::optional<Json> answer = call(name, std::move(arguments));
  if (!answer) broken(name + " answers", error_, Where::current());
  return std::move(*answer);
}

std::optional<Json> JmapClient::set(const std::string& type, const std::string& what, Json value) {
  return call(type + "/set", JsonObject{{what, std::move(value)}});
}

JmapObjects JmapClient::get(const std::string& type, Json ids) {
  JsonObject arguments{{"ids", std::move(ids)}};
  if (type == "Email")
    arguments.push_back(
        {"properties", JsonArray{"mailboxIds", "keywords", "threadId", "size", "blobId"}});
  const Json answer = must(type + "/get", std::move(arguments));
  state_ = answer.text("state");
  JmapObjects out;
  for (const Json& object : array_in(answer, "list")) {
    auto& properties = out[std::string(object.text("id"))];
    for (const codec::JsonMember& member : *object.object()) {
      const bool is_set = member.name == "mailboxIds" || member.name == "keywords";
      properties[member.name] = is_set ? keys_of(&member.value) : codec::write_json(member.value);
    }
  }
  return out;
}

JmapView JmapClient::view() {
  JmapView out;
  const Json query = must("Email/query", JsonObject{{"calculateTotal", true}});
  const JsonArray& ids = array_in(query, "ids");
  expect(std::int64_t(ids.size()) == query.number("total"), "Email/query gives what it counts");
  out.emails = get("Email", ids);
  std::set<std::string> threads;
  for (const auto& [id, email] : out.emails)
    threads.insert(email.at("threadId"));
  JsonArray thread_ids;
  for (const std::string& id : threads)
    thread_ids.emplace_back(id.substr(1, id.size() - 2));
  out.threads = get("Thread", thread_ids);
  expect(out.threads.size() == thread_ids.size(), "an email's thread is there");
  out.mailboxes = get("Mailbox", Json());
  out.state = state_;
  for (const auto& [id, mailbox] : out.mailboxes)
    out.queries.push_back(this->query(id));
  return out;
}

JmapQuery JmapClient::query(const std::string& mailbox) {
  JmapQuery out{mailbox, {}, {}};
  const Json answer =
      must("Email/query", JsonObject{{"filter", JsonObject{{"inMailbox", mailbox}}}});
  out.state = answer.text("queryState");
  for (const Json& id : array_in(answer, "ids"))
    out.ids.push_back(string_of(id));
  return out;
}

bool JmapClient::catch_up(const std::string& type, const std::string& since, JmapObjects& old,
                          int most) {
  std::string state = since;
  for (;;) {
    JsonObject arguments{{"sinceState", state}};
    if (most > 0) arguments.push_back({"maxChanges", most});
    const std::optional<Json> changes = call(type + "/changes", std::move(arguments));
    if (!changes) {
      expect_same(error_, "cannotCalculateChanges", type + "/changes from a state that was given");
      return false;
    }
    const std::string now(changes->text("newState"));
    const Json* more = changes->find("hasMoreChanges");
    expect(more != nullptr && more->boolean() != nullptr, "RFC 8620 §5.2: hasMoreChanges is told");
    apply(type, *changes, old, state == since && most == 0 ? Extent::all : Extent::part);
    if (!*more->boolean()) return true;
    expect(now != state, "/changes in parts comes to an end");
    state = now;
  }
}

void JmapClient::apply(const std::string& type, const Json& changes, JmapObjects& old,
                       Extent extent) {
  JsonArray fetch;
  std::set<std::string> created;
  for (const Json& id : array_in(changes, "created")) {
    if (extent == Extent::all) expect(!old.contains(string_of(id)), "what is created is new");
    created.insert(string_of(id));
    fetch.push_back(id);
  }
  for (const Json& id : array_in(changes, "updated")) {
    if (extent == Extent::all) expect(old.contains(string_of(id)), "what is updated was there");
    fetch.push_back(id);
  }
  for (const Json& id : array_in(changes, "destroyed"))
    old.erase(string_of(id));
  if (fetch.empty()) return;
  // RFC 8621 §2.2: where only counts have changed, only they need to be read.
  const Json* only = changes.find("updatedProperties");
  const bool whole = only == nullptr || only->is_null();
  for (const auto& [id, properties] : get(type, fetch)) {
    if (whole || created.contains(id) || !old.contains(id)) {
      old[id] = properties;
      continue;
    }
    for (const Json& name : *only->array())
      old[id][string_of(name)] = properties.at(string_of(name));
  }
}

bool JmapClient::catch_up(JmapQuery& query) {
  const std::optional<Json> changes =
      call("Email/queryChanges", JsonObject{{"filter", JsonObject{{"inMailbox", query.mailbox}}},
                                            {"sinceQueryState", query.state}});
  if (!changes) {
    expect_same(error_, "cannotCalculateChanges", "queryChanges from a state that was given");
    return false;
  }
  for (const Json& id : array_in(*changes, "removed"))
    std::erase(query.ids, string_of(id));
  for (const Json& added : array_in(*changes, "added")) {
    const auto index = std::size_t(added.number("index"));
    expect(index <= query.ids.size(), "RFC 8620 §5.6: an index within the list");
    query.ids.insert(query.ids.begin() + std::ptrdiff_t(index), std::string(added.text("id")));
  }
  query.state = changes->text("newQueryState");
  return true;
}

}  // namespace fumi::sim
