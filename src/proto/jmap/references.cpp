#include "proto/jmap/references.h"

#include <algorithm>

#include "proto/jmap/patch.h"

namespace fumi::jmap {

MethodResult<Json> resolve_references(Json arguments, const std::vector<Invocation>& responses) {
  JsonObject out;
  for (const JsonMember& member : *arguments.object()) {
    if (!member.name.starts_with('#')) {
      out.push_back(member);
      continue;
    }
    std::string name = member.name.substr(1);
    if (arguments.find(name) != nullptr || name.empty()) {
      return invalid_arguments("an argument comes both by value and by reference");
    }
    const Json& reference = member.value;
    const auto missing = [&name] {
      return refuse("invalidResultReference", "the reference of " + name + " points at nothing");
    };
    const auto found = std::ranges::find_if(responses, [&](const Invocation& response) {
      return response.call_id == reference.text("resultOf");
    });
    if (found == responses.end() || found->name != reference.text("name")) return missing();
    const Json* path = reference.find("path");
    if (path == nullptr || path->string() == nullptr) return missing();
    auto value = evaluate_pointer(found->arguments, *path->string());
    if (!value) return missing();
    out.push_back({std::move(name), std::move(*value)});
  }
  return Json(std::move(out));
}

std::optional<std::string> resolve_id(std::string_view id,
                                      const std::map<std::string, std::string>& created_ids) {
  if (!id.starts_with('#')) return std::string(id);
  const auto found = created_ids.find(std::string(id.substr(1)));
  if (found == created_ids.end()) return std::nullopt;
  return found->second;
}

}  // namespace fumi::jmap
