// Identity, EmailSubmission, VacationResponse, Quota, Blob, push; and isolation of all methods.
#include <doctest/doctest.h>

#include "api/jmap/testing/jmap_world.h"
#include "api/jmap/websocket.h"
#include "proto/jmap/request.h"

namespace fumi::jmap::testing {
namespace {

std::string text(const Json* value) { return value ? codec::write_json(*value) : "missing"; }

struct Sender : JmapWorld {
  AccountId jiro = account(acme, "jiro@acme.example");
  std::string drafts = mailbox("drafts");
  std::string sent = mailbox("sent");
  std::string identity =
      std::string(one("Identity/get", "{}").find("list")->array()->at(0).text("id"));

  std::string draft(const std::string& rest) {
    const Json made = one("Email/set", R"({"create":{"k":{"mailboxIds":{")" + drafts +
                                           R"(":true},"keywords":{"$draft":true},)" + rest + "}}}");
    REQUIRE(text(made.find("notCreated")) == "null");
    return std::string(made.find("created")->find("k")->text("id"));
  }
  Json submit(const std::string& email, const std::string& rest = "",
              const std::string& beside = "") {
    return call({{"EmailSubmission/set",
                  R"({"accountId":")" + account_id() + R"(","create":{"s":{"identityId":")" +
                      identity + R"(","emailId":")" + email + "\"" + rest + "}}" + beside + "}"}});
  }
  std::string refused(const std::string& email, const std::string& rest = "") {
    const Json answer = arguments_of(submit(email, rest), 0);
    const Json* error = answer.find("notCreated");
    if (error == nullptr || error->is_null()) return "created";
    return std::string(error->find("s")->text("type"));
  }
};

const std::string kMail =
    R"("to":[{"email":"jiro@acme.example"}],"bcc":[{"email":"hanako@acme.example"}],
       "subject":"送ります","textBody":[{"partId":"t"}],"bodyValues":{"t":{"value":"本文"}})";

// RFC 4865 by RFC 8621 §7: mailFrom with parameters.
std::string held(const std::string& parameters) {
  return R"(,"envelope":{"mailFrom":{"email":"hanako@acme.example","parameters":{)" + parameters +
         R"(}},"rcptTo":[{"email":"jiro@acme.example"}]})";
}

