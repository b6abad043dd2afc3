// Email/queryChanges (RFC 8620 §5.6, RFC 8621 §4.5): whatever happens, what it tells leads from any
// older result to the newest, and asks about nothing but what happened.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "api/jmap/email_result.h"
#include "api/jmap/testing/jmap_world.h"

namespace fumi::jmap::testing {
namespace {

using List = std::vector<std::string>;

List strings(const Json* list) {
  List out;
  if (list != nullptr && list->array() != nullptr)
    for (const Json& each : *list->array())
      out.push_back(*each.string());
  return out;
}

// RFC 8620 §5.6: splices out, then in.
void splice(List& ids, const Json& changes) {
  for (const std::string& id : strings(changes.find("removed")))
    std::erase(ids, id);
  for (const Json& each : *changes.find("added")->array()) {
    const auto index = std::size_t(*each.find("index")->integer());
    REQUIRE(index <= ids.size());
    ids.insert(ids.begin() + std::ptrdiff_t(index), std::string(each.text("id")));
  }
}

struct Fixture : JmapWorld {
  std::mt19937 random{20261123};
  std::string inbox = mailbox("inbox");
  std::string archive = mailbox("archive");
  List emails;
  int made = 0;

  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  }
  void add() {
    world.clock().advance(std::chrono::seconds(below(3)));
    const std::string number = std::to_string(++made);
    std::string bytes = "Message-ID: <" + number + "@x.example>\r\n";
    if (made > 1 && below(2) == 0)
      bytes +=
          "References: <" + std::to_string(1 + below(std::size_t(made) - 1)) + "@x.example>\r\n";
    bytes += "Subject: " + std::string(1, char('a' + below(4))) + "\r\n\r\n" +
             (below(2) == 0 ? "apple" : "pear") + "\r\n";
    emails.push_back(append(bytes, below(3) == 0 ? "Archive" : "INBOX"));
  }
  void happen() {
    const std::size_t what = below(10);
    if (emails.size() < 3 || what < 4) return add();
    const std::string& id = emails[below(emails.size())];
    const char* keywords[] = {"$seen", "work"};
    std::string patch;
    if (what < 7) {
      patch = R"("keywords/)" + std::string(keywords[below(2)]) +
              "\":" + (below(2) == 0 ? "true" : "null");
    } else if (what < 9) {
      patch = R"("mailboxIds":{")" + (below(2) == 0 ? inbox : archive) + R"(":true})";
    } else {
      one("Email/set", R"({"destroy":[")" + id + R"("]})");
      std::erase(emails, std::string(id));
      return;
    }
    one("Email/set", R"({"update":{")" + id + R"(":{)" + patch + "}}}");
  }
  // By an API that has kept nothing, as after a start or on another node.
  Json anew(const std::string& name, const std::string& arguments) {
    JmapApi other(host);
    return by(other, name, arguments);
  }
  Json by(JmapApi& which, const std::string& name, const std::string& arguments) {
    Request request;
    request.uses = which.capabilities();
    auto json = codec::parse_json(arguments);
    json->set("accountId", account_id());
    request.calls.push_back({name, std::move(*json), "0"});
    return arguments_of(this->ServiceWorld::call(which.process(caller(), std::move(request)))
                            .json(Request::CreatedIds::silent),
                        0);
  }
};

TEST_CASE("queryChanges leads from any older result to the newest") {
  Fixture w;
  const std::string in_inbox = R"("filter":{"inMailbox":")" + w.inbox + "\"}";
  const List queries{
      R"("filter":null)",
      in_inbox,
      in_inbox + R"(,"collapseThreads":true)",
      R"("filter":{"notKeyword":"$seen"},"sort":[{"property":"receivedAt"}])",
      R"("filter":{"someInThreadHaveKeyword":"work"})",
      R"("filter":{"allInThreadHaveKeyword":"$seen"},"collapseThreads":true)",
      R"("sort":[{"property":"hasKeyword","keyword":"work","isAscending":false},{"property":"size"}])",
      R"("sort":[{"property":"someInThreadHaveKeyword","keyword":"work"},{"property":"subject"}])",
      R"("filter":{"text":"apple"},"sort":[{"property":"subject","isAscending":false}])",
      R"("filter":{"operator":"OR","conditions":[{"hasKeyword":"work"},{"body":"pear"}]})",
  };
  struct Kept {
    List ids;
    std::string state;
  };
  std::map<std::size_t, std::vector<Kept>> kept;
  for (int round = 0; round < 25; ++round) {
    for (std::size_t i = w.below(6); i > 0; --i)
      w.happen();
    for (std::size_t q = 0; q < queries.size(); ++q) {
      CAPTURE(queries[q]);
      CAPTURE(round);
      const Json now = w.anew("Email/query", "{" + queries[q] + "}");
      const List ids = strings(now.find("ids"));
      CHECK(strings(w.one("Email/query", "{" + queries[q] + "}").find("ids")) == ids);
      for (const Kept& old : kept[q]) {
        const std::string asked = "{" + queries[q] + R"(,"sinceQueryState":")" + old.state + "\"}";
        for (const Json& changes :
             {w.one("Email/queryChanges", asked), w.anew("Email/queryChanges", asked)}) {
          List spliced = old.ids;
          splice(spliced, changes);
          CHECK(spliced == ids);
          CHECK(changes.text("newQueryState") == now.text("queryState"));
        }
      }
      kept[q].push_back({ids, std::string(now.text("queryState"))});
    }
  }
}

