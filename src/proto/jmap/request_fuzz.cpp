// Any bytes as a request: it is read or refused, and what is read can be resolved and patched.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/jmap/arguments.h"
#include "proto/jmap/patch.h"
#include "proto/jmap/window.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fumi::jmap;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> known{"urn:ietf:params:jmap:core"};
  Limits limits;
  limits.calls_max = 16;
  const auto request = parse_request(body, limits, known);
  if (!request) {
    static_cast<void>(fumi::codec::write_json(request.error().json()));
    return 0;
  }
  Response response;
  for (const Invocation& call : request->calls) {
    auto arguments = resolve_references(call.arguments, response.responses);
    if (!arguments) {
      response.responses.push_back({"error", arguments.error().json(), call.call_id});
      continue;
    }
    static_cast<void>(get_arguments(*arguments, request->created_ids, 10));
    static_cast<void>(changes_arguments(*arguments));
    static_cast<void>(query_changes_arguments(*arguments));
    if (const auto set = set_arguments(*arguments, 10)) {
      for (const auto& [id, patch] : set->update)
        static_cast<void>(apply_patch(*arguments, patch));
    }
    static_cast<void>(parse_date(call.name));
    response.responses.push_back({call.name, std::move(*arguments), call.call_id});
  }
  static_cast<void>(fumi::codec::write_json(response.json(request->answer_created_ids)));
  return 0;
}
