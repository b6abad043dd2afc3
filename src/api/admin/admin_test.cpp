#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "api/admin/admin_routes.h"
#include "api/json.h"

using namespace fumi;
using namespace fumi::api;

namespace {

void each_value(const Json& value,
                const std::function<void(const std::string&, const Json&)>& see) {
  if (const JsonObject* object = value.object()) {
    for (const JsonMember& member : *object) {
      see(member.name, member.value);
      each_value(member.value, see);
    }
  } else if (const JsonArray* array = value.array()) {
    for (const Json& each : *array)
      each_value(each, see);
  }
}

}  // namespace

TEST_CASE("the OpenAPI document is whole") {
  const auto document = parse_json(admin::openapi_document());
  REQUIRE(document);
  CHECK(document->text("openapi") == "3.1.0");
  const Json* schemas = document->find("components")->find("schemas");
  REQUIRE(schemas != nullptr);
  std::size_t references = 0;
  each_value(*document, [&](const std::string& name, const Json& value) {
    if (name != "$ref" || value.string() == nullptr) return;
    const std::string prefix = "#/components/schemas/";
    REQUIRE(value.string()->starts_with(prefix));
    CAPTURE(*value.string());
    CHECK(schemas->find(value.string()->substr(prefix.size())) != nullptr);
    ++references;
  });
  CHECK(references > 50);
  std::set<std::string> ids;
  for (const JsonMember& path : *document->find("paths")->object()) {
    CAPTURE(path.name);
    CHECK(path.name.starts_with("/api/admin/v1/"));
    for (const JsonMember& operation : *path.value.object()) {
      CHECK(ids.insert(std::string(operation.value.text("operationId"))).second);
      CHECK_FALSE(operation.value.text("summary").empty());
      // Each name in the path is a parameter.
      std::set<std::string> named;
      if (const Json* parameters = operation.value.find("parameters"))
        for (const Json& parameter : *parameters->array())
          if (parameter.text("in") == "path") {
            named.insert(std::string(parameter.text("name")));
            CHECK_FALSE(parameter.text("description").empty());
          }
      std::size_t in_path = 0;
      for (std::size_t at = path.name.find('{'); at != std::string::npos;
           at = path.name.find('{', at + 1)) {
        CHECK(named.contains(path.name.substr(at + 1, path.name.find('}', at) - at - 1)));
        ++in_path;
      }
      CHECK(named.size() == in_path);
      CHECK(operation.value.find("responses")->find("401") != nullptr);
    }
  }
  CHECK(ids.size() >= 30);
  for (const JsonMember& schema : *schemas->object()) {
    CAPTURE(schema.name);
    CHECK_FALSE(schema.value.text("description").empty());
    for (const JsonMember& property : *schema.value.find("properties")->object())
      CHECK((property.value.find("description") != nullptr));
  }
}