TEST_CASE("a held submission is called back until it goes, and never after") {
  Sender w;
  w->start();
  const std::string id = w.draft(kMail);
  const auto send = [&](const std::string& parameters) {
    const Json answer = w.arguments_of(w.submit(id, held(parameters)), 0);
    REQUIRE(text(answer.find("notCreated")) == "null");
    return *answer.find("created")->find("s");
  };
  const auto status = [&](const std::string& submission) {
    return w.one("EmailSubmission/get", R"({"ids":[")" + submission + R"("]})")
        .find("list")
        ->array()
        ->at(0);
  };
  const auto undo = [&](const std::string& submission) {
    const Json answer = w.one("EmailSubmission/set",
                              R"({"update":{")" + submission + R"(":{"undoStatus":"canceled"}}})");
    const Json* refused = answer.find("notUpdated");
    return refused->is_null() ? "done" : std::string(refused->find(submission)->text("type"));
  };
  const Json first = send(R"("HOLDFOR":"3600")");
  const std::string back(first.text("id"));
  CHECK(first.text("undoStatus") == "pending");
  CHECK(first.text("sendAt") == utc_date(to_micros(w.world.clock().now()) + 3'600'000'000));
  CHECK(w.messages(w.acme, w.jiro).empty());
  CHECK(w.queue(w.acme).size() == 1);
  CHECK(status(back).text("undoStatus") == "pending");
  CHECK(status(back).find("deliveryStatus")->find("jiro@acme.example")->text("delivered") ==
        "queued");
  CHECK(
      text(w.one("EmailSubmission/query", R"({"filter":{"undoStatus":"pending"}})").find("ids")) ==
      "[\"" + back + "\"]");
  CHECK(undo(back) == "done");
  CHECK(undo(back) == "done");  // once is enough
  CHECK(w.queue(w.acme).empty());
  CHECK(status(back).text("undoStatus") == "canceled");
  CHECK(status(back).find("deliveryStatus")->find("jiro@acme.example")->text("delivered") == "no");
  const auto records = w.records(w.acme, {RecordKind::cancelled});
  REQUIRE(records.size() == 1);
  CHECK(records[0].answer == "called back by its sender");

  const std::string until = utc_date(to_micros(w.world.clock().now()) + 7'200'000'000);
  const std::string goes(send(R"("HOLDUNTIL":")" + until + "\"").text("id"));
  CHECK(status(goes).text("sendAt") == until);
  w->runtime.advance(std::chrono::hours(3));
  CHECK(w.messages(w.acme, w.jiro).size() == 1);
  CHECK(status(goes).text("undoStatus") == "final");
  CHECK(status(goes).find("deliveryStatus")->find("jiro@acme.example")->text("delivered") == "yes");
  CHECK(undo(goes) == "cannotUnsend");
  CHECK(w.messages(w.acme, w.jiro).size() == 1);
}

TEST_CASE("what can't be held is refused, and a time that has passed is now") {
  Sender w;
  const std::string id = w.draft(kMail);
  for (const char* bad : {R"("HOLDFOR":"x")", R"("HOLDFOR":"-1")", R"("HOLDFOR":"9999999999")",
                          R"("HOLDFOR":60)", R"("HOLDUNTIL":"tomorrow")", R"("HOLDUNTIL":null)",
                          R"("HOLDFOR":"60","HOLDUNTIL":"2030-01-01T00:00:00Z")",
                          R"("HOLDFOR":"99999999")", R"("RET":"HDRS")"}) {
    CAPTURE(bad);
    CHECK(w.refused(id, held(bad)) == "invalidProperties");
  }
  CHECK(w.queue(w.acme).empty());
  CHECK(w.refused(id, held(R"("HOLDUNTIL":"2001-01-01T00:00:00Z")")) == "created");
  CHECK(w.messages(w.acme, w.jiro).size() == 1);
}

TEST_CASE("a submission is delivered, without Bcc, and moves its draft to Sent") {
  Sender w;
  const std::string id = w.draft(kMail);
  const Json answer =
      w.submit(id, "",
               R"(,"onSuccessUpdateEmail":{"#s":{"mailboxIds/)" + w.drafts +
                   R"(":null,"mailboxIds/)" + w.sent + R"(":true,"keywords/$draft":null}})");
  const Json first = w.arguments_of(answer, 0);
  REQUIRE(text(first.find("notCreated")) == "null");
  const std::string submission(first.find("created")->find("s")->text("id"));
  REQUIRE(answer.find("methodResponses")->array()->size() == 2);
  CHECK(w.name_of(answer, 1) == "Email/set");
  CHECK(w.arguments_of(answer, 1).find("updated")->find(id) != nullptr);
  const auto got = w.messages(w.acme, w.jiro);
  REQUIRE(got.size() == 1);
  CHECK(got[0].contains("Received: from client"));
  CHECK_FALSE(got[0].contains("Bcc"));
  CHECK(w.messages(w.acme, w.hanako).size() == 1);  // the Bcc
  const Json email =
      w.one("Email/get", R"({"ids":[")" + id + R"("],"properties":["mailboxIds","keywords"]})");
  CHECK(text(email.find("list")->array()->at(0).find("mailboxIds")) == "{\"" + w.sent + "\":true}");
  const Json kept = w.one("EmailSubmission/get", R"({"ids":[")" + submission + R"(","zz"]})");
  CHECK(kept.find("list")->array()->at(0).text("undoStatus") == "final");
  CHECK(kept.find("list")->array()->at(0).text("emailId") == id);
  CHECK(text(kept.find("notFound")) == R"(["zz"])");
  const Json query = w.one("EmailSubmission/query", R"({"filter":{"emailIds":[")" + id + R"("]}})");
  CHECK(text(query.find("ids")) == "[\"" + submission + "\"]");
  CHECK(text(w.one("EmailSubmission/query", R"({"filter":{"emailIds":["x"]}})").find("ids")) ==
        "[]");
  const Json undo = w.one("EmailSubmission/set",
                          R"({"update":{")" + submission + R"(":{"undoStatus":"canceled"}}})");
  CHECK(undo.find("notUpdated")->find(submission)->text("type") == "cannotUnsend");
  const auto records = w.records(w.acme, {RecordKind::accepted});
  REQUIRE(records.size() == 1);
  CHECK(records[0].protocol == "submission");
  CHECK(records[0].client_ip == "192.0.2.7");
}

