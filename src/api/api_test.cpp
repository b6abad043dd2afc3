#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

#include "api/openapi.h"
#include "api/problem.h"
#include "api/schema.h"

using namespace fumi;
using namespace fumi::api;

namespace {

struct Inner {
  std::string word;
  std::optional<std::uint32_t> count;
};
struct Outer {
  std::string name;
  Secret password;
  bool flag = true;
  std::int64_t number = 7;
  Instant at;
  std::vector<Inner> parts;
  std::optional<std::vector<std::string>> tags;
  std::string kind = "a";
};

void describe(Schema<Inner>& s) {
  s.named("Inner", "A part.");
  s.field(&Inner::word, "word", "A word.").length(1, 5);
  s.field(&Inner::count, "count", "How many.").range(1, 9);
}
void describe(Schema<Outer>& s) {
  s.named("Outer", "A whole.");
  s.field(&Outer::name, "name", "Its name.").length(1, 10);
  s.field(&Outer::password, "password", "Secret.").optional();
  s.field(&Outer::flag, "flag", "On or off.").optional();
  s.field(&Outer::number, "number", "A number.").range(-5, 10).optional();
  s.field(&Outer::at, "at", "When.").optional();
  s.field(&Outer::parts, "parts", "The parts.").length(0, 2).optional();
  s.field(&Outer::tags, "tags", "Words.");
  s.field(&Outer::kind, "kind", "Which.").choices({"a", "b"}).optional();
}

std::expected<Outer, FieldProblem> read(const std::string& text) {
  const auto json = parse_json(text);
  REQUIRE(json);
  return from_json<Outer>(*json);
}

}  // namespace

TEST_CASE("a struct is read and written") {
  const auto outer = read(
      R"({"name":"n","password":"p","flag":false,"number":3,"at":"2026-11-23T10:02:03.5+09:00",)"
      R"("parts":[{"word":"w","count":2},{"word":"x"}],"tags":["t"],"kind":"b"})");
  REQUIRE(outer);
  CHECK(outer->password.reveal() == "p");
  CHECK(to_rfc3339(outer->at) == "2026-11-23T01:02:03.500Z");
  CHECK(outer->parts[0].count == 2);
  CHECK_FALSE(outer->parts[1].count);
  const auto again = from_json<Outer>(to_json(*outer));
  REQUIRE(again);
  CHECK(write_json(to_json(*again)) == write_json(to_json(*outer)));
  CHECK(to_json(Outer{}).find("tags") == nullptr);
}

TEST_CASE("defaults stay where optional members are missing or null") {
  const auto outer = read(R"({"name":"n","number":null})");
  REQUIRE(outer);
  CHECK(outer->number == 7);
  CHECK(outer->flag);
  CHECK(outer->kind == "a");
}

TEST_CASE("what is wrong is named by its path") {
  struct Case {
    const char* text;
    const char* field;
  };
  for (const Case& each : {
           Case{"[]", ""},
           Case{"{}", "name"},
           Case{R"({"name":null})", "name"},
           Case{R"({"name":1})", "name"},
           Case{R"({"name":""})", "name"},
           Case{R"({"name":"12345678901"})", "name"},
           Case{R"({"name":"n","nmae":"x"})", "nmae"},
           Case{R"({"name":"n","flag":"true"})", "flag"},
           Case{R"({"name":"n","number":11})", "number"},
           Case{R"({"name":"n","number":1.5})", "number"},
           Case{R"({"name":"n","number":99999999999999999999})", "number"},
           Case{R"({"name":"n","at":"yesterday"})", "at"},
           Case{R"({"name":"n","at":"2026-02-30"})", "at"},
           Case{R"({"name":"n","parts":{}})", "parts"},
           Case{R"({"name":"n","parts":[{"word":"a"},{"word":"b"},{"word":"c"}]})", "parts"},
           Case{R"({"name":"n","parts":[{"word":"a"},{"count":1}]})", "parts[1].word"},
           Case{R"({"name":"n","parts":[{"word":"a","count":0}]})", "parts[0].count"},
           Case{R"({"name":"n","tags":[1]})", "tags[0]"},
           Case{R"({"name":"n","kind":"c"})", "kind"},
       }) {
    CAPTURE(each.text);
    const auto outer = read(each.text);
    REQUIRE_FALSE(outer);
    CHECK(outer.error().field == each.field);
  }
}

