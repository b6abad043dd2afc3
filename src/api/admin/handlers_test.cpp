// Every route of the admin API over a store: tokens, unknown ids, other tenants' ids, bad bodies.
#include <doctest/doctest.h>

#include <set>

#include "api/admin/rig_for_test.h"
#include "api/json.h"

namespace fumi::api::admin {
namespace {

const std::string kAccount = R"({"address":"new@acme.example","password":"correct horse battery"})";

const std::string kRule =
    R"({"name":"night","effect":"deny","doors":["imap"],"networks":["203.0.113.0/24"],"times":{"zone":"Asia/Tokyo","windows":[{"days":["mon"],"from":"22:00","to":"06:00"}]}})";
const std::string kLift = R"({"until":"2026-11-19T00:00:00Z","note":"the newsletter"})";

// Each operation once, in the order of the routes: what it needs to do something.
std::vector<Asked> all_operations(const Rig& r) {
  return {
      {Method::post, "/tenants", R"({"name":"third"})"},
      {Method::get, "/tenants", ""},
      {Method::get, "/tenants/other", ""},
      {Method::patch, "/tenants/other", R"({"status":"suspended"})"},
      {Method::post, "/tenants/other/domains", R"({"name":"third.example"})"},
      {Method::get, "/tenants/other/domains", ""},
      {Method::delete_, "/tenants/other/domains/other.example", ""},
      {Method::delete_, "/domains/other.example", ""},
      {Method::get, "/tenants/other/domains/other.example/dns", ""},
      {Method::get, "/tenants/other/domains/other.example/check", ""},
      {Method::post, "/tenants/other/domains/other.example/verification", R"({"method":"dns"})"},
      {Method::get, "/domains/other.example/dns", ""},
      {Method::get, "/domains/other.example/check", ""},
      {Method::post, "/domains/other.example/verification",
       R"({"method":"operator","note":"by telephone"})"},
      {Method::get, "/tenants/other/limits", ""},
      {Method::patch, "/tenants/other/limits", R"({"accounts_max":9})"},
      {Method::get, "/tenants/other/restricted", ""},
      {Method::get, "/tenants/other/pace", ""},
      {Method::post, "/tenants/other/pace/lift", kLift},
      {Method::get, "/accounts/ken@other.example/pace", ""},
      {Method::post, "/accounts/ken@other.example/pace/lift", kLift},
      {Method::post, "/tenants/acme/accounts", kAccount},
      {Method::post, "/accounts", kAccount},
      {Method::get, "/tenants/other/accounts", ""},
      {Method::get, "/accounts/ken@other.example", ""},
      {Method::patch, "/accounts/ken@other.example", R"({"status":"disabled"})"},
      {Method::delete_, "/accounts/ken@other.example", ""},
      {Method::post, "/accounts/ken@other.example/aliases", R"({"address":"k@other.example"})"},
      {Method::delete_, "/accounts/ken@other.example/aliases/k@other.example", ""},
      {Method::post, "/accounts/ken@other.example/app-passwords", R"({"name":"tablet"})"},
      {Method::get, "/accounts/ken@other.example/app-passwords", ""},
      {Method::delete_, "/accounts/ken@other.example/app-passwords/" + r.kens_key, ""},
      {Method::post, "/tenants/other/api-users", R"({"name":"app2@other.example"})"},
      {Method::get, "/tenants/other/api-users", ""},
      {Method::delete_, "/tenants/other/api-users/app@other.example", ""},
      {Method::delete_, "/api-users/app@other.example", ""},
      {Method::get, "/queue", ""},
      {Method::get, "/queue/" + r.queued, ""},
      {Method::post, "/queue/" + r.queued + "/retry", ""},
      {Method::post, "/queue/" + r.queued + "/cancel", ""},
      {Method::get, "/log", ""},
      {Method::get, "/tenants/other/audit?stream=operation", ""},
      {Method::get, "/accounts/ken@other.example/search-index", ""},
      {Method::post, "/accounts/ken@other.example/search-index/rebuild", ""},
      {Method::post, "/accounts/ken@other.example/imports", R"({"source":"test"})"},
      {Method::get, "/accounts/ken@other.example/imports", ""},
      {Method::get, "/accounts/ken@other.example/imports/" + r.job, ""},
      {Method::post, "/accounts/ken@other.example/imports/" + r.job + "/mail", "x"},
      {Method::get, "/accounts/ken@other.example/imports/" + r.job + "/known?folder=INBOX", ""},
      {Method::post, "/accounts/ken@other.example/imports/" + r.job + "/finish", ""},
      {Method::post, "/accounts/ken@other.example/imports/" + r.job + "/cancel", ""},
      {Method::get, "/accounts/ken@other.example/exports", ""},
      {Method::get, "/tenants/other/access-rules", ""},
      {Method::post, "/tenants/other/access-rules", kRule},
      {Method::get, "/tenants/other/access-rules/" + r.rule, ""},
      {Method::put, "/tenants/other/access-rules/" + r.rule, kRule},
      {Method::delete_, "/tenants/other/access-rules/" + r.rule, ""},
      {Method::get, "/tenants/other/access-trial?address=ken@other.example&door=imap", ""},
      {Method::get, "/tenants/other/holidays", ""},
      {Method::put, "/tenants/other/holidays", R"({"items":[{"date":"2027-01-01"}]})"},
      {Method::get, "/tenants/other/mail-sessions", ""},
      {Method::delete_, "/tenants/other/mail-sessions/1", ""},
      {Method::get, "/accounts/ken@other.example/acl", ""},
      {Method::put, "/accounts/ken@other.example/acl", R"({"identifier":"anyone","rights":"l"})"},
      {Method::get, "/roles", ""},
      {Method::get, "/tenants/other/grants", ""},
      {Method::post, "/tenants/other/grants", R"({"address":"ken@other.example","role":"admin"})"},
      {Method::delete_, "/tenants/other/grants/" + r.kens_grant, ""},
      {Method::get, "/accounts/ken@other.example/sessions", ""},
      {Method::delete_, "/accounts/ken@other.example/sessions", ""},
      {Method::post, "/tenants/other/tokens", R"({"name":"sync","role":"admin"})"},
      {Method::get, "/tenants/other/tokens", ""},
      {Method::delete_, "/tenants/other/tokens/" + r.others_token, ""},
  };
}

TEST_CASE("no operation does or tells anything without an operator's token") {
  Rig r;
  const auto operations = all_operations(r);
  std::set<const http::Route*> seen;
  for (const Asked& asked : operations) {
    std::string path = std::string(kRoot) + split(asked.path, '?')[0];
    seen.insert(r.router.find(asked.method, split(path, '/')).route);
  }
  CHECK(seen.size() == operations.size());
  CHECK(seen.size() + 1 == r.router.routes().size());  // and the document, which is public
  const std::size_t before = r.operations(r.acme) + r.operations(r.other);
  const std::string good = text_of(r.token);
  const std::string bad = text_of(crypto::make_token("op"));
  for (const std::string& authorization :
       {std::string(), "Bearer " + bad, "Bearer " + good + "x", "Basic " + good, good,
        std::string("Bearer "), "Bearer " + text_of(crypto::make_token("api"))}) {
    for (const Asked& asked : operations) {
      CAPTURE(asked.path);
      CAPTURE(authorization);
      const http::Response answer = r.ask(asked, authorization);
      CHECK(answer.status == 401);
      CHECK_FALSE(answer.body.contains("other.example"));
    }
  }
  CHECK(r.operations(r.acme) + r.operations(r.other) == before);
  CHECK(r.w.queue(r.other).size() == 1);
}

TEST_CASE("names and ids that nobody has are 404, and what is no id is 400") {
  Rig r;
  const std::size_t before = r.operations(r.acme) + r.operations(r.other);
  for (const Asked& asked : std::vector<Asked>{
           {Method::get, "/tenants/nobody", ""},
           {Method::get, "/accounts/nobody@acme.example/search-index", ""},
           {Method::post, "/accounts/nobody@acme.example/search-index/rebuild", ""},
           {Method::patch, "/tenants/nobody", R"({"status":"suspended"})"},
           {Method::post, "/tenants/nobody/domains", R"({"name":"third.example"})"},
           {Method::get, "/tenants/nobody/domains", ""},
           {Method::get, "/tenants/nobody/domains/other.example/dns", ""},
           {Method::get, "/tenants/other/domains/nobody.example/dns", ""},
           {Method::get, "/domains/nobody.example/dns", ""},
           {Method::get, "/tenants/nobody/domains/other.example/check", ""},
           {Method::get, "/tenants/other/domains/nobody.example/check", ""},
           {Method::get, "/domains/nobody.example/check", ""},
           {Method::post, "/tenants/other/domains/nobody.example/verification", "{}"},
           {Method::post, "/domains/nobody.example/verification",
            R"({"method":"operator","note":"by telephone"})"},
           {Method::get, "/tenants/nobody/limits", ""},
           {Method::patch, "/tenants/nobody/limits", R"({"accounts_max":9})"},
           {Method::get, "/tenants/nobody/restricted", ""},
           {Method::get, "/tenants/nobody/pace", ""},
           {Method::post, "/tenants/nobody/pace/lift", kLift},
           {Method::get, "/accounts/nobody@other.example/pace", ""},
           {Method::post, "/accounts/nobody@other.example/pace/lift", kLift},
           {Method::delete_, "/tenants/nobody/domains/other.example", ""},
           {Method::delete_, "/tenants/other/domains/nobody.example", ""},
           {Method::delete_, "/domains/nobody.example", ""},
           {Method::post, "/tenants/nobody/accounts", kAccount},
           {Method::get, "/tenants/nobody/accounts", ""},
           {Method::get, "/accounts/nobody@other.example", ""},
           {Method::get, "/accounts/ken@nobody.example", ""},
           {Method::patch, "/accounts/nobody@other.example", R"({"status":"disabled"})"},
           {Method::delete_, "/accounts/nobody@other.example", ""},
           {Method::post, "/accounts/nobody@other.example/aliases",
            R"({"address":"k@other.example"})"},
           {Method::delete_, "/accounts/ken@other.example/aliases/no@other.example", ""},
           {Method::post, "/accounts/nobody@other.example/app-passwords", R"({"name":"tablet"})"},
           {Method::get, "/accounts/nobody@other.example/app-passwords", ""},
           {Method::delete_, "/accounts/ken@other.example/app-passwords/2222222222222", ""},
           {Method::post, "/tenants/nobody/api-users", R"({"name":"app2@other.example"})"},
           {Method::get, "/tenants/nobody/api-users", ""},
           {Method::delete_, "/tenants/other/api-users/nobody@other.example", ""},
           {Method::delete_, "/api-users/nobody@other.example", ""},
           {Method::get, "/queue/2222222222222", ""},
           {Method::get, "/queue?tenant=nobody", ""},
           {Method::post, "/queue/2222222222222/retry", ""},
           {Method::post, "/queue/2222222222222/cancel", ""},
           {Method::get, "/log?tenant=nobody", ""},
           {Method::get, "/tenants/nobody/audit?stream=operation", ""},
           {Method::get, "/accounts/nobody@other.example/search-index", ""},
           {Method::post, "/accounts/nobody@other.example/imports", R"({"source":"test"})"},
           {Method::get, "/accounts/nobody@other.example/imports", ""},
           {Method::get, "/accounts/ken@other.example/imports/2222222222222", ""},
           {Method::post, "/accounts/ken@other.example/imports/2222222222222/finish", ""},
           {Method::get, "/accounts/nobody@other.example/exports", ""},
           {Method::get, "/tenants/nobody/access-rules", ""},
           {Method::get, "/tenants/other/access-rules/2222222222222", ""},
           {Method::put, "/tenants/other/access-rules/2222222222222", kRule},
           {Method::delete_, "/tenants/other/access-rules/x!", ""},
           {Method::delete_, "/tenants/other/mail-sessions/99", ""},
           {Method::get, "/tenants/other/access-trial?address=x@other.example&door=imap", ""},
           {Method::get, "/accounts/nobody@other.example/acl", ""},
           {Method::get, "/accounts/ken@other.example/acl?mailbox=nothing", ""},
           {Method::put, "/accounts/nobody@other.example/acl", R"({"identifier":"anyone"})"},
           {Method::put, "/accounts/ken@other.example/acl",
            R"({"identifier":"anyone","mailbox":"nothing"})"},
           {Method::get, "/accounts/ken@other.example/exports?folder=nothing", ""}}) {
    CAPTURE(asked.path);
    CHECK(r.status(asked) == 404);
  }
  CHECK(r.operations(r.acme) + r.operations(r.other) == before);
  for (const char* const path :
       {"/queue?after=!", "/queue?limit=0", "/queue?limit=x", "/log?limit=100000",
        "/log?since=noon", "/log?status=nonsense", "/log?message=!", "/tenants?after=!",
        "/tenants?nonsense=1", "/tenants/other/audit?stream=nonsense"}) {
    CAPTURE(path);
    CHECK(r.status({Method::get, path, ""}) == 400);
  }
}

TEST_CASE("one tenant's name never reaches another's domains, users, keys and messages") {
  Rig r;
  const std::size_t before = r.operations(r.other);
  for (const Asked& asked : std::vector<Asked>{
           {Method::get, "/tenants/acme/domains/other.example/dns", ""},
           {Method::get, "/tenants/acme/domains/other.example/check", ""},
           {Method::post, "/tenants/acme/domains/other.example/verification",
            R"({"method":"operator","note":"not ours"})"},
           {Method::delete_, "/tenants/acme/domains/other.example", ""},
           {Method::delete_, "/tenants/acme/api-users/app@other.example", ""},
           {Method::delete_, "/accounts/hanako@acme.example/aliases/ken@other.example", ""},
           {Method::delete_, "/accounts/hanako@acme.example/app-passwords/" + r.kens_key, ""},
           {Method::get, "/tenants/acme/access-rules/" + r.rule, ""},
           {Method::put, "/tenants/acme/access-rules/" + r.rule, kRule},
           {Method::delete_, "/tenants/acme/access-rules/" + r.rule, ""},
           {Method::delete_, "/tenants/acme/mail-sessions/1", ""},
           {Method::get, "/tenants/acme/access-trial?address=ken@other.example&door=imap", ""},
           {Method::get, "/accounts/hanako@acme.example/imports/" + r.job, ""},
           {Method::post, "/accounts/hanako@acme.example/imports/" + r.job + "/mail",
            R"({"end":0})"
            "\n"},
           {Method::get, "/accounts/hanako@acme.example/imports/" + r.job + "/known?folder=INBOX",
            ""},
           {Method::post, "/accounts/hanako@acme.example/imports/" + r.job + "/finish", ""},
           {Method::post, "/accounts/hanako@acme.example/imports/" + r.job + "/cancel", ""}}) {
    CAPTURE(asked.path);
    CHECK(r.status(asked) == 404);
  }
  for (const Asked& asked : std::vector<Asked>{
           {Method::post, "/tenants/acme/accounts",
            R"({"address":"new@other.example","password":"correct horse battery"})"},
           {Method::post, "/accounts/hanako@acme.example/aliases",
            R"({"address":"h@other.example"})"},
           {Method::post, "/tenants/acme/domains", R"({"name":"other.example"})"},
           {Method::post, "/tenants/acme/api-users", R"({"name":"app2@other.example"})"}}) {
    CAPTURE(asked.path);
    const int status = r.status(asked);
    CHECK(status >= 400);
    CHECK(status < 500);
  }
  CHECK(r.operations(r.other) == before);
  CHECK_FALSE(r.ask({Method::get, "/queue?tenant=acme", ""}).body.contains(r.queued));
  CHECK(r.ask({Method::get, "/queue?tenant=other", ""}).body.contains(r.queued));
  CHECK_FALSE(r.ask({Method::get, "/log?tenant=acme", ""}).body.contains("ken@other.example"));
  CHECK(r.ask({Method::get, "/log?tenant=other", ""}).body.contains("ken@other.example"));
  CHECK_FALSE(r.ask({Method::get, "/tenants/acme/accounts", ""}).body.contains("ken@"));
  CHECK(r.w.call(r.w->tenancy.app_passwords(r.other, "ken@other.example"))->size() == 1);
}

TEST_CASE("bodies that aren't what the operation takes are refused before anything is done") {
  Rig r;
  const std::size_t before = r.operations(r.acme) + r.operations(r.other);
  for (Asked asked : all_operations(r)) {
    if (asked.body.empty()) continue;
    CAPTURE(asked.path);
    for (const char* const body : {"{", "[]", "null", "7", R"({"nonsense":1})", "\xff",
                                   R"({"name":7,"address":7,"status":7})"}) {
      CAPTURE(body);
      asked.body = body;
      CHECK(r.status(asked) == 400);
    }
    asked.body.clear();  // and no Content-Type
    CHECK(r.status(asked) == 400);
  }
  for (const Asked& asked : std::vector<Asked>{
           {Method::post, "/tenants", R"({"name":"No Handle!"})"},
           {Method::post, "/tenants/acme/domains", R"({"name":"not a domain"})"},
           {Method::post, "/accounts",
            R"({"address":"nobody","password":"correct horse battery"})"},
           {Method::patch, "/tenants/other", R"({"status":"nonsense"})"},
           {Method::patch, "/accounts/ken@other.example", R"({"status":"nonsense"})"}}) {
    CAPTURE(asked.path);
    const int status = r.status(asked);
    CHECK(status >= 400);
    CHECK(status < 500);
  }
  CHECK(r.operations(r.acme) + r.operations(r.other) == before);
}

TEST_CASE("operations that succeed are on record under the operator") {
  Rig r;
  const std::size_t before = r.operations(r.other);
  CHECK(r.status({Method::post, "/queue/" + r.queued + "/retry", ""}) == 204);
  CHECK(r.status({Method::delete_, "/accounts/ken@other.example/app-passwords/" + r.kens_key,
                  ""}) == 204);
  CHECK(r.status({Method::delete_, "/api-users/app@other.example", ""}) == 204);
  CHECK(r.status({Method::post, "/queue/" + r.queued + "/cancel", ""}) == 200);
  CHECK(r.operations(r.other) == before + 4);
  const auto acts = r.w.records(r.other, {RecordKind::operation});
  CHECK(acts.back().actor.kind == Actor::Kind::operator_);
  CHECK(r.w.queue(r.other).empty());
}

TEST_CASE("mail goes in by an import and comes out by an export") {
  Rig r;
  const std::string root = "/accounts/ken@other.example";
  const std::string mail =
      "{\"folder\":\"Work\",\"flags\":[\"\\\\Seen\",\"work\"],"
      "\"received\":\"2026-11-23T01:02:03.000Z\",\"octets\":8}\nA: 1\r\n\r\n\n";
  const std::string path = root + "/imports/" + r.job + "/mail";
  const std::string type = "application/vnd.fumi.mail";
  for (const std::string& bad : {mail, mail + "{\"end\":2}\n", mail + "x\n", std::string("{}\n")})
    CHECK(r.status({Method::post, path, bad, type}) == 400);
  const auto added = r.ask({Method::post, path, mail + "{\"end\":1}\n", type});
  CHECK(added.status == 200);
  CHECK(parse_json(added.body)->number("imported") == 1);
  CHECK(parse_json(r.ask({Method::get, root + "/imports/" + r.job, ""}).body)->text("state") ==
        "running");
  const std::string known = root + "/imports/" + r.job + "/known?folder=Old";
  CHECK(parse_json(r.ask({Method::get, known, ""}).body)->text("uids").empty());
  const std::string from =
      "{\"folder\":\"Other\",\"origin\":{\"folder\":\"Old\",\"uid_validity\":5,\"uid\":9},"
      "\"octets\":8}\nA: 2\r\n\r\n\n{\"end\":1}\n";
  CHECK(r.status({Method::post, path, from, type}) == 200);
  CHECK(parse_json(r.ask({Method::get, known, ""}).body)->text("uids") == "9");
  CHECK(parse_json(r.ask({Method::get, known, ""}).body)->number("uid_validity") == 5);
  CHECK(r.status({Method::get, root + "/imports/" + r.job + "/known", ""}) == 400);
  CHECK(r.status({Method::post, root + "/imports/" + r.job + "/finish", ""}) == 200);
  CHECK(r.status({Method::post, path, mail + "{\"end\":1}\n", type}) == 409);
  CHECK(r.ask({Method::get, root + "/imports", ""}).body.contains("\"done\""));

  http::RequestContext context;
  context.request.segments = {"api", "admin", "v1", "accounts", "ken@other.example", "exports"};
  context.request.query.push_back({"folder", "Work"});
  context.request.headers.add("Authorization", "Bearer " + text_of(r.token));
  const http::RouteMatch match = r.router.find(Method::get, context.request.segments);
  REQUIRE(match.route != nullptr);
  context.parameters = match.parameters;
  const http::Reply reply = r.w.call(match.route->handler(context));
  REQUIRE(reply.source != nullptr);
  std::string out;
  for (;;) {
    const auto piece = r.w.call(reply.source->next());
    REQUIRE(piece.has_value());
    if (piece->empty()) break;
    out += *piece;
  }
  CHECK(out == "{\"folder\":\"Work\"}\n" + mail + "{\"end\":1}\n");
}

TEST_CASE("rights: of a shared account, of one mailbox or all, never across tenants") {
  Rig r;
  const auto put = [&](const std::string& address, const std::string& body) {
    return r.status({Method::put, "/accounts/" + address + "/acl", body});
  };
  const auto list = [&](const std::string& query) {
    const http::Response answer =
        r.ask({Method::get, "/accounts/support@acme.example/acl" + query, ""});
    CHECK(answer.status == 200);
    return answer.body;
  };
  CHECK(r.status({Method::post, "/accounts",
                  R"({"address":"support@acme.example","kind":"shared"})"}) == 201);
  CHECK(r.status({Method::post, "/accounts",
                  R"({"address":"x@acme.example","kind":"shared","password":"long enough"})"}) ==
        400);
  CHECK(r.status({Method::post, "/accounts", R"({"address":"x@acme.example"})"}) == 400);
  CHECK(r.ask({Method::get, "/accounts/support@acme.example", ""})
            .body.contains(R"("kind":"shared")"));
  CHECK(list("") == R"({"items":[]})");
  CHECK(put("support@acme.example", R"({"identifier":"hanako@acme.example","rights":"lr"})") ==
        204);
  CHECK(put("support@acme.example",
            R"({"identifier":"anyone","rights":"l","denied":"a","mailbox":"Sent"})") == 204);
  CHECK(list("?mailbox=Sent") ==
        R"({"items":[{"mailbox":"Sent","identifier":"anyone","rights":"l","denied":"a"},)"
        R"({"mailbox":"Sent","identifier":"hanako@acme.example","rights":"lr","denied":""}]})");
  CHECK(list("").contains(R"("mailbox":"INBOX")"));
  CHECK(put("support@acme.example", R"({"identifier":"anyone","mailbox":"Sent"})") == 204);
  CHECK_FALSE(list("").contains("anyone"));
  for (const char* body :
       {R"({"identifier":"ken@other.example","rights":"lr"})", R"({"identifier":"nobody"})",
        R"({"identifier":"hanako@acme.example","rights":"lrq"})",
        R"({"identifier":"support@acme.example","rights":"lr"})"}) {
    CAPTURE(body);
    CHECK(put("support@acme.example", body) == 400);
  }
  CHECK_FALSE(list("").contains("ken"));
}

TEST_CASE("access rules: shown as they were written, and each mistake is named") {
  Rig r;
  const auto made = r.ask({Method::post, "/tenants/other/access-rules", kRule});
  CHECK(made.status == 201);
  const auto json = parse_json(made.body);
  REQUIRE(json.has_value());
  const std::string id(json->text("id"));
  const auto shown = r.ask({Method::get, "/tenants/other/access-rules/" + id, ""});
  CHECK(shown.body == made.body);
  CHECK(shown.body.contains(R"("about":"everyone")"));
  CHECK(shown.body.contains(R"("from":"22:00","to":"06:00")"));
  CHECK(r.ask({Method::get, "/tenants/other/access-rules", ""}).body.contains(id));
  struct Case {
    const char* body;
    const char* named;
  };
  const std::string head = R"({"name":"x","effect":"deny",)";
  for (const Case& c :
       {Case{R"("doors":["window"]})", "doors"},
        Case{R"("networks":["203.0.113.0/33"]})", "networks[0]"},
        Case{R"("about":"ken"})", "about"}, Case{R"("about":"hanako@acme.example"})", "about"},
        Case{R"("about":"@acme.example"})", "about"},
        Case{R"("times":{"zone":"Mars","windows":[{"days":["mon"],"from":"09:00","to":"10:00"}]}})",
             "times.zone"},
        Case{R"("times":{"zone":"UTC","windows":[{"days":["mo"],"from":"09:00","to":"10:00"}]}})",
             "days"},
        Case{R"("times":{"zone":"UTC","windows":[{"days":["mon"],"from":"9:000","to":"10:00"}]}})",
             "from"},
        Case{R"("times":{"zone":"UTC","windows":[]}})", "windows"}}) {
    CAPTURE(c.body);
    const auto refused = r.ask({Method::post, "/tenants/other/access-rules", head + c.body});
    CHECK(refused.status >= 400);
    CHECK(refused.status < 500);
    CHECK_MESSAGE(refused.body.contains(c.named), refused.body);
  }
  const std::string trial = "/tenants/other/access-trial?address=ken@other.example&door=imap";
  CHECK(r.ask({Method::get, trial + "&from=203.0.113.9&at=2026-11-23T14:00:00Z", ""})
            .body.contains(R"("effect":"deny")"));
  CHECK(r.ask({Method::get, trial + "&from=203.0.113.9&at=2026-11-23T03:00:00Z", ""})
            .body.contains(R"("effect":"allow")"));
  CHECK(r.status({Method::get, trial + "&from=nowhere", ""}) == 400);
}

TEST_CASE("mail sessions: seen, ended, and the end is on record") {
  Rig r;
  CHECK(r.ask({Method::get, "/tenants/other/mail-sessions", ""}).body.contains("192.0.2.9"));
  CHECK_FALSE(r.ask({Method::get, "/tenants/acme/mail-sessions", ""}).body.contains("192.0.2.9"));
  CHECK(r.status({Method::delete_, "/tenants/other/mail-sessions/1", ""}) == 204);
  CHECK(r.session.why() == service::SessionEnd::revoked);
  CHECK(r.w.records(r.other, {RecordKind::operation}).back().from == "session.end");
}

}  // namespace
}  // namespace fumi::api::admin
