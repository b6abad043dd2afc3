// PushSubscription (RFC 8620 §7.2), from /set to the POSTs and back.
#include <doctest/doctest.h>

#include "api/jmap/testing/jmap_world.h"
#include "codec/base64.h"
#include "crypto/web_push.h"

namespace fumi::jmap::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kDevice = R"("deviceClientId":"d","url":"https://push.example/d?x=1")";

struct PushWorld : JmapWorld {
  Json set(const std::string& arguments) {
    return arguments_of(call({{"PushSubscription/set", arguments}}), 0);
  }
  std::string create(const std::string& more = "") {
    const Json made = set(R"({"create":{"k":{)" + std::string(kDevice) + more + "}}}");
    const Json* created = made.find("created")->find("k");
    REQUIRE(created != nullptr);
    (*this)->runtime.settle();
    return std::string(created->text("id"));
  }
  std::string refusal(const std::string& object) {
    const Json made = set(R"({"create":{"k":{)" + object + "}}}");
    const Json* refused = made.find("notCreated")->find("k");
    return refused == nullptr ? "created" : std::string(refused->text("type"));
  }
  Json last() {
    REQUIRE_FALSE(poster.seen.empty());
    return codec::parse_json(poster.seen.back().body).value();
  }
  std::string update(const std::string& id, const std::string& patch) {
    const Json done = set(R"({"update":{")" + id + "\":" + patch + "}}");
    const Json* refused = done.find("notUpdated");
    (*this)->runtime.settle();
    return refused->is_null() ? "updated" : std::string(refused->find(id)->text("type"));
  }
  // Made, and its code sent back.
  std::string verified(const std::string& more = "") {
    const std::string id = create(more);
    const std::string code(last().text("verificationCode"));
    CHECK(update(id, R"({"verificationCode":")" + code + R"("})") == "updated");
    poster.seen.clear();
    return id;
  }
  void change() {
    append("Subject: new\r\n\r\nx\r\n");
    (*this)->runtime.settle();
  }
  std::size_t rows() {
    return world
        .read(acme,
              [&](Tx& tx) { return tx.objects().list(hanako, ObjectKind::push_subscription); })
        ->size();
  }
};

TEST_CASE("§7.2.2: a code is sent first, and nothing else until it has come back") {
  PushWorld w;
  const std::string id = w.create();
  REQUIRE(w.poster.seen.size() == 1);
  CHECK(w.poster.seen[0].url == "https://push.example/d?x=1");
  using Header = std::pair<std::string, std::string>;
  CHECK(w.poster.seen[0].headers ==
        std::vector<Header>{{"Content-Type", "application/json"}, {"TTL", "86400"}});
  CHECK(w.last().text("@type") == "PushVerification");
  CHECK(w.last().text("pushSubscriptionId") == id);
  const std::string code(w.last().text("verificationCode"));
  CHECK(code.size() == 32);
  w.change();
  CHECK(w.poster.seen.size() == 1);
  CHECK(w.update(id, R"({"verificationCode":"wrong"})") == "invalidProperties");
  CHECK(w.update(id, R"({"verificationCode":")" + code + R"("})") == "updated");
  CHECK(w.poster.seen.size() == 1);  // its client knows what is now
  w.change();
  REQUIRE(w.poster.seen.size() == 2);
  CHECK(w.last().text("@type") == "StateChange");
  const Json* states = w.last().find("changed")->find(w.account_id());
  const Json told = *w.last().find("changed")->find(w.account_id());
  CHECK(states != nullptr);
  CHECK(told.text("Email") == w.one("Email/get", R"({"ids":[]})").text("state"));
}

TEST_CASE("changes that come close together are told as one; nothing is told twice") {
  PushWorld w;
  w.verified();
  w.change();
  CHECK(w.poster.seen.size() == 1);
  for (int i = 0; i < 5; ++i)
    w.change();
  CHECK(w.poster.seen.size() == 1);
  w->runtime.advance(seconds(2));
  CHECK(w.poster.seen.size() == 2);
  w->runtime.advance(minutes(20));
  CHECK(w.poster.seen.size() == 2);
}