TEST_CASE("query parameters take the types of their fields") {
  const auto outer = from_json<Outer>(
      typed_query({{"name", "5"}, {"number", "-3"}, {"flag", "false"}}, info_of<Outer>()));
  REQUIRE(outer);
  CHECK(outer->name == "5");
  CHECK(outer->number == -3);
  CHECK_FALSE(outer->flag);
  CHECK_FALSE(from_json<Outer>(typed_query({{"name", "n"}, {"number", "x"}}, info_of<Outer>())));
}

TEST_CASE("every code has its status, and inner failures tell nothing") {
  struct Case {
    Code code;
    int status;
  };
  for (const Case& each :
       {Case{Code::invalid, 400}, Case{Code::not_found, 404}, Case{Code::conflict, 409},
        Case{Code::denied, 403}, Case{Code::unauthenticated, 401}, Case{Code::quota, 507},
        Case{Code::too_large, 413}, Case{Code::rate_limited, 429}, Case{Code::unavailable, 503},
        Case{Code::storage_full, 507}, Case{Code::timeout, 504}, Case{Code::cancelled, 503},
        Case{Code::peer_gone, 500}, Case{Code::corrupt, 500}, Case{Code::unsupported, 501},
        Case{Code::internal, 500}}) {
    const Problem problem = to_http(Error{each.code, "doing", "the secret path"});
    CHECK(problem.status == each.status);
    if (each.status >= 500 && each.status != 501 && each.code != Code::quota)
      CHECK(problem.detail.find("secret") == std::string::npos);
  }
  const auto response = problem_response(to_http(Error{Code::unauthenticated, "d", "x"}));
  CHECK(response.headers.find("WWW-Authenticate") != nullptr);
  CHECK(response.headers.value("Content-Type") == "application/problem+json");
  const auto field = problem_response(to_http(FieldProblem{"name", "is missing"}));
  const auto json = parse_json(field.body);
  CHECK(json->text("field") == "name");
  CHECK(json->text("detail") == "name is missing");
  CHECK(json->number("status") == 400);
  CHECK(json->text("pointer") == "/name");
}

TEST_CASE("problems speak Japanese to who asks for it, and point into the body") {
  http::Request request;
  CHECK(language_of(request) == Language::english);
  request.headers.add("Accept-Language", "ja-JP,ja;q=0.9,en;q=0.5");
  REQUIRE(language_of(request) == Language::japanese);
  const auto told = problem_response(
      to_http(FieldProblem{"recipients[2].a/b~c", "is missing", "必須です"}), Language::japanese);
  const auto json = parse_json(told.body);
  CHECK(json->text("title") == "リクエストに誤りがあります");
  CHECK(json->text("detail") == "recipients[2].a/b~c: 必須です");
  CHECK(json->text("pointer") == "/recipients/2/a~1b~0c");
  const auto plain =
      problem_response(to_http(Error{Code::not_found, "d", "no x"}), Language::japanese);
  CHECK(parse_json(plain.body)->text("title") == "見つかりません");
  CHECK(parse_json(plain.body)->text("detail") == "no x");
  for (const auto& code : {Code::invalid, Code::conflict, Code::denied, Code::unauthenticated,
                           Code::quota, Code::too_large, Code::rate_limited, Code::unsupported,
                           Code::unavailable, Code::storage_full, Code::timeout, Code::internal}) {
    const Problem problem = to_http(Error{code, "d", "x"});
    const auto both = problem_response(problem, Language::japanese);
    CHECK(parse_json(both.body)->text("title") != problem.title);
  }
}

TEST_CASE("schemas of fields carry their limits") {
  const Json schema = json_schema(info_of<Outer>());
  const Json* properties = schema.find("properties");
  CHECK(properties->find("name")->number("maxLength") == 10);
  CHECK(properties->find("number")->number("minimum") == -5);
  CHECK(properties->find("parts")->find("items")->text("$ref") == "#/components/schemas/Inner");
  CHECK(properties->find("at")->text("format") == "date-time");
  CHECK(properties->find("kind")->find("enum")->array()->size() == 2);
  CHECK(schema.find("required")->array()->size() == 1);
}