TEST_CASE("submissions that may not be, and why") {
  Sender w;
  const std::string id = w.draft(kMail);
  const std::string foreign =
      w.draft(R"("from":[{"email":"jiro@acme.example"}],"to":[{"email":"jiro@acme.example"}])");
  const std::string lonely = w.draft(R"("subject":"nobody")");
  CHECK(w.refused("zz") == "invalidProperties");
  CHECK(w.refused(id, R"(,"sendAt":"2030-01-01T00:00:00Z")") == "invalidProperties");
  CHECK(w.refused(lonely) == "noRecipients");
  CHECK(w.refused(foreign) == "forbiddenFrom");
  const auto envelope = [](const std::string& from, const std::string& to) {
    return R"(,"envelope":{"mailFrom":{"email":")" + from + R"("},"rcptTo":[{"email":")" + to +
           R"("}]})";
  };
  CHECK(w.refused(id, envelope("jiro@acme.example", "jiro@acme.example")) == "forbiddenMailFrom");
  CHECK(w.refused(id, envelope("hanako@acme.example", "nobody@acme.example")) ==
        "invalidRecipients");
  CHECK(w.refused(id, envelope("hanako@acme.example", "no address")) == "invalidProperties");
  CHECK(w.refused(id, R"(,"envelope":{})") == "invalidProperties");
  CHECK(w.messages(w.acme, w.jiro).empty());
  CHECK(w.refused(id, envelope("hanako@acme.example", "taro@rival.example")) == "created");
  CHECK(w.messages(w.rival_tenant, w.rival).size() == 1);
}

TEST_CASE("identities: own addresses only; vacation response; quota") {
  Sender w;
  const Json made = w.one("Identity/set", R"({"create":{
      "a":{"name":"花子","email":"hanako+work@acme.example","textSignature":"--\n花子"},
      "b":{"name":"x","email":"jiro@acme.example"},"c":{"email":"nothing"},
      "d":{"email":"hanako@acme.example","color":1},
      "e":{"email":"hanako@acme.example","replyTo":[{"email":"x"}]}},
      "update":{")" + w.identity + R"(":{"name":"新"},"zz":{"name":"x"}},"destroy":["zz"]})");
  CHECK(made.find("created")->object()->size() == 1);
  CHECK(made.find("notCreated")->find("b")->text("type") == "forbiddenFrom");
  for (const char* key : {"c", "d", "e"})
    CHECK(made.find("notCreated")->find(key)->text("type") == "invalidProperties");
  CHECK(made.find("updated")->find(w.identity) != nullptr);
  CHECK(made.find("notUpdated")->find("zz")->text("type") == "notFound");
  CHECK(made.find("notDestroyed")->find("zz")->text("type") == "notFound");
  CHECK(w.one("Identity/get", "{}").find("list")->array()->size() == 2);
  const Json fixed = w.one(
      "Identity/set", R"({"update":{")" + w.identity + R"(":{"email":"other@acme.example"}}})");
  CHECK(fixed.find("notUpdated")->find(w.identity)->text("type") == "invalidProperties");

  CHECK(w.one("VacationResponse/get", "{}").find("list")->array()->at(0).text("id") == "singleton");
  const Json away = w.one("VacationResponse/set", R"({"update":{"singleton":{"isEnabled":true,
      "textBody":"休みます","toDate":"2027-01-05T00:00:00Z"}},"create":{"x":{}}})");
  CHECK(away.find("updated")->find("singleton") != nullptr);
  CHECK(away.find("notCreated")->find("x")->text("type") == "singleton");
  CHECK(w.one("VacationResponse/get", "{}").find("list")->array()->at(0).text("textBody") ==
        "休みます");
  const Json bad =
      w.one("VacationResponse/set", R"({"update":{"singleton":{"isEnabled":1},"x":{}}})");
  CHECK(bad.find("notUpdated")->find("singleton")->text("type") == "invalidProperties");
  CHECK(bad.find("notUpdated")->find("x")->text("type") == "notFound");

  CHECK(w.one("Quota/get", "{}").find("list")->array()->empty());  // no limit: no quota
}

