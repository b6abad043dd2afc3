#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "proto/jmap/arguments.h"
#include "proto/jmap/patch.h"
#include "proto/jmap/window.h"

namespace fumi::jmap {
namespace {

const std::vector<std::string> kKnown{"urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"};

Json json(std::string_view text) {
  auto parsed = codec::parse_json(text);
  REQUIRE(parsed);
  return *parsed;
}
std::string text(const Json& value) { return codec::write_json(value); }

TEST_CASE("requests: what is wrong is told by its type (RFC 8620 §3.6.1)") {
  struct Row {
    const char* body;
    const char* type;
    const char* limit;
  };
  const Row rows[] = {
      {"{", "notJSON", ""},
      {"\"\xff\"", "notJSON", ""},
      {"[]", "notRequest", ""},
      {R"({"using":[]})", "notRequest", ""},
      {R"({"using":"x","methodCalls":[]})", "notRequest", ""},
      {R"({"using":[1],"methodCalls":[]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":{}})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[["a",{}]]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[["a",[],"0"]]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[],"createdIds":[]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[],"createdIds":{"a":"b c"}})", "notRequest", ""},
      {R"({"using":["urn:x"],"methodCalls":[]})", "unknownCapability", ""},
      {R"({"using":[],"methodCalls":[["a",{},"0"],["a",{},"1"],["a",{},"2"]]})", "limit",
       "maxCallsInRequest"},
      {R"({"using":[],"methodCalls":[["a",{"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
           "0"]]})",
       "limit", "maxSizeRequest"},
  };
  Limits limits;
  limits.calls_max = 2;
  limits.request_octets_max = 100;
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const auto request = parse_request(row.body, limits, kKnown);
    REQUIRE_FALSE(request);
    CHECK(request.error().type == row.type);
    CHECK(request.error().limit == row.limit);
    CHECK(request.error().json().text("type") ==
          std::string("urn:ietf:params:jmap:error:") + row.type);
  }
}

TEST_CASE("a request and its response") {
  const auto request = parse_request(
      R"({"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{"a":1},"b"]],)"
      R"("createdIds":{"k":"i1"}})",
      {}, kKnown);
  REQUIRE(request);
  CHECK(request->calls.at(0).name == "Core/echo");
  CHECK(request->created_ids.at("k") == "i1");
  Response response;
  response.responses = request->calls;
  response.created_ids = request->created_ids;
  response.session_state = "s";
  CHECK(text(response.json(request->answer_created_ids)) ==
        R"({"methodResponses":[["Core/echo",{"a":1},"b"]],"sessionState":"s",)"
        R"("createdIds":{"k":"i1"}})");
}