TEST_CASE("only the types that were asked for") {
  PushWorld w;
  const std::string id = w.verified(R"(,"types":["Email","Identity"])");
  w.change();
  REQUIRE(w.poster.seen.size() == 1);
  const Json told = *w.last().find("changed")->find(w.account_id());
  CHECK(told.object()->size() == 1);
  CHECK(told.find("Email") != nullptr);
  CHECK(w.update(id, R"({"types":["Nothing"]})") == "updated");
  w->runtime.advance(seconds(2));
  const std::size_t before = w.poster.seen.size();
  w.change();
  w->runtime.advance(seconds(2));
  CHECK(w.poster.seen.size() == before);
}

TEST_CASE("RFC 8291: with keys, everything is sealed for the client") {
  PushWorld w;
  const std::string p256dh =
      "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
  const std::string secret = "BTBZMqHH6r4Tts7J_aSIgg";
  w.create(R"(,"keys":{"p256dh":")" + p256dh + R"(","auth":")" + secret + R"("})");
  REQUIRE(w.poster.seen.size() == 1);
  CHECK(w.poster.seen[0].headers.back().second == "aes128gcm");
  const crypto::WebPushKeys keys{*codec::base64url_decode(p256dh),
                                 *codec::base64url_decode(secret)};
  const auto opened = crypto::open_web_push_for_test(
      keys, *codec::base64url_decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
      w.poster.seen[0].body);
  REQUIRE(opened.has_value());
  CHECK(codec::parse_json(*opened)->text("@type") == "PushVerification");
  CHECK(w.refusal(std::string(kDevice) + R"(,"keys":{"p256dh":"AAAA","auth":"AAAA"})") ==
        "invalidProperties");
}

