// Tenant isolation, made from the OpenAPI document: every operation of the tenants' part is tried
// by an administrator of one tenant with names and ids of another. The answer must be the one that
// names and ids which nobody has get, word for word, and nothing may change.
#include <algorithm>
#include <map>
#include <set>

#include "api/admin/rig_for_test.h"
#include "api/json.h"

namespace fumi::api::admin {
namespace {

using service::OpenedSession;

constexpr const char* kNobodysId = "zzzzzzzzzz";  // an id by its form

struct Pair {
  std::string foreign;
  std::string nobody;
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// A value that the schema takes; examples where there are any.
Json sample(const Json& document, const Json& schema) {
  if (const std::string_view reference = schema.text("$ref"); !reference.empty()) {
    const std::string name(reference.substr(reference.rfind('/') + 1));
    return sample(document, *document.find("components")->find("schemas")->find(name));
  }
  if (const Json* examples = schema.find("examples")) return examples->array()->front();
  if (const Json* words = schema.find("enum")) return words->array()->front();
  const std::string_view type = schema.text("type");
  if (type == "integer") return std::max<std::int64_t>(1, schema.number("minimum"));
  if (type == "boolean") return false;
  if (type == "array") return JsonArray();
  if (type == "string" && schema.text("format") == "date-time") return "2026-11-24T00:00:00Z";
  if (type == "string" && schema.text("format") == "email") return "new@acme.example";
  if (type == "string" && schema.text("format") == "password") return "correct horse battery";
  if (type == "string") return "x";
  Json out = JsonObject();
  if (const Json* required = schema.find("required"))
    for (const Json& name : *required->array())
      out.set(*name.string(), sample(document, *schema.find("properties")->find(*name.string())));
  return out;
}

struct Operation {
  std::string id;
  Method method = Method::get;
  std::string path;  // below kRoot, a pattern
  std::vector<std::string> parameters;
  std::vector<std::string> queries;  // required ones as "name=value"
  bool by_tenant = false;            // has ?tenant=
  std::string body;
  std::string type = "application/json";
};

std::vector<Operation> operations_of(const http::Router& router) {
  const auto document = parse_json(openapi_document());
  REQUIRE(document);
  std::vector<Operation> out;
  for (const JsonMember& path : *document->find("paths")->object()) {
    for (const JsonMember& member : *path.value.object()) {
      Operation operation;
      operation.id = member.value.text("operationId");
      operation.method = http::method_of(ascii::to_upper(member.name)).value();
      operation.path = path.name.substr(kRoot.size());
      const auto match = router.find(operation.method, split(path.name, '/'));
      if (match.route == nullptr || match.route->pattern != path.name) continue;  // the server's
      if (const Json* parameters = member.value.find("parameters")) {
        for (const Json& parameter : *parameters->array()) {
          const std::string name(parameter.text("name"));
          if (parameter.text("in") == "path") operation.parameters.push_back(name);
          if (name == "tenant" && parameter.text("in") == "query") operation.by_tenant = true;
          if (parameter.text("in") != "query" || !*parameter.find("required")->boolean()) continue;
          const Json value = sample(*document, *parameter.find("schema"));
          operation.queries.push_back(name + "=" + *value.string());
        }
      }
      if (const Json* body = member.value.find("requestBody")) {
        const JsonMember& content = body->find("content")->object()->front();
        operation.type = content.name;
        const Json made = sample(*document, *content.value.find("schema"));
        operation.body = content.name == "application/json" ? write_json(made) : "{\"end\":0}\n";
      }
      out.push_back(std::move(operation));
    }
  }
  return out;
}

struct Trial {
  std::map<std::string, std::string> values;
  std::string query;
  std::string body;
};

struct Isolation {
  Rig r;
  // Everything that a tenant can permit.
  OpenedSession hanako = r.log_in(r.acme, "hanako@acme.example",
                                  {Role::owner, Role::admin, Role::auditor, Role::approver,
                                   Role::accountant, Role::report_viewer});
  std::size_t tried = 0;
  std::size_t compared = 0;

