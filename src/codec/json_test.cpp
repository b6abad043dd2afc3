#include "codec/json.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace fumi::codec {
namespace {

TEST_CASE("JSON text: round trip, escapes, limits") {
  const bool holds = rc::check([](const std::string& text, std::int64_t number) {
    const Json value = JsonObject{{"t", text}, {"n", number}, {"a", JsonArray{true, nullptr}}};
    const std::string once = write_json(value);
    const auto back = parse_json(once);
    RC_ASSERT(back.has_value());
    RC_ASSERT(write_json(*back) == once);
  });
  CHECK(holds);
  CHECK(write_json("<a>\n\x01\x7f\"\\", Layout::compact, Angles::escaped) ==
        "\"\\u003Ca\\u003E\\n\\u0001\\u007f\\\"\\\\\"");
  CHECK(write_json("\xff") == "\"\xef\xbf\xbd\"");
  CHECK_FALSE(parse_json("{"));
  CHECK_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')));
  CHECK_FALSE(parse_json("1 2"));
  Json object = JsonObject{{"a", 1}, {"b", 2}};
  object.erase("a");
  CHECK(write_json(object) == R"({"b":2})");
  CHECK(object == *parse_json(R"({"b":2})"));
}

}  // namespace
}  // namespace fumi::codec
