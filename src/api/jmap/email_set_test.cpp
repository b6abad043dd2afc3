// Email/set, /import, /query, /queryChanges and SearchSnippet/get (RFC 8621 §4.4 to §4.8, §5).
#include <doctest/doctest.h>

#include "api/jmap/testing/jmap_world.h"

namespace fumi::jmap::testing {
namespace {

std::string text(const Json* value) { return value ? codec::write_json(*value) : "missing"; }

struct Drafts : JmapWorld {
  std::string drafts = mailbox("drafts");
  std::string inbox = mailbox("inbox");

  Json create(const std::string& rest) {
    return one("Email/set",
               R"({"create":{"k":{"mailboxIds":{")" + drafts + R"(":true},)" + rest + "}}}");
  }
  std::string refused(const std::string& rest) {
    const Json answer = create(rest);
    const Json* error = answer.find("notCreated");
    if (error->is_null()) return "created";
    return std::string(error->find("k")->text("type"));
  }
  Json get(const std::string& id, const std::string& properties) {
    const Json answer = one("Email/get", R"({"ids":[")" + id + R"("],"properties":)" + properties +
                                             R"(,"fetchAllBodyValues":true})");
    return answer.find("list")->array()->at(0);
  }
  // The ids that a query finds, joined.
  std::string found(const std::string& arguments) {
    return text(one("Email/query", arguments).find("ids"));
  }
};

TEST_CASE("a draft with text, HTML, a picture and a file") {
  Drafts w;
  const http::Response up =
      w.http("POST", "/jmap/upload/" + w.account_id(), "%PDF", JmapWorld::login());
  const std::string blob(codec::parse_json(up.body)->text("blobId"));
  const Json made = w.create(R"("keywords":{"$draft":true,"$seen":true},"subject":"件名",
    "from":[{"name":"花子","email":"hanako@acme.example"}],"to":[{"email":"b@x.example"}],
    "bcc":[{"email":"secret@x.example"}],"inReplyTo":["r1@x"],"references":["r0@x","r1@x"],
    "header:X-Mark:asText":"印","sentAt":"2026-11-23T10:00:00+09:00",
    "textBody":[{"partId":"t","type":"text/plain"}],"htmlBody":[{"partId":"h","type":"text/html"}],
    "bodyValues":{"t":{"value":"本文\n"},"h":{"value":"<p>本文</p>"}},
    "attachments":[{"blobId":")" +
                             blob + R"(","type":"application/pdf","name":"請求書.pdf"},
      {"blobId":")" + blob + R"(","type":"image/png","cid":"c1","disposition":"inline"}])");
  REQUIRE(text(made.find("notCreated")) == "null");
  const std::string id(made.find("created")->find("k")->text("id"));
  const Json email = w.get(id, R"(["subject","from","bcc","inReplyTo","references","keywords",
    "header:X-Mark:asText","sentAt","bodyValues","attachments","hasAttachment","mailboxIds"])");
  CHECK(email.text("subject") == "件名");
  CHECK(text(email.find("bcc")) == R"([{"name":null,"email":"secret@x.example"}])");
  CHECK(text(email.find("references")) == R"(["r0@x","r1@x"])");
  CHECK(text(email.find("keywords")) == R"({"$seen":true,"$draft":true})");
  CHECK(email.text("header:X-Mark:asText") == "印");
  CHECK(email.text("sentAt") == "2026-11-23T10:00:00+09:00");
  CHECK(text(email.find("hasAttachment")) == "true");
  CHECK(text(email.find("bodyValues")).contains("本文"));
  CHECK(text(email.find("attachments")).contains("請求書.pdf"));

  const Json moved = w.one("Email/set", R"({"update":{")" + id + R"(":{"mailboxIds/)" + w.inbox +
                                            R"(":true,"keywords/$draft":null,"keywords/work":true},
                                            "nope":{"keywords":{}}}})");
  CHECK(moved.find("updated")->find(id) != nullptr);
  CHECK(moved.find("notUpdated")->find("nope")->text("type") == "notFound");
  const Json after = w.get(id, R"(["keywords","mailboxIds"])");
  CHECK(text(after.find("keywords")) == R"({"$seen":true,"work":true})");
  CHECK(after.find("mailboxIds")->object()->size() == 2);
  const auto update = [&](const std::string& patch) {
    const Json answer = w.one("Email/set", R"({"update":{")" + id + R"(":)" + patch + "}}");
    return std::string(answer.find("notUpdated")->find(id)->text("type"));
  };
  CHECK(update(R"({"mailboxIds":{}})") == "invalidProperties");
  CHECK(update(R"({"mailboxIds":{"zz":true}})") == "invalidProperties");
  CHECK(update(R"({"subject":"x"})") == "invalidProperties");
  CHECK(update(R"({"keywords/a b":true})") == "invalidProperties");
  CHECK(update(R"({"keywords/a/b":true})") == "invalidPatch");
  const Json gone = w.one("Email/set", R"({"destroy":[")" + id + R"(","zz"]})");
  CHECK(text(gone.find("destroyed")) == "[\"" + id + "\"]");
  CHECK(gone.find("notDestroyed")->find("zz")->text("type") == "notFound");
}