  [[nodiscard]] std::string own(const Operation& operation, const std::string& name) const {
    if (name == "tenant") return "acme";
    if (name == "address")
      return operation.path.starts_with("/domains/") ? "acme.example" : "hanako@acme.example";
    return names(operation, name).nobody;
  }
  [[nodiscard]] Pair names(const Operation& operation, const std::string& name) const {
    if (name == "tenant") return {"other", "nobody"};
    if (name == "domain") return {"other.example", "nobody.example"};
    if (name == "alias") return {"ken@other.example", "ken@nobody.example"};
    if (name == "name") return {"app@other.example", "app@nobody.example"};
    if (name == "address") {
      const std::string local = operation.path.starts_with("/domains/")     ? ""
                                : operation.path.starts_with("/api-users/") ? "app@"
                                                                            : "ken@";
      return {local + "other.example", local + "nobody.example"};
    }
    REQUIRE(name == "id");
    const auto has = [&](const char* word) { return operation.path.contains(word); };
    const std::string id = has("/app-passwords/")   ? r.kens_key
                           : has("/imports/")       ? r.job
                           : has("/queue/")         ? r.queued
                           : has("/grants/")        ? r.kens_grant
                           : has("/tokens/")        ? r.others_token
                           : has("/access-rules/")  ? r.rule
                           : has("/mail-sessions/") ? "1"
                           : has("/sessions/")      ? kens_session
                                                    : "";
    CAPTURE(operation.path);
    REQUIRE_FALSE(id.empty());  // a new kind of id: say above whose it is
    return {id, kNobodysId};
  }
  http::Response ask(const Operation& operation, const Trial& trial) {
    std::string path = operation.path;
    for (const auto& [name, value] : trial.values)
      path = replaced(path, "{" + name + "}", value);
    std::string query = trial.query;
    for (const std::string& each : operation.queries)
      query += (query.empty() ? "" : "&") + each;
    if (!query.empty()) path += "?" + query;
    ++tried;
    return r.ask_as(hanako, {operation.method, path, trial.body, operation.type});
  }
  // Both answers, with the names themselves taken out.
  void compare(const Operation& operation, const Trial& foreign, const Trial& nobody) {
    const auto plain = [&](std::string text) {
      for (const auto& [name, pair] : std::map<std::string, Pair>{
               {"a", {"other.example", "nobody.example"}}, {"b", {"other", "nobody"}}})
        text = replaced(text, pair.foreign, pair.nobody);
      for (const std::string& id :
           {r.kens_key, r.job, r.queued, r.kens_grant, r.others_token, r.rule, kens_session})
        text = replaced(text, id, kNobodysId);
      return text;
    };
    const http::Response got = ask(operation, foreign);
    const http::Response wanted = ask(operation, nobody);
    CAPTURE(operation.id);
    CAPTURE(got.body);
    CHECK(got.status == wanted.status);
    CHECK(plain(got.body) == plain(wanted.body));
    CHECK(got.status >= 400);
    CHECK(got.status < 500);
    ++compared;
  }
  std::string kens_session = [this] {
    const auto opened = r.log_in(r.other, "ken@other.example", {});
    return opened.session.id.text();
  }();
};

TEST_CASE("every operation answers another tenant's names and ids as those of nobody") {
  Isolation t;
  const auto operations = operations_of(t.r.tenant_router);
  CHECK(operations.size() >= 50);
  const std::size_t before = t.r.operations(t.r.other);
  for (const Operation& operation : operations) {
    Trial own;
    for (const std::string& name : operation.parameters)
      own.values[name] = t.own(operation, name);
    own.body = operation.body;
    for (const std::string& name : operation.parameters) {
      const Pair pair = t.names(operation, name);
      Trial foreign = own;
      Trial nobody = own;
      foreign.values[name] = pair.foreign;
      nobody.values[name] = pair.nobody;
      t.compare(operation, foreign, nobody);
    }
    if (operation.by_tenant) {
      Trial foreign = own;
      Trial nobody = own;
      foreign.query = "tenant=other";
      nobody.query = "tenant=nobody";
      t.compare(operation, foreign, nobody);
    }
    for (std::size_t i = 0; i < operation.queries.size(); ++i) {
      if (!operation.queries[i].contains("acme.example")) continue;
      Operation foreign = operation;
      Operation nobody = operation;
      foreign.queries[i] = replaced(operation.queries[i], "acme.example", "other.example");
      nobody.queries[i] = replaced(operation.queries[i], "acme.example", "nobody.example");
      const http::Response got = t.ask(foreign, own);
      const http::Response wanted = t.ask(nobody, own);
      CAPTURE(operation.id);
      CHECK(got.status == wanted.status);
      CHECK(replaced(got.body, "other.example", "nobody.example") == wanted.body);
    }
    // Logging in is judged by the password; that a domain is somebody's is told to who asks for it.
    if (operation.id == "openSession" || operation.id == "createDomain") continue;
    if (!operation.body.contains("acme.example")) continue;
    Trial foreign = own;
    Trial nobody = own;
    foreign.body = replaced(operation.body, "acme.example", "other.example");
    nobody.body = replaced(operation.body, "acme.example", "nobody.example");
    t.compare(operation, foreign, nobody);
  }
  MESSAGE(operations.size() << " operations, " << t.compared << " comparisons, " << t.tried
                            << " requests with another tenant's names");
  CHECK(t.compared > operations.size() / 2);
  CHECK(t.r.operations(t.r.other) == before);
  CHECK(t.r.w.queue(t.r.other).size() == 1);
}

TEST_CASE("lists hold nothing of another tenant") {
  Isolation t;
  for (const Operation& operation : operations_of(t.r.tenant_router)) {
    if (operation.method != Method::get || operation.id == "tryAccess") continue;
    Trial own;
    bool of_things = true;
    for (const std::string& name : operation.parameters) {
      of_things = of_things && (name == "tenant" || name == "address");
      own.values[name] = t.own(operation, name);
    }
    if (!of_things) continue;
    CAPTURE(operation.id);
    const http::Response answer = t.ask(operation, own);
    CHECK(answer.status == 200);
    for (const std::string& secret :
         {std::string("other.example"), t.r.queued, t.r.kens_grant, t.r.others_token})
      CHECK_FALSE(answer.body.contains(secret));
  }
}

TEST_CASE("a token of one tenant opens nothing of another, on no listener") {
  Isolation t;
  Caller maker{{Actor::Kind::operator_, 1}, {}, {}};
  maker.grants.push_back({GrantId(1), maker.actor, Role::operator_, {}, {}, {}});
  maker.grants[0].scope.kind = GrantScope::Kind::server;
  const auto made =
      t.r.w.call(t.r.sessions.create_token(t.r.acme, maker, {"x", Role::admin, {}, {}}));
  REQUIRE(made.has_value());
  const std::string bearer = "Bearer " + std::string(made->text.reveal());
  const auto ask = [&](const http::Router& router, const std::string& authorization,
                       const std::string& path) {
    return t.r.ask_on(router, {Method::get, path, ""}, {{"Authorization", authorization}}).status;
  };
  CHECK(ask(t.r.tenant_router, bearer, "/tenants/acme/accounts") == 200);
  CHECK(ask(t.r.tenant_router, bearer, "/tenants/other/accounts") == 404);
  CHECK(ask(t.r.tenant_router, bearer, "/accounts/ken@other.example") == 404);
  CHECK(ask(t.r.router, bearer, "/tenants/acme/accounts") == 401);
  const std::string operators = "Bearer " + text_of(t.r.token);
  CHECK(ask(t.r.tenant_router, operators, "/tenants/acme/accounts") == 401);
  CHECK(ask(t.r.router, operators, "/tenants/acme/accounts") == 200);
}

}  // namespace
}  // namespace fumi::api::admin
