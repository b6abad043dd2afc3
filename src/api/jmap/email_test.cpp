// Email/get, Email/parse, Thread/* (RFC 8621 §3, §4).
#include <doctest/doctest.h>

#include "api/jmap/email_view.h"
#include "api/jmap/testing/jmap_world.h"

namespace fumi::jmap::testing {
namespace {

std::string text(const Json* value) { return value ? codec::write_json(*value) : "missing"; }

const std::string kMixed =
    "From: =?UTF-8?B?6Iqx5a2Q?= <hanako@acme.example>\r\n"
    "To: Friends: a@x.example, \"B\" <b@x.example>;, c@x.example\r\n"
    "Subject: =?ISO-2022-JP?B?GyRCNUQ7dk8/GyhC?=\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0900\r\n"
    "Message-ID: <m1@acme.example>\r\n"
    "References: <r1@x> <r2@x>\r\n"
    "List-Post: <mailto:list@x.example>\r\n"
    "X-Two: one\r\nX-Two: two\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=m\r\n\r\n"
    "--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
    "--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "5pel5pys6Kqe44Gu5pys5paHDQrkuozooYznm64=\r\n"
    "--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<html><head><title>t</title></head><body><p>Hello &amp; <b>bye</b></p></body></html>\r\n"
    "--a--\r\n"
    "--m\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n"
    "Content-Disposition: attachment; filename=\"a.pdf\"\r\n"
    "Content-Transfer-Encoding: base64\r\nContent-ID: <c1@x>\r\n\r\nJVBERg==\r\n"
    "--m\r\nContent-Type: message/rfc822\r\n\r\n"
    "From: inner@x.example\r\nSubject: inner\r\n\r\ninside\r\n"
    "--m--\r\n";

TEST_CASE("Email/get: metadata, headers in their forms, parts and their values") {
  JmapWorld w;
  const std::string id = w.append(kMixed, "INBOX", {Flags::seen | Flags::deleted, {"Label"}});
  const Json answer = w.one("Email/get", R"({"ids":[")" + id + R"(","zz","zz"],"properties":[
    "mailboxIds","keywords","subject","from","to","sentAt","messageId","references","inReplyTo",
    "cc","hasAttachment","size","receivedAt","preview",
    "header:To:asGroupedAddresses","header:List-Post:asURLs","header:X-Two:all",
    "header:x-two:asText","header:Date:asDate","header:None:asText","header:None:all",
    "textBody","htmlBody","attachments","bodyValues","bodyStructure"],
    "bodyProperties":["partId","type","size","name","disposition","cid","charset","subParts",
    "header:Content-Type"],"fetchAllBodyValues":true,"maxBodyValueBytes":20})");
  CHECK(text(answer.find("notFound")) == R"(["zz"])");
  const Json& email = answer.find("list")->array()->at(0);
  CHECK(email.text("id") == id);
  CHECK(text(email.find("mailboxIds")) == "{\"" + w.mailbox("inbox") + "\":true}");
  CHECK(text(email.find("keywords")) == R"({"$seen":true,"label":true})");
  CHECK(email.text("subject") == "議事録");
  CHECK(text(email.find("from")) == R"([{"name":"花子","email":"hanako@acme.example"}])");
  CHECK(text(email.find("to")) == R"([{"name":null,"email":"a@x.example"},)"
                                  R"({"name":"B","email":"b@x.example"},)"
                                  R"({"name":null,"email":"c@x.example"}])");
  CHECK(text(email.find("cc")) == "null");
  CHECK(email.text("sentAt") == "2026-11-23T10:00:00+09:00");
  CHECK(text(email.find("messageId")) == R"(["m1@acme.example"])");
  CHECK(text(email.find("references")) == R"(["r1@x","r2@x"])");
  CHECK(text(email.find("inReplyTo")) == "null");
  CHECK(text(email.find("hasAttachment")) == "true");
  CHECK(email.number("size") == std::int64_t(kMixed.size()));
  CHECK(email.text("preview") == "日本語の本文 二行目");
  CHECK(text(email.find("header:To:asGroupedAddresses")) ==
        R"([{"name":"Friends","addresses":[{"name":null,"email":"a@x.example"},)"
        R"({"name":"B","email":"b@x.example"}]},)"
        R"({"name":null,"addresses":[{"name":null,"email":"c@x.example"}]}])");
  CHECK(text(email.find("header:List-Post:asURLs")) == R"(["mailto:list@x.example"])");
  CHECK(text(email.find("header:X-Two:all")) == R"([" one"," two"])");
  CHECK(email.text("header:x-two:asText") == "two");
  CHECK(email.text("header:Date:asDate") == "2026-11-23T10:00:00+09:00");
  CHECK(text(email.find("header:None:asText")) == "null");
  CHECK(text(email.find("header:None:all")) == "[]");
  const Json& plain = email.find("textBody")->array()->at(0);
  CHECK(plain.text("partId") == "1.1");
  CHECK(plain.number("size") == 29);
  CHECK(email.find("htmlBody")->array()->at(0).text("partId") == "1.2");
  const JsonArray& files = *email.find("attachments")->array();
  REQUIRE(files.size() == 2);
  CHECK(files[0].text("name") == "a.pdf");
  CHECK(files[0].number("size") == 4);
  CHECK(files[0].text("cid") == "c1@x");
  CHECK(files[1].text("type") == "message/rfc822");
  const Json& values = *email.find("bodyValues");
  CHECK(text(values.find("1.1")) ==
        R"({"value":"日本語の本文\n","isEncodingProblem":false,"isTruncated":true})");
  const Json& root = *email.find("bodyStructure");
  CHECK(root.text("type") == "multipart/mixed");
  CHECK(text(root.find("partId")) == "null");
  CHECK(root.find("subParts")->array()->at(0).find("subParts")->array()->size() == 2);