TEST_CASE("drafts that can't be written are refused by name") {
  Drafts w;
  for (const char* bad :
       {R"("subject":1)", R"("to":[{"email":"no address"}])", R"("messageId":["a b"])",
        R"("sentAt":"yesterday")", R"("keywords":{"a b":true})", R"("unknown":1)",
        R"("receivedAt":5)", R"("header:X-A:asAddresses":[])",
        R"("header:Content-Type:asText":"x")", R"("header:X-A:asText":"a\nB: c")",
        R"("header:Subject:asText":"a","subject":"b")", R"("textBody":[{"partId":"t"}])",
        R"("textBody":[{"partId":"t"},{"partId":"u"}])",
        R"("textBody":[{"partId":"t","type":"text/html"}],"bodyValues":{"t":{"value":""}})",
        R"("textBody":[{"partId":"t"}],"bodyValues":{"t":{"value":"","isTruncated":true}})",
        R"("bodyStructure":{"type":"multipart/signed","subParts":[]})",
        R"("bodyStructure":{"type":"text/plain"},"textBody":[])", R"("id":"x")"}) {
    CAPTURE(bad);
    CHECK(w.refused(bad) == "invalidProperties");
  }
  CHECK(w.refused(R"("attachments":[{"blobId":"Uzz","type":"a/b"}])") == "blobNotFound");
  const Json nowhere = w.one("Email/set", R"({"create":{"k":{"mailboxIds":{"zz":true}}}})");
  CHECK(nowhere.find("notCreated")->find("k")->text("type") == "invalidProperties");
  CHECK(w.refused(R"("bodyStructure":{"type":"multipart/mixed","subParts":[
      {"type":"text/plain","partId":"a"},{"type":"text/x","name":"n","partId":"b"}]},
      "bodyValues":{"a":{"value":"x"},"b":{"value":"y"}})") == "created");
}

TEST_CASE("import: from an upload, from an attachment; created ids reach the next call") {
  Drafts w;
  const http::Response up = w.http("POST", "/jmap/upload/" + w.account_id(),
                                   "Subject: imported\r\n\r\nhello", JmapWorld::login());
  const std::string blob(codec::parse_json(up.body)->text("blobId"));
  const Json answer = w.call(
      {{"Email/import", R"({"accountId":")" + w.account_id() + R"(","emails":{
          "a":{"blobId":")" +
                            blob + R"(","mailboxIds":{")" + w.inbox + R"(":true},
               "receivedAt":"2020-01-02T03:04:05Z","keywords":{"$flagged":true}},
          "b":{"blobId":"Uzz","mailboxIds":{")" +
                            w.inbox + R"(":true}},
          "c":{"blobId":")" +
                            blob + R"("}}})"},
       {"Email/get", R"({"accountId":")" + w.account_id() +
                         R"(","ids":["#a"],"properties":["receivedAt","subject","keywords"]})"}});
  const Json imported = w.arguments_of(answer, 0);
  CHECK(imported.find("created")->find("a") != nullptr);
  CHECK(imported.find("notCreated")->find("b")->text("type") == "invalidProperties");
  CHECK(imported.find("notCreated")->find("c")->text("type") == "invalidProperties");
  const Json got = w.arguments_of(answer, 1);
  const Json& email = got.find("list")->array()->at(0);
  CHECK(email.text("receivedAt") == "2020-01-02T03:04:05Z");
  CHECK(text(email.find("keywords")) == R"({"$flagged":true})");
  CHECK(w.error("Email/copy", R"({"fromAccountId":"x"})") == "fromAccountNotFound");
  CHECK(w.error("Email/copy", "{}") == "invalidArguments");
}

