// Router: from a method and a path to the handler that answers.
//
// Patterns are segments, literal or "{name}" (one whole segment): "/api/admin/v1/tenants/{tenant}".
// A literal segment goes before a name. Routes are added at start, before sessions run; afterwards
// the router is read-only and safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "proto/http/message.h"

namespace fumi::net {
class Stream;
}

namespace fumi::http {

// A body that is made while it is sent. Owned by its response; used on the session's executor.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece; empty: the end. After an error the connection is cut, so that the client can
  // tell that the body is not complete.
  virtual Task<Result<std::string>> next() = 0;
};

// The body of a request that is read while the handler works (RouteOptions::body). What the handler
// leaves unread closes the connection.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece, not empty, at most some tens of KB; empty: the end. After an error (too_large,
  // invalid, timeout, peer_gone, cancelled) the session answers in the handler's place.
  virtual Task<Result<std::string>> next() = 0;
};

// Another protocol on the connection, once the response (101) has been sent (RFC 9110 §7.8).
class Upgrade {
 public:
  virtual ~Upgrade() = default;
  // `already_read`: what came behind the request. The connection ends when it returns.
  virtual Task<void> run(net::Stream& stream, std::string already_read) = 0;
};

// What a handler gives back. With a source, the response's own body is ignored.
struct Reply {
  Reply() = default;
  Reply(Response simple) : response(std::move(simple)) {}  // NOLINT: handlers return responses
  Response response;
  std::unique_ptr<BodySource> source;
  std::optional<std::uint64_t> source_octets;  // what the source will give, where that is known
  std::unique_ptr<Upgrade> upgrade;            // goes with status 101
};

struct RequestContext {
  Request request;
  BodyReader* body = nullptr;         // of a streamed route, while its handler runs
  std::vector<Parameter> parameters;  // of the pattern, by name
  std::string client_ip;
  enum class Transport : std::uint8_t { clear, tls } transport = Transport::clear;
  std::string request_id;  // in the log line and in X-Request-Id
  Instant received;

  [[nodiscard]] std::string_view parameter(std::string_view name) const;  // "" when there is none
};

using Handler = std::function<Task<Reply>(RequestContext&)>;

struct RouteOptions {
  std::uint64_t body_octets_max = 64 * 1024;  // over it the client gets 413
  enum class Body : std::uint8_t { whole, stream } body = Body::whole;
};

struct Route {
  Method method = Method::get;
  std::string pattern;
  std::vector<std::string> segments;
  Handler handler;
  RouteOptions options;
  std::size_t index = 0;  // in Router::routes()
};

struct RouteMatch {
  const Route* route = nullptr;  // null: 404, or 405 when `allowed` is not empty
  std::vector<Parameter> parameters;
  std::vector<Method> allowed;  // methods that this path knows
};

class Router {
 public:
  // Asserts that the pattern is well-formed and not taken. GET answers HEAD too.
  void add(Method method, std::string pattern, Handler handler, RouteOptions options = {});

  [[nodiscard]] RouteMatch find(Method method, const std::vector<std::string>& segments) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  std::vector<std::unique_ptr<Route>> routes_;
};

// "GET, HEAD, POST" for Allow (RFC 9110 §10.2.1).
[[nodiscard]] std::string allow_value(const std::vector<Method>& methods);

// Small responses. `type` is a whole media type.
[[nodiscard]] Response text_response(int status, std::string body,
                                     std::string type = "text/plain; charset=utf-8");
// RFC 9457, with type about:blank; for what goes wrong before a handler is reached.
[[nodiscard]] Response plain_problem(int status, std::string_view detail);

}  // namespace fumi::http
