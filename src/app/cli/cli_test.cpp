#include "app/cli/client.h"
#include "app/cli/commands.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

using namespace fumi;
using namespace fumi::app;

namespace {

// Runs a command line against scripted answers.
struct Rig {
  std::string out, error;
  std::vector<std::string> calls;  // "GET /path body"
  std::vector<HttpAnswer> answers;
  ClientContext context;

  Rig() {
    context.token = Secret("fumi_op_test");
    context.out = [this](std::string_view text) { out += text; };
    context.error = [this](std::string_view text) { error += text; };
    context.send = [this](const HttpCall& call) -> Result<HttpAnswer> {
      calls.push_back(call.method + " " + call.path + (call.body.empty() ? "" : " " + call.body));
      if (answers.empty()) return fail(Code::unavailable, "calling", "no server");
      HttpAnswer answer = answers.front();
      answers.erase(answers.begin());
      if (call.sink && answer.status == 200) {
        const Status sunk = call.sink(answer.body);
        if (!sunk) return std::unexpected(sunk.error());
      }
      return answer;
    };
  }
  int run(const std::string& line) {
    CLI::App app;
    app.require_subcommand(1);
    add_client_commands(app, context);
    try {
      app.parse(line, false);
    } catch (const CLI::ParseError&) {
      return 2;
    }
    return context.status;
  }
};

struct TemporaryFile {
  explicit TemporaryFile(const std::string& content) {
    char name[] = "/tmp/fumi-cli-XXXXXX";
    const int fd = ::mkstemp(name);
    path = name;
    std::FILE* file = ::fdopen(fd, "wb");
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string path;
};

}  // namespace

TEST_CASE("commands make the calls of the API") {
  const TemporaryFile password("secret pass\n");
  struct Case {
    std::string line;
    HttpAnswer answer;
    std::string call;
    std::string out;
  };
  const std::vector<Case> cases{
      {"tenant create acme",
       {201, R"({"name":"acme"})"},
       R"(POST /api/admin/v1/tenants {"name":"acme"})",
       "acme: created\n"},
      {"tenant create acme --json",
       {201, R"({"name":"acme"})"},
       R"(POST /api/admin/v1/tenants {"name":"acme"})",
       "{\"name\":\"acme\"}\n"},
      {"tenant suspend acme",
       {200, "{}"},
       R"(PATCH /api/admin/v1/tenants/acme {"status":"suspended"})",
       "acme: changed\n"},
      {"domain create acme.example --tenant acme",
       {201, "{}"},
       R"(POST /api/admin/v1/tenants/acme/domains {"name":"acme.example"})",
       "acme.example: created\n"},
      {"domain create new.example --tenant acme --prove",
       {201, R"({"challenge":"fumi-verification=ab"})"},
       R"(POST /api/admin/v1/tenants/acme/domains {"name":"new.example","verification":"dns"})",
       "new.example: created\n"},
      {"domain verify new.example",
       {200, R"({"state":"verified"})"},
       R"(POST /api/admin/v1/domains/new.example/verification {"method":"dns"})",
       "new.example: verified\n"},
      {"domain verify new.example --override word",
       {200, R"({"state":"verified"})"},
       "POST /api/admin/v1/domains/new.example/verification "
       R"({"method":"operator","note":"word"})",
       "new.example: verified\n"},
      {"tenant limit acme accounts_max=5 storage_octets_max=1KiB person_pace.per_minute=7 "
       "person_pace.burst=9 --json",
       {200, "{}"},
       R"(PATCH /api/admin/v1/tenants/acme/limits {"accounts_max":5,"storage_octets_max":1024,)"
       R"("person_pace":{"per_minute":7,"burst":9}})",
       "{}\n"},
      {"tenant pace acme --account h@acme.example",
       {200, R"({"address":"h@acme.example","waiting":1,"ten_minutes":2,"day":3})"},
       "GET /api/admin/v1/accounts/h%40acme.example/pace",
       "ADDRESS         WAITING  10 MINUTES  24 HOURS  LIFTED UNTIL\n"
       "h@acme.example  1        2           3         \n"},
      {"domain delete acme.example",
       {204, ""},
       "DELETE /api/admin/v1/domains/acme.example",
       "acme.example: deleted\n"},
      {"account create h@acme.example --quota 1GiB --password-file " + password.path,
       {201, "{}"},
       R"(POST /api/admin/v1/accounts {"address":"h@acme.example","password":"secret pass",)"
       R"("quota_octets":1073741824})",
       "h@acme.example: created\n"},
      {"account disable h@acme.example",
       {200, "{}"},
       R"(PATCH /api/admin/v1/accounts/h%40acme.example {"status":"disabled"})",
       "h@acme.example: changed\n"},
      {"alias remove h@acme.example i@acme.example",
       {204, ""},
       "DELETE /api/admin/v1/accounts/h%40acme.example/aliases/i%40acme.example",
       "i@acme.example: deleted\n"},
      {"apiuser create app@acme.example --tenant acme",
       {201, R"({"key":"fumi_api_k"})"},
       R"(POST /api/admin/v1/tenants/acme/api-users {"name":"app@acme.example"})",
       "fumi_api_k\n"},
      {"queue retry 4fz",
       {204, ""},
       "POST /api/admin/v1/queue/4fz/retry",
       "4fz: will be tried again now\n"},
      {"search status --account h@acme.example",
       {200, R"({"mails":12,"indexed":10,"octets":2048,"files_waiting":3,"files_unread":1})"},
       "GET /api/admin/v1/accounts/h%40acme.example/search-index",
       "ADDRESS         MAILS  INDEXED  SIZE     FILES WAITING  UNREADABLE\n"
       "h@acme.example  12     10       2.0 KiB  3              1\n"},
      {"account create support@acme.example --shared",
       {201, R"({"address":"support@acme.example"})"},
       R"(POST /api/admin/v1/accounts {"address":"support@acme.example","kind":"shared"})",
       "support@acme.example: created\n"},
      {"acl set s@acme.example t@acme.example lrs",
       {204, ""},
       "PUT /api/admin/v1/accounts/s%40acme.example/acl "
       R"({"identifier":"t@acme.example","rights":"lrs"})",
       "t@acme.example: changed\n"},
      {"acl set s@acme.example anyone l --mailbox Work --deny a",
       {204, ""},
       "PUT /api/admin/v1/accounts/s%40acme.example/acl "
       R"({"identifier":"anyone","rights":"l","mailbox":"Work","denied":"a"})",
       "anyone: changed\n"},
      {"acl remove s@acme.example t@acme.example",
       {204, ""},
       "PUT /api/admin/v1/accounts/s%40acme.example/acl "
       R"({"identifier":"t@acme.example","rights":""})",
       "t@acme.example: changed\n"},
      {"access deny Nights --tenant acme --door imap --from 203.0.113.0/24 --hours 'fri,sat "
       "22:00-06:00' --holidays never",
       {201, R"({"id":"abc"})"},
       "POST /api/admin/v1/tenants/acme/access-rules "
       R"({"name":"Nights","effect":"deny","doors":["imap"],"networks":["203.0.113.0/24"],)"
       R"("times":{"zone":"Asia/Tokyo","windows":[{"days":["fri","sat"],"from":"22:00",)"
       R"("to":"06:00"}],"holidays":"never"}})",
       "abc: created\n"},
      {"access remove abc --tenant acme",
       {204, ""},
       "DELETE /api/admin/v1/tenants/acme/access-rules/abc",
       "abc: deleted\n"},
      {"access test h@acme.example imap --tenant acme --from 192.0.2.1",
       {200, R"({"effect":"deny","rule_name":"Nights","until":"2026-11-23T21:00:00.000Z"})"},
       "GET "
       "/api/admin/v1/tenants/acme/access-trial?address=h%40acme.example&door=imap&from=192.0.2.1",
       "EFFECT  NAME    UNTIL\ndeny    Nights  2026-11-23T21:00:00.000Z\n"},
      {"access end 7 --tenant acme",
       {204, ""},
       "DELETE /api/admin/v1/tenants/acme/mail-sessions/7",
       "7: deleted\n"},
      {"acl list s@acme.example --mailbox Work",
       {200, R"({"items":[{"mailbox":"Work","identifier":"anyone","rights":"lr","denied":"a"}]})"},
       "GET /api/admin/v1/accounts/s%40acme.example/acl?mailbox=Work",
       "MAILBOX  WHO     RIGHTS  DENIED\nWork     anyone  lr      a\n"},
      {"search rebuild --account h@acme.example",
       {204, ""},
       "POST /api/admin/v1/accounts/h%40acme.example/search-index/rebuild",
       "h@acme.example: search index is being made anew\n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    Rig rig;
    rig.answers = {each.answer};
    CHECK(rig.run(each.line) == 0);
    REQUIRE(rig.calls.size() == 1);
    CHECK(rig.calls[0] == each.call);
    CHECK(rig.out == each.out);
  }
}

TEST_CASE("lists follow their pages and stand in columns") {
  Rig rig;
  rig.answers = {
      {200,
       R"({"items":[{"address":"a@x.jp","name":"山田 花子","status":"active","used_octets":10,)"
       R"("quota_octets":0}],"next":"k1"})"},
      {200, R"({"items":[{"address":"long@x.jp","name":"B","status":"active",)"
            R"("used_octets":2097152,"quota_octets":1073741824}]})"}};
  CHECK(rig.run("account list --tenant acme") == 0);
  REQUIRE(rig.calls.size() == 2);
  CHECK(rig.calls[1] == "GET /api/admin/v1/tenants/acme/accounts?limit=1000&after=k1");
  CHECK(rig.out ==
        "ADDRESS    NAME       STATUS  USED     QUOTA\n"
        "a@x.jp     山田 花子  active  10 B     -\n"
        "long@x.jp  B          active  2.0 MiB  1.0 GiB\n");
}

TEST_CASE("search status of a tenant is that of all its accounts") {
  Rig rig;
  rig.answers = {{200, R"({"items":[{"address":"a@x.example"}],"next":"2"})"},
                 {200, R"({"items":[{"address":"b@x.example"}]})"},
                 {200, R"({"mails":1,"indexed":1,"octets":0})"},
                 {200, R"({"mails":2,"indexed":0,"octets":0})"}};
  CHECK(rig.run("search status --tenant x --json") == 0);
  CHECK(rig.calls.size() == 4);
  CHECK(rig.out.contains("\"mails\":1"));
  CHECK(rig.out.contains("\"mails\":2"));
  CHECK_FALSE(rig.out.contains("items"));
}

TEST_CASE("refusals: exit status and words") {
  Rig refused;
  refused.answers = {{409, R"({"title":"It exists already","detail":"acme\u001b[31m exists"})"}};
  CHECK(refused.run("tenant create acme") == 1);
  CHECK(refused.error == "fumi: It exists already: acme [31m exists\n");
  Rig away;
  CHECK(away.run("tenant list") == 1);
  CHECK(away.error.find("can't be reached") != std::string::npos);
  Rig garbage;
  garbage.answers = {{200, "<html>"}};
  CHECK(garbage.run("tenant list") == 1);
  Rig anonymous;
  anonymous.context.token = Secret();
  CHECK(anonymous.run("tenant list") == 2);
  CHECK(anonymous.calls.empty());
  Rig quota;
  const TemporaryFile password("secret pass");
  CHECK(quota.run("account create a@b.jp --quota lots --password-file " + password.path) == 2);
  Rig no_password;
  CHECK(no_password.run("account create a@b.jp --password-file /nonexistent") == 2);
  Rig usage;
  CHECK(usage.run("tenant create") == 2);
  Rig time;
  CHECK(time.run("log --since yesterday") == 2);
  Rig japanese;
  japanese.context.language = Language::japanese;
  CHECK(japanese.run("tenant list") == 1);
  CHECK(japanese.error.find("サーバーに接続できません") != std::string::npos);
}

TEST_CASE("domains that are not as they should be, and limits that are none") {
  const std::string finding =
      R"({"good":false,"records":[{"record":{"type":"MX","name":"a.example","need":"required",)"
      R"("value":"10 mx"},"state":"missing","text":"add it","text_ja":"追加"}]})";
  Rig check;
  check.answers = {{200, finding}, {200, finding}};
  CHECK(check.run("domain check a.example") == 1);
  CHECK(check.out.contains("missing"));
  CHECK(check.out.contains("add it"));
  CHECK(check.error.contains("a.example: something that is required"));
  check.context.language = Language::japanese;
  CHECK(check.run("domain check a.example") == 1);
  CHECK(check.out.contains("追加"));

  Rig json;
  json.answers = {{200, finding}};
  CHECK(json.run("domain check a.example --json") == 1);
  CHECK(json.error.empty());

  Rig open;
  open.answers = {{200, R"({"state":"failed","challenge":"fumi-verification=ab"})"}};
  CHECK(open.run("domain verify a.example") == 1);
  CHECK(open.error.contains("_fumi-challenge.a.example TXT fumi-verification=ab"));

  for (const char* line : {"tenant limit acme accounts_max", "tenant limit acme =5",
                           "tenant limit acme accounts_max=many", "tenant limit acme"}) {
    CAPTURE(line);
    Rig wrong;
    CHECK(wrong.run(line) == 2);
    CHECK(wrong.calls.empty());
  }
}

TEST_CASE("a token can come from a file") {
  const TemporaryFile token("fumi_op_file\n");
  Rig rig;
  rig.context.token = Secret();
  rig.answers = {{200, R"({"items":[]})"}};
  CHECK(rig.run("tenant list --token-file " + token.path) == 0);
  CHECK(rig.context.token.reveal() == "fumi_op_file");
}

TEST_CASE("the log goes on until nothing new comes") {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  Rig rig;
  rig.answers = {{200, R"({"items":[{"at":"2026-11-23T01:02:03.000Z","status":"delivered",)"
                       R"("from":"a@x.jp","to":"b@y.jp","answer":"250 2.0.0 Ok","host":"mx.y.jp",)"
                       R"("client_ip":"","message":"4fz"}],"next":"r1"})"},
                 {200, R"({"items":[],"next":"r1"})"}};
  CHECK(rig.run("log --message 4fz") == 0);
  REQUIRE(rig.calls.size() == 2);
  CHECK(rig.calls[0] == "GET /api/admin/v1/log?message=4fz&limit=500");
  CHECK(rig.calls[1] == "GET /api/admin/v1/log?message=4fz&limit=500&after=r1");
  CHECK(rig.out ==
        "2026-11-23 10:02:03  delivered     a@x.jp -> b@y.jp  250 2.0.0 Ok  [mx.y.jp]  (4fz)\n");
}

TEST_CASE("times") {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  const Instant now = from_micros(1'795'392'123'000'000);
  CHECK(parse_since("1h", now) == to_rfc3339(now - std::chrono::hours(1)));
  CHECK(parse_since("2026-11-23", now) == "2026-11-22T15:00:00.000Z");
  CHECK(parse_since("2026-11-23T01:02:03Z", now) == "2026-11-23T01:02:03Z");
  CHECK_FALSE(parse_since("soon", now));
}

TEST_CASE("an export gets its name when it is complete") {
  const TemporaryFile target("");
  Rig rig;
  rig.answers = {{200, "{\"format\":\"fumi-audit-1\"}\n"}};
  CHECK(rig.run("audit export --tenant acme --out " + target.path) == 0);
  std::FILE* file = std::fopen(target.path.c_str(), "rb");
  REQUIRE(file != nullptr);
  char content[64] = "";
  CHECK(std::fread(content, 1, sizeof content, file) == 26);
  std::fclose(file);
  Rig fails;
  fails.answers = {{404, R"({"title":"no","detail":"tenant"})"}};
  CHECK(fails.run("audit export --tenant none --out " + target.path + ".new") == 1);
  CHECK(std::fopen((target.path + ".new").c_str(), "rb") == nullptr);
}

TEST_CASE("verify needs no token and tells what is wrong") {
  const TemporaryFile garbage("not an export\n");
  Rig rig;
  rig.context.token = Secret();
  CHECK(rig.run("audit verify " + garbage.path) == 1);
  CHECK(rig.calls.empty());
  CHECK(rig.error.find("NOT INTACT") != std::string::npos);
  Rig missing;
  CHECK(missing.run("audit verify /nonexistent/file") == 1);
}

TEST_CASE("mail import sends a file in batches, and says how it ended") {
  const std::string from = "From a Mon Nov 23 01:02:03 2026\n";
  std::string text;
  for (int i = 0; i < 250; ++i)
    text += from + "Subject: " + std::to_string(i) + "\n\nx\n\n";
  const TemporaryFile mbox(text);
  Rig rig;
  rig.answers = {
      {201, R"({"id":"j1"})"}, {200, "{}"}, {200, "{}"}, {200, R"({"imported":240,"skipped":10})"}};
  CHECK(rig.run("mail import hanako@acme.example --mbox " + mbox.path) == 0);
  REQUIRE(rig.calls.size() == 4);
  const std::string root = "POST /api/admin/v1/accounts/hanako%40acme.example/imports";
  CHECK(rig.calls[0].starts_with(root + R"( {"source":"mbox )"));
  CHECK(rig.calls[1].starts_with(root + R"(/j1/mail {"folder":"INBOX","role":"inbox"})"));
  CHECK(rig.calls[1].ends_with("{\"end\":199}\n"));
  CHECK(rig.calls[2].ends_with("{\"end\":51}\n"));
  CHECK(rig.calls[3] == root + "/j1/finish");
  CHECK(rig.out == "hanako@acme.example: imported (new 240, there already 10)\n");

  Rig full;
  full.answers = {{201, R"({"id":"j1"})"}, {507, R"({"title":"Full","detail":"no room"})"}};
  CHECK(full.run("mail import hanako@acme.example --mbox " + mbox.path) == 1);
  CHECK(full.calls.size() == 2);
  CHECK(full.error.contains("no room"));
  CHECK(full.error.contains("the same command goes on"));
  Rig none;
  CHECK(none.run("mail import hanako@acme.example --mbox /nonexistent/x") == 1);
  CHECK(none.run("mail import hanako@acme.example") == 2);
  CHECK(none.run("mail import hanako@acme.example --mbox a --maildir b") == 2);
}

TEST_CASE("mail export is whole or not there") {
  const std::string stream = "{\"folder\":\"Work\",\"octets\":8}\nA: 1\r\n\r\n\n{\"end\":1}\n";
  TemporaryFile target("");
  std::remove(target.path.c_str());
  const std::string line = "mail export hanako@acme.example --folder Work --mbox " + target.path;
  Rig broken;
  broken.answers = {{200, stream.substr(0, stream.size() - 4)}};
  CHECK(broken.run(line) == 1);
  CHECK(broken.error.contains("broke off"));
  std::FILE* file = std::fopen(target.path.c_str(), "rb");
  CHECK(file == nullptr);
  Rig rig;
  rig.answers = {{200, stream}};
  CHECK(rig.run(line + " --json") == 0);
  CHECK(rig.calls[0] == "GET /api/admin/v1/accounts/hanako%40acme.example/exports?folder=Work");
  CHECK(rig.out.contains("\"mails\":1"));
  file = std::fopen(target.path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::fclose(file);
}