  // The attached message is one of its own, and so are its parts.
  const std::string blob = "M" + id + "-3";
  const Json parsed = w.one("Email/parse", R"({"blobIds":[")" + blob + R"(","Mzz",")" + blob +
                                               R"(-1"],"properties":["subject","textBody",
                                               "bodyValues","id"],"fetchTextBodyValues":true})");
  const Json& inner = *parsed.find("parsed")->find(blob);
  CHECK(inner.text("subject") == "inner");
  CHECK(text(inner.find("id")) == "null");
  CHECK(inner.find("bodyValues")->find("1")->text("value") == "inside");
  CHECK(text(parsed.find("notFound")) == R"(["Mzz"])");
  const http::Response part = w.http(
      "GET", "/jmap/download/" + w.account_id() + "/M" + id + "-2/a.pdf?accept=application/pdf", "",
      JmapWorld::login());
  CHECK(part.body == "%PDF");
  CHECK(w.http("GET", "/jmap/download/" + w.account_id() + "/" + blob + "-1/x", "",
               JmapWorld::login())
            .body == "inside");
}

TEST_CASE("Email/get refuses what it doesn't know") {
  JmapWorld w;
  for (const char* bad :
       {R"("properties":["subjekt"])", R"("properties":["header:Subject:asDate"])",
        R"("properties":["header:Subject:asNothing"])", R"("properties":["header:a:all:all"])",
        R"("properties":["header::asText"])", R"("bodyProperties":["x"])",
        R"("fetchAllBodyValues":1)", R"("maxBodyValueBytes":-1)",
        R"("properties":["header:From:asText"])", R"("properties":["header:List-Id:asURLs:x"])"}) {
    CAPTURE(bad);
    CHECK(w.error("Email/get", std::string(R"({"ids":["1"],)") + bad + "}") == "invalidArguments");
  }
  CHECK(w.error("Email/get", "{}") == "requestTooLarge");
  CHECK(w.error("Email/parse", "{}") == "invalidArguments");
}

TEST_CASE("Thread/get, Thread/changes, Email/changes") {
  JmapWorld w;
  const std::string first = w.append(service::testing::mail("a@x.example"));
  const Json one = w.one("Email/get", R"({"ids":[")" + first + R"("],"properties":["threadId"]})");
  const std::string thread(one.find("list")->array()->at(0).text("threadId"));
  const std::string state(one.text("state"));
  const Json threads = w.one("Thread/get", R"({"ids":[")" + thread + R"(","zz"]})");
  CHECK(text(threads.find("list")) ==
        R"([{"id":")" + thread + R"(","emailIds":[")" + first + R"("]}])");
  CHECK(text(threads.find("notFound")) == R"(["zz"])");
  const std::string second = w.append("Subject: two\r\n\r\nx");
  const Json changes = w.one("Email/changes", R"({"sinceState":")" + state + R"("})");
  CHECK(text(changes.find("created")) == "[\"" + second + "\"]");
  CHECK(text(changes.find("hasMoreChanges")) == "false");
  CHECK(w.one("Thread/changes", R"({"sinceState":")" + state + R"("})")
            .find("created")
            ->array()
            ->size() == 1);
  CHECK(w.error("Email/changes", R"({"sinceState":"zzzz"})") == "cannotCalculateChanges");
}

}  // namespace
}  // namespace fumi::jmap::testing