TEST_CASE("what can't be a subscription is refused") {
  PushWorld w;
  for (const char* object :
       {R"("url":"https://push.example/")", R"("deviceClientId":"d")",
        R"("deviceClientId":"","url":"https://push.example/")",
        R"("deviceClientId":"d","url":"http://push.example/")",
        R"("deviceClientId":"d","url":"https://10.0.0.1/")",
        R"("deviceClientId":"d","url":"https://[::1]/")",
        R"("deviceClientId":"d","url":"https://push.example:25/")",
        R"("deviceClientId":"d","url":"https://push.example/","expires":"2020-01-01T00:00:00Z")",
        R"("deviceClientId":"d","url":"https://push.example/","expires":"soon")",
        R"("deviceClientId":"d","url":"https://push.example/","types":"Email")",
        R"("deviceClientId":"d","url":"https://push.example/","verificationCode":"x")",
        R"("deviceClientId":"d","url":"https://push.example/","more":1)"}) {
    CAPTURE(object);
    CHECK(w.refusal(object) == "invalidProperties");
  }
  w->runtime.settle();
  CHECK(w.poster.seen.empty());
  CHECK(w.error_of(w.call({{"PushSubscription/set", R"({"ifInState":"1"})"}}), 0) ==
        "invalidArguments");
}

TEST_CASE("/get never tells URL and keys; others see nothing; destroying ends it") {
  PushWorld w;
  const std::string id = w.verified();
  const auto get = [&](const std::string& arguments) {
    return w.call({{"PushSubscription/get", arguments}});
  };
  const Json all = w.arguments_of(get("{}"), 0);
  CHECK(all.find("accountId") == nullptr);
  CHECK(all.find("state") == nullptr);
  const Json& one = all.find("list")->array()->at(0);
  CHECK(one.text("deviceClientId") == "d");
  CHECK(one.find("url") == nullptr);
  CHECK(one.text("verificationCode").size() == 32);
  CHECK(w.error_of(get(R"({"properties":["url"]})"), 0) == "forbidden");
  CHECK(w.error_of(get(R"({"properties":["keys"]})"), 0) == "forbidden");
  CHECK(w.error_of(get(R"({"properties":["color"]})"), 0) == "invalidArguments");
  const Json theirs = w.rivals("PushSubscription/get", R"({"ids":[")" + id + R"("]})");
  CHECK(theirs.find("list")->array()->empty());
  CHECK(theirs.find("notFound")->array()->size() == 1);
  const Json tried =
      w.rivals("PushSubscription/set",
               R"({"destroy":[")" + id + R"("],"update":{")" + id + R"(":{"types":[]}}})");
  CHECK(tried.find("notDestroyed")->find(id)->text("type") == "notFound");
  CHECK(tried.find("notUpdated")->find(id)->text("type") == "notFound");
  CHECK(w.update(id, R"({"url":"https://other.example/"})") == "invalidProperties");
  CHECK(w.set(R"({"destroy":[")" + id + R"(","x"]})").find("destroyed")->array()->size() == 1);
  w->runtime.settle();
  w.change();
  CHECK(w.poster.seen.empty());
  CHECK(w.rows() == 0);
}

TEST_CASE("failures are tried again later and later, as the service asks; 404 and 410 end it") {
  PushWorld w;
  w.verified();
  w.poster.answer = {503, std::nullopt};
  w.change();
  CHECK(w.poster.seen.size() == 1);
  w->runtime.advance(seconds(9));
  CHECK(w.poster.seen.size() == 1);
  w->runtime.advance(seconds(2));
  CHECK(w.poster.seen.size() == 2);
  w->runtime.advance(seconds(21));
  CHECK(w.poster.seen.size() == 3);
  w.poster.answer = {429, minutes(30)};
  w->runtime.advance(seconds(41));
  CHECK(w.poster.seen.size() == 4);
  w.change();
  w->runtime.advance(minutes(29));
  CHECK(w.poster.seen.size() == 4);
  w.poster.answer = {201, std::nullopt};
  w->runtime.advance(minutes(2));
  CHECK(w.poster.seen.size() == 5);  // all that changed meanwhile, once
  w.poster.error = Error{Code::timeout, "posting", ""};
  w.change();
  w->runtime.advance(seconds(2));
  CHECK(w.poster.seen.size() == 6);
  w.poster.error.reset();
  w.poster.answer = {410, std::nullopt};
  w->runtime.advance(seconds(30));
  CHECK(w.poster.seen.size() == 7);
  CHECK(w.rows() == 0);
}

TEST_CASE("a restart tells what was not told, and nothing else") {
  PushWorld w;
  w.verified();
  w.poster.answer = {500, std::nullopt};
  w.change();
  REQUIRE(w.poster.seen.size() == 1);
  w.poster.answer = {201, std::nullopt};
  PushSender other{w.store,  w.store,         w.world.bus(), w->runtime,
                   w.poster, w.world.clock(), w.host.options};
  other.start();
  w->runtime.settle();
  CHECK(w.poster.seen.size() == 2);
  w->runtime.advance(minutes(10));  // the first one finds it told
  CHECK(w.poster.seen.size() == 2);
  w->runtime.stop();
}

TEST_CASE("an expired subscription, or one of a changed password, is gone") {
  PushWorld w;
  const std::string id = w.verified(R"(,"expires":"2099-01-01T00:00:00Z")");
  const Json got = w.arguments_of(w.call({{"PushSubscription/get", "{}"}}), 0);
  const auto expires = parse_date(got.find("list")->array()->at(0).text("expires"));
  CHECK(from_micros(expires->micros) <= w.world.clock().now() + hours(24 * 7));
  w->runtime.advance(hours(24 * 8));
  CHECK(w.rows() == 0);
  CHECK(w.update(id, R"({"types":null})") == "notFound");
  w.poster.seen.clear();
  w.verified();
  const auto credential = service::make_key_credential(Secret("another horse battery"));
  REQUIRE(w.world
              .write(w.acme,
                     [&](Tx& tx) {
                       return tx.directory().set_account_credential(w.hanako, *credential);
                     })
              .has_value());
  w.change();
  CHECK(w.poster.seen.empty());
  CHECK(w.rows() == 0);
}

TEST_CASE("an account has so many subscriptions, and makes so many in an hour") {
  PushWorld w;
  for (int i = 0; i < 10; ++i)
    CHECK(w.refusal(kDevice) == "created");
  CHECK(w.refusal(kDevice) == "overQuota");
  for (int i = 0; i < 19; ++i)
    w.refusal(kDevice);
  CHECK(w.refusal(kDevice) == "rateLimit");
  w.world.clock().advance(hours(2));
  CHECK(w.refusal(kDevice) == "overQuota");
}

}  // namespace
}  // namespace fumi::jmap::testing
