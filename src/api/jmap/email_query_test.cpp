// Email/query on text is service/search's answer, and so is IMAP SEARCH's (RFC 8621 §4.4.1, §5).
#include <doctest/doctest.h>

#include <set>

#include "api/jmap/testing/jmap_world.h"
#include "api/jmap/text_match.h"
#include "codec/charset.h"

namespace fumi::jmap::testing {
namespace {

using service::SearchQuery;
using Field = SearchQuery::Field;

std::string text(const Json* value) { return value ? codec::write_json(*value) : "missing"; }

std::string word(std::string_view text) {
  return "=?ISO-2022-JP?B?" + codec::base64_encode(codec::from_utf8(text, "ISO-2022-JP")->bytes) +
         "?=";
}

struct Fixture : JmapWorld {
  std::vector<std::string> ids;  // a, b, c

  Fixture() {
    put("From: " + word("山田 花子") + " <hanako@garden.example>\r\nTo: taro@acme.example\r\n" +
        "Received: from relay.example by acme.example\r\nX-Mailer: Letter 3\r\nSubject: " +
        word("会議室の予約") + "\r\nMIME-Version: 1.0\r\n" +
        "Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n" +
        codec::from_utf8("来週の会議は東京\r\n都庁で行います。スケジュールを確認してください。\r\n",
                         "ISO-2022-JP")
            ->bytes);
    put("From: \"Miller, Bob\" <bob@world.example>\r\nCc: c@acme.example\r\n"
        "Subject: Quarterly numbers\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/html; charset=UTF-8\r\n\r\n"
        "<p>Rev<b>enue</b> of the caf&eacute;</p><p>ｶﾞｽ料金</p>\r\n--b\r\n"
        "Content-Type: application/pdf; name=report.pdf\r\n"
        "Content-Disposition: attachment; filename=report.pdf\r\n\r\n%PDF\r\n--b--\r\n",
        {Flags::seen, {"work"}});
    put("From: c@d.example\r\nBcc: secret@f.example\r\nSubject: \r\n\r\nHello World\r\n",
        {Flags::flagged, {}});
  }
  void put(const std::string& bytes, Flags flags = {}) {
    world.clock().advance(std::chrono::minutes(1));
    ids.push_back(append(bytes, "INBOX", std::move(flags)));
  }
  // As letters: "ab".
  std::string found(const std::string& filter) {
    const Json answer =
        one("Email/query", R"({"filter":)" + filter + R"(,"sort":[{"property":"receivedAt"}]})");
    REQUIRE(answer.find("ids") != nullptr);
    std::string out;
    for (const Json& id : *answer.find("ids")->array())
      out += letter(*id.string());
    return out;
  }
  // What IMAP SEARCH does in the INBOX.
  std::string searched(SearchQuery query) {
    const service::MailAccount who{acme, hanako};
    const auto inbox = this->ServiceWorld::call((*this)->mailboxes.find(who, "INBOX"));
    auto hits = this->ServiceWorld::call((*this)->search.run(who, {{inbox->id}}, std::move(query)));
    REQUIRE(hits.has_value());
    std::string out;
    for (const service::SearchHit& hit : *hits)
      out += letter(hit.entry.email.text());
    return out;
  }
  [[nodiscard]] char letter(const std::string& id) const {
    const auto at = std::ranges::find(ids, id);
    return at == ids.end() ? '?' : char('a' + (at - ids.begin()));
  }
};

TEST_CASE("text is found however it is written, and as IMAP SEARCH finds it") {
  Fixture w;
  const struct {
    const char* name;
    Field field;
    const char* text;
    const char* found;
  } rows[] = {
      {"subject", Field::subject, "会議室", "a"},
      {"subject", Field::subject, "会議は", ""},
      {"body", Field::body, "東京都庁", "a"},
      {"body", Field::body, "ｽｹｼﾞｭｰﾙ", "a"},
      {"body", Field::body, "すけじゅーる", "a"},
      {"text", Field::any, "すけしゅーる", ""},
      {"text", Field::any, "ガス", "b"},
      {"text", Field::any, "がす料金", "b"},
      {"text", Field::any, "ＲＥＶＥＮＵＥ", "b"},
      {"text", Field::any, "cafe", "b"},
      {"text", Field::any, "letter", "a"},
      {"text", Field::any, "relay", ""},
      {"text", Field::any, "orl", "bc"},
      {"body", Field::body, "report.pdf", "b"},
      {"from", Field::from, "花子", "a"},
      {"from", Field::from, "ｂｏｂ＠ｗｏｒｌｄ", "b"},
      {"to", Field::to, "taro@", "a"},
      {"cc", Field::cc, "c@acme", "b"},
      {"bcc", Field::bcc, "secret", "c"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const Json filter = JsonObject{{row.name, row.text}};
    CHECK(w.found(codec::write_json(filter)) == row.found);
    CHECK(w.searched(SearchQuery::contains(row.field, row.text)) == row.found);
  }
  CHECK(w.found(R"({"header":["X-Mailer","ＬＥＴＴＥＲ 3"]})") == "a");
  CHECK(w.found(R"({"header":["received","relay"]})") == "a");
  CHECK(w.found(R"({"header":["bcc"]})") == "c");
  CHECK(w.found(R"({"hasAttachment":true})") == "b");
  CHECK(w.found(R"({"hasAttachment":false})") == "ac");
  CHECK(w.found(R"({"text":"numbers world"})") == "b");  // each word somewhere
  CHECK(w.found(R"({"text":"\"world numbers\""})").empty());
  CHECK(w.found(R"({"text":"　"})") == "abc");
}

TEST_CASE("conditions on rows and on text together") {
  Fixture w;
  const auto both = [](const char* operation, const std::string& a, const std::string& b) {
    return R"({"operator":")" + std::string(operation) + R"(","conditions":[)" + a + "," + b + "]}";
  };
  const std::string world = R"({"text":"world"})";
  const std::string flagged = R"({"hasKeyword":"$flagged"})";
  const std::string japanese = R"({"text":"会議"})";
  const std::string work = R"({"someInThreadHaveKeyword":"work"})";
  CHECK(w.found(both("AND", world, flagged)) == "c");
  CHECK(w.found(both("OR", japanese, flagged)) == "ac");
  CHECK(w.found(both("NOT", japanese, flagged)) == "b");
  CHECK(w.found(both("AND", world, work)) == "b");
  CHECK(w.found(both("OR", both("AND", world, work), japanese)) == "ab");
  CHECK(w.found(both("OR", both("AND", world, both("NOT", work, japanese)), japanese)) == "ac");
  CHECK(w.found(R"({"inMailbox":")" + w.mailbox("inbox") + R"(","text":"world"})") == "bc");
  CHECK(w.found(R"({"inMailbox":")" + w.mailbox("trash") + R"(","text":"world"})").empty());
  CHECK(w.found(R"({"inMailboxOtherThan":[")" + w.mailbox("inbox") + R"("],"text":"world"})")
            .empty());
  // What rows decide isn't read.
  const std::uint64_t before = w->search.mails_read();
  CHECK(w.found(both("AND", R"({"body":"world"})", flagged)) == "c");
  CHECK(w->search.mails_read() == before + 1);
  // Sorted by what only summaries tell.
  CHECK(text(w.one("Email/query", R"({"filter":{"text":"world"},"sort":[{"property":"subject"}]})")
                 .find("ids")) == "[\"" + w.ids[2] + "\",\"" + w.ids[1] + "\"]");
}

TEST_CASE("filters that are too much, another account's mail, and failures") {
  Fixture w;
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += std::string(i == 0 ? "" : ",") + R"({"subject":"x)" + std::to_string(i) + R"("})";
  CHECK(w.error("Email/query", R"({"filter":{"operator":"OR","conditions":[)" + many + "]}}") ==
        "unsupportedFilter");
  CHECK(w.error("Email/query", R"({"filter":{"body":")" + std::string(5'000, 'x') + R"("}})") ==
        "unsupportedFilter");
  CHECK(w.error("Email/query", R"({"filter":{"header":["","x"]}})") == "invalidArguments");
  const std::string theirs = R"({"accountId":")" + w.rival.text() + R"(","filter":{)";
  CHECK(text(w.rivals("Email/query", theirs + R"("text":"world"}})").find("ids")) == "[]");
  CHECK(text(w.rivals("Email/query",
                      theirs + R"("text":"world","inMailbox":")" + w.mailbox("inbox") + R"("}})")
                 .find("ids")) == "[]");
  CHECK(w.rivals("Email/query",
                 R"({"accountId":")" + w.account_id() + R"(","filter":{"text":"world"}})")
            .text("type") == "accountNotFound");
  w->runtime.fail_offload_with(Error{Code::rate_limited, "working", "the pool is full"});
  CHECK(w.error("Email/query", R"({"filter":{"text":"world"}})") == "serverUnavailable");
}

TEST_CASE("a snippet marks what the search found") {
  Fixture w;
  const auto preview = [&](const std::string& filter, const std::string& id) {
    const Json answer =
        w.one("SearchSnippet/get", R"({"filter":)" + filter + R"(,"emailIds":[")" + id + R"("]})");
    return std::string(answer.find("list")->array()->at(0).text("preview"));
  };
  CHECK(preview(R"({"text":"東京都庁"})", w.ids[0]).contains("<mark>東京 都庁</mark>"));
  CHECK(preview(R"({"body":"すけじゅーる"})", w.ids[0]).contains("<mark>スケジュール</mark>"));
  CHECK(preview(R"({"body":"がす"})", w.ids[1]).contains("<mark>ｶﾞｽ</mark>料金"));
  CHECK(preview(R"({"body":"revenue CAFE"})", w.ids[1])
            .contains("<mark>Revenue</mark> of the <mark>café</mark>"));
}

TEST_CASE("words and snippets") {
  CHECK(search_words("a \"b c\" Ｄ'e") == std::vector<std::string>{"a", "b c", "d'e"});
  CHECK(search_words("ｶﾞ　“い ろ”") == std::vector<std::string>{"が", "い ろ"});
  CHECK(snippet("<b>東京都</b>", {"東京"}, 100) == "&lt;b&gt;<mark>東京</mark>都&lt;/b&gt;");
  CHECK(snippet("nothing", {"x", ""}, 100).empty());
  CHECK(snippet("㈱文 e\xcc\x81t", {"株", "et"}, 100) ==
        "<mark>㈱</mark>文 <mark>e\xcc\x81t</mark>");
  CHECK(snippet("a\r\n\r\nb", {"a b"}, 100) == "<mark>a b</mark>");
  CHECK(snippet("\r\n", {" "}, 100) == "<mark> </mark>");
  const std::string far = std::string(1000, 'a') + "needle" + std::string(1000, 'b');
  CHECK(snippet(far, {"needle"}, 100).contains("<mark>needle</mark>"));
  CHECK(snippet(far, {"needle"}, 100).size() < 130);
}

}  // namespace
}  // namespace fumi::jmap::testing
