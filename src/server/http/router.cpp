#include "server/http/router.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/assert.h"

namespace fumi::http {
namespace {

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const Route& route, const std::vector<std::string>& segments) {
  if (route.segments.size() != segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_name(route.segments[i]) ? segments[i].empty() : route.segments[i] != segments[i])
      return false;
  }
  return true;
}

// Whether `a` is the more exact pattern: the first segment that differs in kind decides.
bool is_better(const Route& a, const Route& b) {
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    const bool a_name = is_name(a.segments[i]);
    const bool b_name = is_name(b.segments[i]);
    if (a_name != b_name) return b_name;
  }
  return false;
}

// JSON text of a string that we made or quote; control characters become spaces.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

}  // namespace

std::string_view RequestContext::parameter(std::string_view name) const {
  for (const Parameter& each : parameters)
    if (each.name == name) return each.value;
  return {};
}

void Router::add(Method method, std::string pattern, Handler handler, RouteOptions options) {
  FUMI_ASSERT(!pattern.empty() && pattern[0] == '/');
  auto route = std::make_unique<Route>();
  route->method = method;
  for (const std::string_view segment : ascii::split(std::string_view(pattern).substr(1), '/'))
    route->segments.emplace_back(segment);
  for (const auto& other : routes_)
    FUMI_ASSERT(other->method != method || other->pattern != pattern);
  route->pattern = std::move(pattern);
  route->handler = std::move(handler);
  route->options = options;
  route->index = routes_.size();
  routes_.push_back(std::move(route));
}

RouteMatch Router::find(Method method, const std::vector<std::string>& segments) const {
  const Method wanted = method == Method::head ? Method::get : method;
  RouteMatch match;
  const Route* best_path = nullptr;  // of any method: decides which methods are allowed
  for (const auto& route : routes_) {
    if (!matches(*route, segments)) continue;
    if (best_path == nullptr || is_better(*route, *best_path)) best_path = route.get();
  }
  if (best_path == nullptr) return match;
  for (const auto& route : routes_) {
    if (!matches(*route, segments) || is_better(*best_path, *route)) continue;
    match.allowed.push_back(route->method);
    if (route->method == Method::get) match.allowed.push_back(Method::head);
    if (route->method == wanted) match.route = route.get();
  }
  match.allowed.push_back(Method::options);
  if (match.route == nullptr) return match;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& segment = match.route->segments[i];
    if (is_name(segment))
      match.parameters.push_back({segment.substr(1, segment.size() - 2), segments[i]});
  }
  return match;
}

std::string allow_value(const std::vector<Method>& methods) {
  std::string out;
  for (const Method method : methods) {
    if (!out.empty()) out += ", ";
    out += to_string(method);
  }
  return out;
}

Response text_response(int status, std::string body, std::string type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

Response plain_problem(int status, std::string_view detail) {
  std::string body = "{\"type\":\"about:blank\",\"title\":" + quoted(reason_phrase(status)) +
                     ",\"status\":" + std::to_string(status) + ",\"detail\":" + quoted(detail) +
                     "}\n";
  return text_response(status, std::move(body), "application/problem+json");
}

}  // namespace fumi::http
