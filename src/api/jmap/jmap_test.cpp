// Requests as clients send them, against services in memory.
#include <doctest/doctest.h>

#include "api/jmap/jmap_api.h"
#include "api/jmap/testing/jmap_world.h"

namespace fumi::jmap::testing {
namespace {

TEST_CASE("Core/echo, unknown methods, accounts of others") {
  JmapWorld w;
  const Json answer = w.call({{"Core/echo", R"({"hello":[1,"二"]})"},
                              {"Email/nonsense", "{}"},
                              {"Mailbox/get", "{}"},
                              {"Mailbox/get", R"({"accountId":"other"})"}});
  CHECK(w.name_of(answer, 0) == "Core/echo");
  CHECK(codec::write_json(w.arguments_of(answer, 0)) == R"({"hello":[1,"二"]})");
  CHECK(w.error_of(answer, 1) == "unknownMethod");
  CHECK(w.error_of(answer, 2) == "invalidArguments");
  CHECK(w.error_of(answer, 3) == "accountNotFound");
}

TEST_CASE("Mailbox: create a tree in one call, get, query, update, changes, destroy") {
  JmapWorld w;
  Json made = w.one("Mailbox/set", R"({"create":{"b":{"name":"子","parentId":"#a"},
      "a":{"name":"仕事","sortOrder":3},"bad":{"name":"a/b"},"worse":{"name":"x","parentId":"zz"},
      "dup":{"name":"Sent"},"role":{"name":"y","role":"sent"},"no":{"nme":"y"}}})");
  CHECK(made.find("created")->object()->size() == 2);
  const Json& refused = *made.find("notCreated");
  for (const char* key : {"bad", "worse", "dup", "role", "no"}) {
    CAPTURE(key);
    CHECK(refused.find(key)->text("type") == "invalidProperties");
  }
  const std::string a(made.find("created")->find("a")->text("id"));
  const std::string b(made.find("created")->find("b")->text("id"));
  const std::string before(made.text("newState"));
  const Json got = w.one("Mailbox/get", R"({"ids":[")" + a + R"(",")" + b + R"(","nope"]})");
  CHECK(got.find("list")->array()->at(0).number("sortOrder") == 3);
  CHECK(got.find("list")->array()->at(1).text("parentId") == a);
  CHECK(got.find("list")->array()->at(1).text("name") == "子");
  CHECK(codec::write_json(*got.find("notFound")) == R"(["nope"])");
  const Json renamed =
      w.one("Mailbox/set", R"({"update":{")" + a + R"(":{"name":"Work","isSubscribed":false},)" +
                               R"("nope":{"name":"x"}},"ifInState":")" + before + R"("})");
  CHECK(renamed.find("updated")->find(a) != nullptr);
  CHECK(renamed.find("notUpdated")->find("nope")->text("type") == "notFound");
  CHECK(w.error("Mailbox/set", R"({"ifInState":")" + before + R"("})") == "stateMismatch");
  const Json changes = w.one("Mailbox/changes", R"({"sinceState":")" + before + R"("})");
  CHECK(changes.find("updated")->array()->size() == 2);  // the child's name is a path inside
  CHECK(changes.find("updatedProperties")->is_null());
  CHECK(w.error("Mailbox/changes", R"({"sinceState":"zzzzz"})") == "cannotCalculateChanges");
  CHECK(w.error("Mailbox/changes", R"({"sinceState":"?"})") == "cannotCalculateChanges");
  const Json query = w.one("Mailbox/query", R"({"filter":{"operator":"NOT","conditions":
      [{"hasAnyRole":true}]},"sort":[{"property":"name"}],"sortAsTree":true,
      "calculateTotal":true})");
  CHECK(codec::write_json(*query.find("ids")) == R"([")" + a + R"(",")" + b + R"("])");
  CHECK(query.number("total") == 2);
  CHECK(w.error("Mailbox/query", R"({"filter":{"color":1}})") == "unsupportedFilter");
  CHECK(w.error("Mailbox/query", R"({"sort":[{"property":"id"}]})") == "unsupportedSort");
  const Json gone = w.one("Mailbox/set", R"({"destroy":[")" + a + R"(",")" + b + R"(","nope"]})");
  CHECK(gone.find("notDestroyed")->find(a)->text("type") == "mailboxHasChild");
  CHECK(gone.find("notDestroyed")->find("nope")->text("type") == "notFound");
  CHECK(codec::write_json(*gone.find("destroyed")) == R"([")" + b + R"("])");
  const std::string inbox = w.mailbox("inbox");
  const Json inbox_set =
      w.one("Mailbox/set",
            R"({"update":{")" + inbox + R"(":{"name":"x"}},"destroy":[")" + inbox + R"("]})");
  CHECK(inbox_set.find("notUpdated")->find(inbox)->text("type") == "forbidden");
  CHECK(inbox_set.find("notDestroyed")->find(inbox)->text("type") == "forbidden");
}

TEST_CASE("requests that can't be read are answered with a problem; logins by HTTP") {
  JmapWorld w;
  CHECK(w.http("GET", "/jmap/session", "", {}).status == 401);
  CHECK(w.http("GET", "/jmap/session", "", {{"Authorization", "Basic bm9wZQ=="}}).status == 401);
  CHECK(w.http("GET", "/jmap/session", "", w.login("wrong")).status == 401);
  const http::Response session = w.http("GET", "/.well-known/jmap", "", w.login());
  CHECK(session.status == 200);
  const Json resource = *codec::parse_json(session.body);
  CHECK(resource.text("apiUrl") == "http://mail.example/jmap/api");
  CHECK(resource.text("username") == "hanako@acme.example");
  CHECK(resource.find("primaryAccounts")->text("urn:ietf:params:jmap:mail") == w.account_id());
  CHECK(w.http("POST", "/jmap/api", "{", w.login()).status == 400);
  http::Response bad = w.http("POST", "/jmap/api", "{}", w.login());
  CHECK(codec::parse_json(bad.body)->text("type") == "urn:ietf:params:jmap:error:notRequest");
}

TEST_CASE("upload and download: own account only, expiry") {
  JmapWorld w;
  const std::string path = "/jmap/upload/" + w.account_id();
  CHECK(w.http("POST", "/jmap/upload/other", "x", w.login()).status == 404);
  const http::Response up = w.http("POST", path, "日本", w.login());
  CHECK(up.status == 201);
  const Json told = *codec::parse_json(up.body);
  CHECK(told.number("size") == 6);
  const std::string blob(told.text("blobId"));
  const std::string base = "/jmap/download/" + w.account_id() + "/";
  const http::Response down =
      w.http("GET", base + blob + "/名前.txt?accept=text/plain", "", w.login());
  CHECK(down.status == 200);
  CHECK(down.body == "日本");
  CHECK(down.headers.value("Content-Type") == "text/plain");
  CHECK(down.headers.value("Content-Disposition").starts_with("attachment;"));
  CHECK(w.http("GET", "/jmap/download/other/" + blob + "/x", "", w.login()).status == 404);
  for (const char* id : {"Uzz", "M1", "U", "-", "Q1", "U1-1"}) {
    CAPTURE(id);
    CHECK(w.http("GET", base + id + "/x", "", w.login()).status == 404);
  }
  CHECK(w.http("GET", base + blob + "/x", "", w.login_of_rival()).status == 404);
  w.world.clock().advance(std::chrono::hours(25));
  CHECK(w.http("GET", base + blob + "/x", "", w.login()).status == 404);
}

}  // namespace
}  // namespace fumi::jmap::testing