TEST_CASE("queryChanges asks about what changed, not about what is there") {
  Fixture w;
  for (int i = 0; i < 200; ++i)
    w.append("Subject: s" + std::to_string(i) + "\r\n\r\nx\r\n");
  const std::string filter = R"("filter":{"inMailbox":")" + w.inbox + R"(","notKeyword":"$seen"})";
  Json before = w.one("Email/query", "{" + filter + "}");
  const std::uint64_t judged = w.api.emails_judged();
  CHECK(judged == 200);
  const std::string fresh = w.append("Subject: fresh\r\n\r\nx\r\n");
  const std::string elsewhere = w.append("Subject: elsewhere\r\n\r\nx\r\n", "Archive");
  const List ids = strings(before.find("ids"));
  w.one("Email/set", R"({"update":{")" + ids[7] + R"(":{"keywords/$seen":true},")" + ids[8] +
                         R"(":{"keywords/work":true}}})");
  const std::string since = R"("sinceQueryState":")" + std::string(before.text("queryState"));
  const Json changes = w.one("Email/queryChanges", "{" + filter + "," + since + "\"}");
  CHECK(w.api.emails_judged() == judged + 4);
  // Exact: nothing of what was elsewhere, nothing of what has stayed where it was.
  CHECK(strings(changes.find("removed")) == List{ids[7]});
  CHECK(changes.find("added")->array()->size() == 1);
  CHECK(changes.find("added")->array()->at(0).text("id") == fresh);
  // RFC 8620 §5.5: the query itself goes the same way.
  CHECK(w.one("Email/query", "{" + filter + R"(,"limit":1})").find("ids")->array()->size() == 1);
  CHECK(w.api.emails_judged() == judged + 4);

  // Text is looked for in what is new alone.
  const std::string words = R"("filter":{"body":"needle"})";
  before = w.one("Email/query", "{" + words + "}");
  const std::uint64_t read = w->search.mails_read();
  w.append("Subject: y\r\n\r\nneedle\r\n");
  const std::string then = R"("sinceQueryState":")" + std::string(before.text("queryState"));
  CHECK(w.one("Email/queryChanges", "{" + words + "," + then + "\"}")
            .find("added")
            ->array()
            ->size() == 1);
  CHECK(w->search.mails_read() == read + 1);
}

TEST_CASE("nothing behind upToId is told where nothing ever moves") {
  Fixture w;
  const std::string sort = R"("sort":[{"property":"receivedAt"}])";
  for (int i = 0; i < 3; ++i)
    w.add();
  const Json before = w.one("Email/query", "{" + sort + "}");
  const List ids = strings(before.find("ids"));
  w.world.clock().advance(std::chrono::minutes(1));
  w.append("Subject: last\r\n\r\nx\r\n");
  w.one("Email/set", R"({"destroy":[")" + ids[0] + R"(",")" + ids[2] + R"("]})");
  const auto asked = [&](const std::string& rest) {
    return w.one("Email/queryChanges", "{" + rest + R"(,"upToId":")" + ids[1] +
                                           R"(","sinceQueryState":")" +
                                           std::string(before.text("queryState")) + "\"}");
  };
  CHECK(strings(asked(sort).find("removed")) == List{ids[0]});
  CHECK(asked(sort).find("added")->array()->empty());
  // A filter on what may change tells all.
  const Json all = asked(sort + R"(,"filter":{"notKeyword":"zz"})");
  CHECK(strings(all.find("removed")).size() == 2);
  CHECK(all.find("added")->array()->size() == 1);
}

TEST_CASE("a result forgets its oldest steps, and says so") {
  const auto row = [](std::uint64_t id) { return ResultRow{"k", EmailId(id), ThreadId(id)}; };
  auto result = std::make_unique<EmailResult>(ModSeq(1), EmailResult::Threads::all,
                                              std::vector<ResultRow>{row(1)});
  for (std::uint64_t i = 2; i < 600; ++i)
    result = std::make_unique<EmailResult>(*result, ModSeq(i), std::vector{EmailId(i)},
                                           std::vector{row(i)});
  CHECK(result->size() == 599);
  CHECK(result->at(0) == EmailId(599));
  CHECK(result->place_of(EmailId(1)) == 598U);
  CHECK_FALSE(result->place_of(EmailId(600)));
  CHECK_FALSE(result->since(ModSeq(1), std::nullopt));
  const auto changes = result->since(ModSeq(590), std::nullopt);
  REQUIRE(changes.has_value());
  CHECK(changes->added.size() == 9);
  CHECK(changes->removed.empty());
  CHECK(result->octets() < 200'000);
}

}  // namespace
}  // namespace fumi::jmap::testing