TEST_CASE("blobs made, read and looked up by method (RFC 9404)") {
  JmapWorld w;
  const Json answer =
      w.call({{"Blob/upload", R"({"accountId":")" + w.account_id() + R"(","create":{
          "a":{"data":[{"data:asText":"日本"},{"data:asBase64":"IQ=="}],"type":"text/plain"},
          "b":{"data":[{"blobId":"#a","offset":3,"length":3}]},
          "c":{"data":[{"blobId":"#a","offset":3,"length":9}]},
          "d":{"data":[{"data:asBase64":"?"}]},"e":{"data":[{}]},"f":{}}})"},
              {"Blob/get", R"({"accountId":")" + w.account_id() +
                               R"(","ids":["#a","#b","zz"],"properties":["data","size",
                        "digest:sha-256"]})"}});
  const Json made = w.arguments_of(answer, 0);
  CHECK(made.find("created")->object()->size() == 2);
  CHECK(made.find("notCreated")->object()->size() == 4);
  const Json got = w.arguments_of(answer, 1);
  CHECK(got.find("list")->array()->at(0).text("data:asText") == "日本!");
  CHECK(got.find("list")->array()->at(0).number("size") == 7);
  CHECK(got.find("list")->array()->at(1).text("data:asText") == "本");
  CHECK(text(got.find("notFound")) == R"(["zz"])");
  CHECK(w.error("Blob/get", R"({"ids":["x"],"properties":["digest:md4"]})") == "invalidArguments");
  CHECK(w.error("Blob/get", R"({"ids":["x"],"offset":-1})") == "invalidArguments");
  const std::string email = w.append("Subject: s\r\n\r\nx");
  const Json found =
      w.one("Blob/lookup", R"({"ids":["M)" + email + R"(","zz"],"typeNames":["Email","Mailbox"]})");
  CHECK(text(found.find("list")->array()->at(0).find("matchedIds")) ==
        R"({"Email":[")" + email + R"("],"Mailbox":[")" + w.mailbox("inbox") + R"("]})");
  CHECK(w.error("Blob/lookup", R"({"ids":[],"typeNames":["Sieve"]})") == "unknownDataType");
  CHECK(w.error("Blob/copy", R"({"fromAccountId":"other","blobIds":["x"]})") ==
        "fromAccountNotFound");
}

TEST_CASE("EventSource: greeting, a change, an end; limits and bad parameters") {
  JmapWorld w;
  http::RequestContext context;
  context.request.query = {{"types", "Email,Mailbox"}, {"closeafter", "state"}, {"ping", "1"}};
  const auto options = push_options(context.request);
  REQUIRE(options);
  CHECK(options->ping == std::chrono::seconds(5));
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"closeafter", "never"}, {"ping", "x"}, {"ping", "-1"}}) {
    context.request.query = {{name, value}};
    CHECK_FALSE(push_options(context.request));
  }
  PushHub hub(w.host);
  auto source = event_source(w.host, w.caller(), hub.open(w.hanako, {}), *options);
  const auto next = [&] {
    auto piece = w.ServiceWorld::call(source->next());
    REQUIRE(piece);
    return *piece;
  };
  CHECK(next() == ": Fumi\n\n");
  w.append("Subject: one\r\n\r\nx");
  const std::string event = next();
  CHECK(event.starts_with("event: state\ndata: {\"@type\":\"StateChange\""));
  CHECK(event.contains(w.account_id()));
  CHECK(event.contains("\"Email\":"));
  CHECK_FALSE(event.contains("\"Thread\":"));
  CHECK(next().empty());

  std::vector<std::unique_ptr<PushHub::Connection>> open;
  source.reset();
  for (std::uint32_t i = 0; i < w.host.options.push_per_account_max; ++i)
    open.push_back(hub.open(w.hanako, {}));
  CHECK(hub.open(w.hanako, {}) == nullptr);
  CHECK(hub.open(w.rival, {}) != nullptr);
  open.pop_back();
  CHECK(hub.open(w.hanako, {}) != nullptr);
  source = event_source(w.host, w.caller(), hub.open(w.hanako, {}), *options);
  CHECK(next() == ": Fumi\n\n");
  hub.close();
  CHECK(next().empty());
  CHECK(hub.open(w.rival, {}) == nullptr);
}

