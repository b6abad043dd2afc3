// Dry runs, conditions on ETags, repeated requests.
#include "api/admin/rig_for_test.h"
#include "api/json.h"

namespace fumi::api::admin {
namespace {

const std::string kNew = R"({"address":"new@acme.example","password":"correct horse battery"})";

struct Shaped {
  Rig r;
  std::string bearer = "Bearer " + text_of(r.token);
  http::Response ask(Method method, const std::string& path, const std::string& body,
                     std::vector<std::pair<std::string, std::string>> headers = {}) {
    headers.emplace_back("Authorization", bearer);
    return r.ask_on(r.router, {method, path, body}, headers);
  }
  std::string tag(const std::string& path) {
    return std::string(ask(Method::get, path, "").headers.value("ETag"));
  }
};

TEST_CASE("a dry run tells what would be done, and does nothing") {
  Shaped s;
  const std::size_t before = s.r.operations(s.r.acme);
  const auto answer = s.ask(Method::post, "/accounts?dry-run=true", kNew);
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"changes":[{"operation":"account.create","object":"new@acme.example",)"
                       R"("detail":{"kind":"person"}}]})");
  CHECK(s.ask(Method::get, "/accounts/new@acme.example", "").status == 404);
  CHECK(s.r.operations(s.r.acme) == before);
  // What would fail fails.
  CHECK(s.ask(Method::post, "/accounts?dry-run=true",
              R"({"address":"hanako@acme.example","password":"correct horse battery"})")
            .status == 409);
  CHECK(s.ask(Method::delete_, "/accounts/nobody@acme.example?dry-run=true", "").status == 404);
  CHECK(s.ask(Method::patch, "/tenants/acme?dry-run=true", R"({"status":"suspended"})").status ==
        200);
  CHECK(s.ask(Method::get, "/tenants/acme", "").body.contains("active"));
  CHECK(s.ask(Method::delete_, "/accounts/hanako@acme.example?dry-run=true", "").status == 200);
  CHECK(s.ask(Method::get, "/accounts/hanako@acme.example", "").body.contains("active"));
  // No word of it where it can't be, and no guessing.
  CHECK(s.ask(Method::post, "/tenants?dry-run=true", R"({"name":"third"})").status == 400);
  CHECK(s.ask(Method::get, "/tenants/third", "").status == 404);
  CHECK(s.ask(Method::post, "/accounts?dry-run=yes", kNew).status == 400);
  CHECK(s.r.operations(s.r.acme) == before);
  CHECK(s.ask(Method::post, "/accounts?dry-run=false", kNew).status == 201);
}

TEST_CASE("every operation that has a dry run changes nothing by it") {
  Shaped s;
  const std::size_t before = s.r.operations(s.r.other);
  const std::string ken = "/accounts/ken@other.example";
  for (const Asked& asked : std::vector<Asked>{
           {Method::post, "/tenants/other/domains", R"({"name":"third.example"})"},
           {Method::post, ken + "/aliases", R"({"address":"k@other.example"})"},
           {Method::post, ken + "/app-passwords", R"({"name":"tablet"})"},
           {Method::delete_, ken + "/app-passwords/" + s.r.kens_key, ""},
           {Method::post, "/tenants/other/api-users", R"({"name":"app2@other.example"})"},
           {Method::delete_, "/api-users/app@other.example", ""},
           {Method::patch, ken, R"({"status":"disabled"})"},
           {Method::post, "/tenants/other/grants",
            R"({"address":"ken@other.example","role":"owner"})"},
           {Method::delete_, "/tenants/other/grants/" + s.r.kens_grant, ""},
           {Method::post, "/tenants/other/tokens", R"({"name":"sync","role":"admin"})"},
           {Method::delete_, "/tenants/other/tokens/" + s.r.others_token, ""},
           {Method::delete_, ken + "/sessions", ""}}) {
    CAPTURE(asked.path);
    const auto answer = s.ask(asked.method, asked.path + "?dry-run=true", asked.body);
    CHECK(answer.status == 200);
    const auto json = parse_json(answer.body);
    REQUIRE(json);
    CHECK(json->find("changes")->array()->size() == 1);
    CHECK_FALSE(answer.body.contains("fumi_"));
  }
  CHECK(s.r.operations(s.r.other) == before);
  CHECK(s.r.w.call(s.r.roles.grants(s.r.other, GrantId(), 10))->size() == 2);
}

TEST_CASE("If-Match: only what hasn't changed since it was read") {
  Shaped s;
  const std::string path = "/accounts/hanako@acme.example";
  const std::string first = s.tag(path);
  REQUIRE(first.size() == 34);
  CHECK(s.tag(path) == first);
  const auto change = [&](const std::string& tag, const std::string& name) {
    return s.ask(Method::patch, path, R"({"name":")" + name + "\"}", {{"If-Match", tag}}).status;
  };
  CHECK(change("\"0123\"", "x") == 412);
  CHECK(change("W/" + first, "x") == 412);  // a weak tag matches nothing
  CHECK(s.tag(path) == first);
  CHECK(change("\"0123\", " + first, "Hanako") == 200);
  CHECK(change(first, "Again") == 412);
  const std::string second = s.tag(path);
  CHECK(second != first);
  CHECK(change("*", "Hana") == 200);
  CHECK(s.ask(Method::post, path + "/aliases", R"({"address":"h@acme.example"})",
              {{"If-Match", second}})
            .status == 412);
  CHECK(s.ask(Method::delete_, path + "?dry-run=true", "", {{"If-Match", first}}).status == 412);
  CHECK(s.ask(Method::delete_, path, "", {{"If-Match", first}}).status == 412);
  CHECK(s.ask(Method::get, path, "").status == 200);
  CHECK(s.ask(Method::delete_, path, "", {{"If-Match", s.tag(path)}}).status == 204);
  CHECK(s.ask(Method::delete_, path, "", {{"If-Match", first}}).status == 404);
  const std::string tenant = s.tag("/tenants/other");
  const auto suspend = [&](const std::string& tag) {
    return s.ask(Method::patch, "/tenants/other", R"({"status":"suspended"})", {{"If-Match", tag}})
        .status;
  };
  CHECK(suspend("\"x\"") == 412);
  CHECK(suspend(tenant) == 200);
  CHECK(suspend(tenant) == 412);
  // A condition that nobody would check is refused.
  CHECK(s.ask(Method::post, "/accounts", kNew, {{"If-Match", tenant}}).status == 400);
}

TEST_CASE("Idempotency-Key: the same request once, the same answer again") {
  Shaped s;
  const auto create = [&](const std::string& key, const std::string& body) {
    return s.ask(Method::post, "/accounts", body, {{"Idempotency-Key", key}});
  };
  const auto first = create("k1", kNew);
  CHECK(first.status == 201);
  const std::size_t done = s.r.operations(s.r.acme);
  const auto again = create("k1", kNew);
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(again.headers.value("Idempotency-Replayed") == "true");
  CHECK(s.r.operations(s.r.acme) == done);
  CHECK(create("k1", R"({"address":"b@acme.example","password":"correct horse battery"})").status ==
        422);
  CHECK(create("k2", kNew).status == 409);  // it exists, and that answer wasn't kept
  CHECK(create("k2", R"({"address":"c@acme.example","password":"correct horse battery"})").status ==
        201);
  CHECK(create("with space", kNew).status == 400);
  CHECK(create(std::string(201, 'k'), kNew).status == 400);
  // Secrets are kept nowhere, so their answers can't come again.
  CHECK(s.ask(Method::post, "/tenants/acme/tokens", R"({"name":"x","role":"admin"})",
              {{"Idempotency-Key", "k3"}})
            .status == 400);
  // Another caller's key is another key.
  const auto hanako = s.r.log_in(s.r.acme, "hanako@acme.example", {Role::admin});
  const std::string cookie = "__Host-fumi=" + std::string(hanako.token.reveal());
  const auto hers = s.r.ask_on(s.r.tenant_router, {Method::post, "/accounts", kNew},
                               {{"Cookie", cookie},
                                {"X-CSRF-Token", std::string(hanako.csrf.reveal())},
                                {"Idempotency-Key", "k1"}});
  CHECK(hers.status == 409);
  s.r.w.world.clock().advance(std::chrono::hours(24) + std::chrono::seconds(1));
  CHECK(create("k1", R"({"address":"d@acme.example","password":"correct horse battery"})").status ==
        201);
}

TEST_CASE("an answer that was lost is told as lost, and nothing is done twice") {
  Shaped s;
  bool lost = false;
  for (std::size_t n = 1; n < 20 && !lost; ++n) {
    const std::string name = "n" + std::to_string(n) + "@acme.example";
    const std::string body = R"({"address":")" + name + R"(","password":"correct horse battery"})";
    const std::string key = "lost" + std::to_string(n);
    s.r.w.faults.arm(n);
    const auto first = s.ask(Method::post, "/accounts", body, {{"Idempotency-Key", key}});
    s.r.w.faults.arm(0);
    const bool there = s.ask(Method::get, "/accounts/" + name, "").status == 200;
    const auto again = s.ask(Method::post, "/accounts", body, {{"Idempotency-Key", key}});
    CAPTURE(n);
    const bool replayed = !again.headers.value("Idempotency-Replayed").empty();
    if (!there) {
      CHECK(again.status == 201);
      CHECK_FALSE(replayed);
    } else {
      CHECK(again.status == (replayed ? 201 : 409));
    }
    lost = there && !replayed;
  }
  CHECK(lost);
}

}  // namespace
}  // namespace fumi::api::admin