TEST_CASE("query: filters, sorts, windows, threads; and what changed since") {
  Drafts w;
  const auto put = [&](const std::string& bytes, Flags flags = {}) {
    w.world.clock().advance(std::chrono::minutes(1));
    return w.append(bytes, "INBOX", std::move(flags));
  };
  const std::string a =
      put("From: Ａｎｎ <ann@x.example>\r\nSubject: zebra\r\n"
          "Message-ID: <a@x>\r\n\r\n会議の資料です");
  const std::string b = put("From: bob@x.example\r\nSubject: Re: apple\r\n\r\nsecond Body & more",
                            {Flags::seen, {"work"}});
  const std::string c = put("From: carl@x.example\r\nSubject: middle\r\nReferences: <a@x>\r\n\r\n" +
                            std::string(500, 'x'));
  const auto ids = [](std::initializer_list<std::string> list) {
    Json out = JsonArray{};
    for (const std::string& id : list)
      out.array()->emplace_back(id);
    return codec::write_json(out);
  };
  CHECK(w.found("{}") == ids({c, b, a}));
  CHECK(w.found(R"({"sort":[{"property":"subject"}]})") == ids({b, c, a}));
  CHECK(w.found(R"({"sort":[{"property":"from","isAscending":false}]})") == ids({c, b, a}));
  CHECK(w.found(R"({"sort":[{"property":"hasKeyword","keyword":"WORK","isAscending":false},
                   {"property":"receivedAt"}]})") == ids({b, a, c}));
  CHECK(w.found(R"({"collapseThreads":true})") == ids({c, b}));
  CHECK(w.found(R"({"limit":1,"position":1})") == ids({b}));
  const struct {
    const char* filter;
    std::string found;
  } rows[] = {
      {R"({"text":"会議"})", ids({a})},
      {R"({"text":"SECOND body"})", ids({b})},
      {R"({"body":"\"body second\""})", ids({})},
      {R"({"from":"ann"})", ids({a})},
      {R"({"from":"ＢＯＢ＠"})", ids({b})},
      {R"({"subject":"apple"})", ids({b})},
      {R"({"hasKeyword":"$seen"})", ids({b})},
      {R"({"notKeyword":"$seen"})", ids({c, a})},
      {R"({"minSize":400})", ids({c})},
      {R"({"maxSize":400})", ids({b, a})},
      {R"({"header":["Message-ID"]})", ids({a})},
      {R"({"header":["message-id","A@X"]})", ids({a})},
      {R"({"someInThreadHaveKeyword":"work"})", ids({b})},
      {R"({"noneInThreadHaveKeyword":"work"})", ids({c, a})},
      {R"({"allInThreadHaveKeyword":"work"})", ids({b})},
      {R"({"inMailbox":"zz"})", ids({})},
      {R"({"hasAttachment":true})", ids({})},
      {R"({"after":"2000-01-01T00:00:00Z","before":"2001-01-01T00:00:00Z"})", ids({})},
      {R"({"operator":"NOT","conditions":[{"subject":"apple"},{"from":"ann"}]})", ids({c})},
      {R"({"operator":"OR","conditions":[{"subject":"apple"},{"from":"ann"}]})", ids({b, a})},
  };
  for (const auto& row : rows) {
    CAPTURE(row.filter);
    CHECK(w.found(std::string(R"({"filter":)") + row.filter + "}") == row.found);
  }
  CHECK(w.found(R"({"filter":{"inMailbox":")" + w.inbox + R"("}})") == ids({c, b, a}));
  CHECK(w.found(R"({"filter":{"inMailboxOtherThan":[")" + w.inbox + R"("]}})") == ids({}));
  for (const char* bad : {R"({"filter":{"color":1}})", R"({"filter":{"operator":"XOR"}})"}) {
    CAPTURE(bad);
    CHECK(w.error("Email/query", bad) == "unsupportedFilter");
  }
  CHECK(w.error("Email/query", R"({"filter":{"before":"x"}})") == "invalidArguments");
  CHECK(w.error("Email/query", R"({"sort":[{"property":"id"}]})") == "unsupportedSort");
  CHECK(w.error("Email/query", R"({"sort":[{"property":"hasKeyword"}]})") == "invalidArguments");
  CHECK(w.error("Email/query", R"({"anchor":"zz"})") == "anchorNotFound");

  const std::string filter = R"("filter":{"notKeyword":"$seen"})";
  const Json before = w.one("Email/query", "{" + filter + "}");
  w.one("Email/set", R"({"update":{")" + a + R"(":{"keywords/$seen":true},")" + b +
                         R"(":{"keywords/$seen":null}}})");
  const std::string since = R"("sinceQueryState":")" + std::string(before.text("queryState"));
  const Json changes = w.one("Email/queryChanges", "{" + filter + "," + since + "\"}");
  CHECK(text(changes.find("removed")) == ids({a}));
  CHECK(text(changes.find("added")) == R"([{"id":")" + b + R"(","index":1}])");
  CHECK(w.error("Email/queryChanges", "{" + filter + "," + since + R"(","maxChanges":1})") ==
        "tooManyChanges");
  for (const char* state : {"zz", "!"}) {  // one that never was, and none of ours
    CAPTURE(state);
    CHECK(w.error("Email/queryChanges", R"({"sinceQueryState":")" + std::string(state) + "\"}") ==
          "cannotCalculateChanges");
  }

  const Json snippets = w.one("SearchSnippet/get",
                              R"({"filter":{"text":"second &"},"emailIds":[")" + b + R"(","zz"]})");
  CHECK(snippets.find("list")->array()->at(0).text("preview") ==
        "<mark>second</mark> Body <mark>&amp;</mark> more");
  CHECK(text(snippets.find("notFound")) == R"(["zz"])");
}

}  // namespace
}  // namespace fumi::jmap::testing