TEST_CASE("result references (RFC 8620 §3.7, its own example)") {
  const std::vector<Invocation> responses{
      {"Email/query", json(R"({"ids":["a","b"]})"), "t0"},
      {"Email/get", json(R"({"list":[{"threadId":"x"},{"threadId":"y"}]})"), "t1"},
      {"Thread/get", json(R"({"list":[{"emailIds":["1","2"]},{"emailIds":["3"]}]})"), "t2"},
      {"error", json(R"({"type":"x"})"), "t3"}};
  const auto resolve = [&](const char* arguments) {
    const auto resolved = resolve_references(json(arguments), responses);
    return resolved ? text(*resolved) : resolved.error().type;
  };
  CHECK(resolve(R"({"#ids":{"resultOf":"t0","name":"Email/query","path":"/ids"},"z":1})") ==
        R"({"ids":["a","b"],"z":1})");
  CHECK(resolve(R"({"#ids":{"resultOf":"t1","name":"Email/get","path":"/list/*/threadId"}})") ==
        R"({"ids":["x","y"]})");
  CHECK(resolve(R"({"#ids":{"resultOf":"t2","name":"Thread/get","path":"/list/*/emailIds"}})") ==
        R"({"ids":["1","2","3"]})");
  CHECK(resolve(R"({"#id":{"resultOf":"t0","name":"Email/query","path":"/ids/1"}})") ==
        R"({"id":"b"})");
  for (const char* bad :
       {R"({"#ids":{"resultOf":"t9","name":"Email/query","path":"/ids"}})",
        R"({"#ids":{"resultOf":"t0","name":"Email/get","path":"/ids"}})",
        R"({"#ids":{"resultOf":"t0","name":"Email/query","path":"ids"}})",
        R"({"#ids":{"resultOf":"t0","name":"Email/query","path":"/ids/2"}})",
        R"({"#ids":{"resultOf":"t0","name":"Email/query","path":"/ids/01"}})",
        R"({"#ids":{"resultOf":"t0","name":"Email/query"}})",
        R"({"#ids":{"resultOf":"t3","name":"Email/get","path":"/ids"}})", R"({"#ids":7})"}) {
    CAPTURE(bad);
    CHECK(resolve(bad) == "invalidResultReference");
  }
  CHECK(resolve(R"({"ids":[],"#ids":{"resultOf":"t0","name":"Email/query","path":"/ids"}})") ==
        "invalidArguments");
  CHECK_FALSE(evaluate_pointer(json(R"([[1,2],[3]])"), "/*", 2));  // the bound of what is gathered
}

TEST_CASE("patches (RFC 8620 §5.3)") {
  const Json object = json(R"({"name":"n","keywords":{"$seen":true},"list":[{"a":1}]})");
  const auto patch = [&](const char* what) {
    const auto done = apply_patch(object, json(what));
    return done ? text(*done) : done.error().type;
  };
  CHECK(patch(R"({"keywords/$flagged":true,"name":"m"})") ==
        R"({"name":"m","keywords":{"$seen":true,"$flagged":true},"list":[{"a":1}]})");
  CHECK(patch(R"({"keywords/$seen":null})") == R"({"name":"n","keywords":{},"list":[{"a":1}]})");
  CHECK(patch(R"({"keywords/a~1b":true})") ==
        R"({"name":"n","keywords":{"$seen":true,"a/b":true},"list":[{"a":1}]})");
  for (const char* bad : {R"({"list/0/a":2})", R"({"missing/a":2})", R"({"name/a":2})",
                          R"({"keywords":{},"keywords/x":true})", R"([])"}) {
    CAPTURE(bad);
    CHECK(patch(bad) == "invalidPatch");
  }
  CHECK(unescape_pointer(escape_pointer("a/b~c~1")) == "a/b~c~1");
}

TEST_CASE("arguments of the wrong type are invalidArguments") {
  for (const char* bad : {R"({"ids":"x"})", R"({"ids":[1]})", R"({"properties":{}})"}) {
    CAPTURE(bad);
    CHECK(get_arguments(json(bad), {}, 5).error().type == "invalidArguments");
  }
  CHECK(get_arguments(json(R"({"ids":["a","b"]})"), {}, 1).error().type == "requestTooLarge");
  const auto ids = get_arguments(json(R"({"ids":["#k","a","#none","a"]})"), {{"k", "a"}}, 5);
  CHECK(*ids->ids == std::vector<std::string>{"a", "#none"});
  for (const char* bad : {R"({})", R"({"sinceState":1})", R"({"sinceState":"1","maxChanges":0})"}) {
    CAPTURE(bad);
    CHECK(changes_arguments(json(bad)).error().type == "invalidArguments");
  }
  for (const char* bad :
       {R"({"create":[]})", R"({"update":1})", R"({"destroy":{}})", R"({"ifInState":1})"}) {
    CAPTURE(bad);
    CHECK(set_arguments(json(bad), 5).error().type == "invalidArguments");
  }
  CHECK(set_arguments(json(R"({"create":{"a":{}},"destroy":["x"]})"), 1).error().type ==
        "requestTooLarge");
  for (const char* bad : {R"({"filter":[]})", R"({"sort":{}})", R"({"sort":[{}]})",
                          R"({"position":"1"})", R"({"limit":-1})", R"({"calculateTotal":1})",
                          R"({"sort":[{"property":"a","isAscending":1}]})", R"({"position":1e300})",
                          R"({"anchor":1})"}) {
    CAPTURE(bad);
    CHECK(query_arguments(json(bad)).error().type == "invalidArguments");
  }
  CHECK(query_changes_arguments(json("{}")).error().type == "invalidArguments");
  CHECK(account_argument(json("{}")).error().type == "invalidArguments");
}

TEST_CASE("windows of a query (RFC 8620 §5.5)") {
  const std::vector<std::string> ids{"a", "b", "c", "d", "e"};
  struct Row {
    const char* arguments;
    std::size_t position;
    const char* found;
  };
  const Row rows[] = {
      {R"({})", 0, "abc"},
      {R"({"limit":2})", 0, "ab"},
      {R"({"position":3})", 3, "de"},
      {R"({"position":-2})", 3, "de"},
      {R"({"position":-9})", 0, "abc"},
      {R"({"position":9})", 9, ""},
      {R"({"anchor":"c"})", 2, "cde"},
      {R"({"anchor":"c","anchorOffset":-1,"limit":1})", 1, "b"},
      {R"({"anchor":"a","anchorOffset":-5})", 0, "abc"},
      {R"({"anchor":"e","anchorOffset":5})", 9, ""},
      {R"({"limit":0})", 0, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const auto window = cut_window(ids, *query_arguments(json(row.arguments)), 3);
    REQUIRE(window);
    std::string joined;
    for (const std::string& id : window->ids)
      joined += id;
    CHECK(joined == row.found);
    CHECK(window->position == row.position);
  }
  CHECK(cut_window(ids, *query_arguments(json(R"({"limit":9})")), 3)->limit == 3U);
  CHECK_FALSE(cut_window(ids, *query_arguments(json(R"({"limit":3})")), 3)->limit);
  CHECK(cut_window(ids, *query_arguments(json(R"({"anchor":"z"})")), 3).error().type ==
        "anchorNotFound");
}

TEST_CASE("a difference turns the old result into the new one (RFC 8620 §5.6)") {
  const bool holds = rc::check([] {
    const auto distinct = [](std::vector<int> numbers) {
      std::vector<std::string> out;
      for (const int number : numbers) {
        std::string id = std::to_string(number);
        if (std::ranges::find(out, id) == out.end()) out.push_back(std::move(id));
      }
      return out;
    };
    const auto small = rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12));
    std::vector<std::string> before = distinct(*small);
    const std::vector<std::string> now = distinct(*small);
    const QueryDifference difference = query_difference(before, now);
    for (const std::string& id : difference.removed)
      std::erase(before, id);
    for (const auto& added : difference.added) {
      RC_ASSERT(added.index <= before.size());
      before.insert(before.begin() + std::ptrdiff_t(added.index), added.id);
    }
    RC_ASSERT(before == now);
  });
  CHECK(holds);
}

TEST_CASE("dates (RFC 8620 §1.4)") {
  CHECK(utc_date(1'414'649'520'000'000) == "2014-10-30T06:12:00Z");
  const auto plain = parse_date("2014-10-30T06:12:00Z");
  REQUIRE(plain);
  CHECK(plain->micros == 1'414'649'520'000'000);
  const auto zoned = parse_date("2014-10-30T14:12:00.5+08:00");
  REQUIRE(zoned);
  CHECK(zoned->micros == plain->micros);
  CHECK(zoned->zone_minutes == 480);
  for (const char* bad : {"", "2014-10-30", "2014-13-30T06:12:00Z", "2014-02-30T06:12:00Z",
                          "2014-10-30T24:12:00Z", "2014-10-30T06:12:00", "2014-10-30T06:12:00.Z",
                          "2014-10-30T06:12:00+8:00", "2014-10-30t06:12:00Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_date(bad));
  }
}

TEST_CASE("ids and the answer of a set") {
  CHECK(is_id("aZ09-_"));
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string(256, 'a'), std::string("#a")}) {
    CHECK_FALSE(is_id(bad));
  }
  SetAnswer answer;
  CHECK_FALSE(answer.has_changed());
  answer.created("k", json(R"({"id":"1"})"));
  answer.not_updated("2", SetError{"invalidProperties", "", {"name"}, {}});
  answer.destroyed("3");
  CHECK(answer.has_changed());
  CHECK(text(std::move(answer).json("A", "1", "2")) ==
        R"({"accountId":"A","oldState":"1","newState":"2","created":{"k":{"id":"1"}},)"
        R"("updated":null,"destroyed":["3"],"notCreated":null,)"
        R"("notUpdated":{"2":{"type":"invalidProperties","properties":["name"]}},)"
        R"("notDestroyed":null})");
}

}  // namespace
}  // namespace fumi::jmap