TEST_CASE("the WebSocket handshake (RFC 6455 §4.2, RFC 8887 §4.1)") {
  const std::vector<std::pair<const char*, const char*>> good{
      {"Host", "mail.example"},           {"Upgrade", "websocket"},
      {"Connection", "Upgrade"},          {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Protocol", "jmap"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  const auto with = [&](const char* name, const char* value) {
    http::Request request;
    for (const auto& [known, text] : good)
      request.headers.set(known, text);
    request.headers.set(name, value);
    const auto refused = refuse_websocket(request, {});
    return refused ? refused->status : 101;
  };
  CHECK(with("X", "y") == 101);
  CHECK(with("Origin", "http://mail.example") == 101);
  CHECK(with("Origin", "https://evil.example") == 403);
  CHECK(with("Origin", "null") == 403);
  CHECK(with("Upgrade", "h2c") == 426);
  CHECK(with("Sec-WebSocket-Version", "8") == 426);
  CHECK(with("Sec-WebSocket-Protocol", "chat") == 400);
  CHECK(with("Sec-WebSocket-Key", "short") == 400);
  http::Request request;
  request.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  const http::Response answer = accept_websocket(request);
  CHECK(answer.status == 101);
  CHECK(answer.headers.value("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

// Every method that takes ids, asked with those of another tenant's account.
TEST_CASE("ids of another tenant are not found, whatever method asks") {
  Sender w;
  const std::string email =
      w.append("Message-ID: <iso@acme.example>\r\nSubject: secret\r\n\r\nsecret", "INBOX");
  const Json got = w.one("Email/get", R"({"ids":[")" + email + R"("],"properties":["threadId"]})");
  const std::string thread(got.find("list")->array()->at(0).text("threadId"));
  const std::string inbox = w.mailbox("inbox");
  const http::Response up =
      w.http("POST", "/jmap/upload/" + w.account_id(), "secret", JmapWorld::login());
  const std::string blob(codec::parse_json(up.body)->text("blobId"));
  const Json sent = w.arguments_of(w.submit(w.draft(kMail)), 0);
  const std::string submission(sent.find("created")->find("s")->text("id"));
  const std::string mine = R"({"accountId":")" + w.rival.text() + "\",";
  const struct {
    const char* method;
    std::string arguments;
    const char* where;  // the member that must name the id
  } rows[] = {
      {"Mailbox/get", R"("ids":[")" + inbox + R"("]})", "notFound"},
      {"Mailbox/set", R"("update":{")" + inbox + R"(":{"name":"x"}}})", "notUpdated"},
      {"Mailbox/set", R"("destroy":[")" + inbox + R"("]})", "notDestroyed"},
      {"Mailbox/set", R"("create":{"k":{"name":"x","parentId":")" + inbox + R"("}}})",
       "notCreated"},
      {"Thread/get", R"("ids":[")" + thread + R"("]})", "notFound"},
      {"Email/get", R"("ids":[")" + email + R"("]})", "notFound"},
      {"Email/set", R"("update":{")" + email + R"(":{"keywords":{}}}})", "notUpdated"},
      {"Email/set", R"("destroy":[")" + email + R"("]})", "notDestroyed"},
      {"Email/set", R"("create":{"k":{"mailboxIds":{")" + inbox + R"(":true}}}})", "notCreated"},
      {"Email/import",
       R"("emails":{"k":{"blobId":")" + blob + R"(","mailboxIds":{")" + inbox + R"(":true}}}})",
       "notCreated"},
      {"Email/parse", R"("blobIds":["M)" + email + R"("]})", "notFound"},
      {"Email/parse", R"("blobIds":[")" + blob + R"("]})", "notFound"},
      {"SearchSnippet/get", R"("emailIds":[")" + email + R"("]})", "notFound"},
      {"Identity/get", R"("ids":[")" + w.identity + R"("]})", "notFound"},
      {"Identity/set", R"("destroy":[")" + w.identity + R"("]})", "notDestroyed"},
      {"Identity/set", R"("update":{")" + w.identity + R"(":{"name":"x"}}})", "notUpdated"},
      {"EmailSubmission/get", R"("ids":[")" + submission + R"("]})", "notFound"},
      {"EmailSubmission/set", R"("destroy":[")" + submission + R"("]})", "notDestroyed"},
      {"EmailSubmission/set",
       R"("create":{"k":{"emailId":")" + email + R"(","identityId":")" + w.identity + R"("}}})",
       "notCreated"},
      {"Blob/get", R"("ids":["M)" + email + R"("]})", "notFound"},
      {"Blob/lookup", R"("ids":[")" + blob + R"("],"typeNames":["Email"]})", "notFound"},
      {"Blob/upload", R"("create":{"k":{"data":[{"blobId":")" + blob + R"("}]}}})", "notCreated"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.arguments);
    const Json answer = w.rivals(row.method, mine + row.arguments);
    const Json* refused = answer.find(row.where);
    REQUIRE(refused != nullptr);
    CHECK_FALSE(refused->is_null());
    CHECK(text(refused) != "[]");
    CHECK_FALSE(text(&answer).contains("secret"));
    // And with the owner's account it is no account at all.
    const Json foreign =
        w.rivals(row.method, R"({"accountId":")" + w.account_id() + "\"," + row.arguments);
    CHECK(foreign.text("type") == "accountNotFound");
  }
  const Json query =
      w.rivals("Email/query", mine + R"("filter":{"inMailbox":")" + inbox + R"("}})");
  CHECK(text(query.find("ids")) == "[]");
  CHECK(w.one("Email/get", R"({"ids":[")" + email + R"("]})").find("list")->array()->size() == 1);
}

}  // namespace
}  // namespace fumi::jmap::testing
