#include "proto/jmap/errors.h"

namespace fumi::jmap {

Json RequestError::json() const {
  Json out = JsonObject{
      {"type", "urn:ietf:params:jmap:error:" + type}, {"status", status}, {"detail", detail}};
  if (!limit.empty()) out.set("limit", limit);
  return out;
}

Json MethodError::json() const {
  Json out = JsonObject{{"type", type}};
  if (!description.empty()) out.set("description", description);
  return out;
}

Json SetError::json() const {
  Json out = JsonObject{{"type", type}};
  if (!description.empty()) out.set("description", description);
  if (!properties.empty()) {
    JsonArray names;
    for (const std::string& property : properties)
      names.emplace_back(property);
    out.set("properties", std::move(names));
  }
  for (const JsonMember& member : more)
    out.set(member.name, member.value);
  return out;
}

MethodError to_jmap(const Error& error) {
  switch (error.code) {
    case Code::invalid:
      return {"invalidArguments", error.detail};
    case Code::not_found:
      return {"accountNotFound", ""};
    case Code::denied:
      return {"forbidden", error.detail};
    case Code::too_large:
      return {"requestTooLarge", error.detail};
    case Code::rate_limited:
    case Code::unavailable:
    case Code::timeout:
    case Code::cancelled:
    case Code::storage_full:
      return {"serverUnavailable", "try again later"};
    default:
      return {"serverFail", "the server failed; its log says why"};
  }
}

SetError to_set_error(const Error& error) {
  switch (error.code) {
    case Code::not_found:
      return {"notFound", "", {}, {}};
    case Code::denied:
      return {"forbidden", error.detail, {}, {}};
    case Code::quota:
      return {"overQuota", error.detail, {}, {}};
    case Code::too_large:
      return {"tooLarge", error.detail, {}, {}};
    case Code::rate_limited:
      return {"rateLimit", error.detail, {}, {}};
    case Code::invalid:
    case Code::conflict:
      return {"invalidProperties", error.detail, {}, {}};
    default:
      return {"serverFail", "the server failed; its log says why", {}, {}};
  }
}

}  // namespace fumi::jmap
