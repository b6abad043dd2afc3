// HttpSession: one HTTP connection. Connects the framing engine, the stream and the router.
//
//   HttpHost host("operator", router, options, clock, metrics);            // one for each listener
//   net::Listener::open(pool, config, [&](std::unique_ptr<net::Stream> stream) {
//     return http::serve(host, std::move(stream), RequestContext::Transport::clear);
//   });
//
// Each response carries the security headers that the handler has not set itself. Errors before a
// handler (400, 404, 405, 413 …) are problem+json. An exception that leaves a handler is logged and
// answered 500. A streamed route's handler runs while the body comes, at the client's pace; the
// body must be there within body_timeout all the same. Drain: idle connections end; a request that
// runs is answered first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "net/stream.h"
#include "obs/metrics.h"
#include "proto/http/request_reader.h"
#include "proto/http/writer.h"
#include "server/http/options.h"
#include "server/http/router.h"

namespace fumi::http {

// Declared once for all listeners: fumi_http_requests_total{listener,method,route,class} and
// fumi_http_request_seconds{listener,route}.
struct HttpMetrics {
  explicit HttpMetrics(obs::Registry& registry);
  obs::Family<obs::Counter> requests;
  obs::Family<obs::Histogram> seconds;
};

// What all sessions of one listener share; outlives them. Build it after the last Router::add().
class HttpHost {
 public:
  // `name`: "http" or "operator". `tls`: for listeners that speak TLS, else null.
  HttpHost(std::string name, const Router& router, HttpOptions options, const Clock& clock,
           const HttpMetrics& metrics, net::TlsServerContext* tls = nullptr);

  [[nodiscard]] const Router& router() const { return router_; }
  [[nodiscard]] const HttpOptions& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] net::TlsServerContext* tls() const { return tls_; }

  // Counts and logs one answered request; `route` may be null.
  void answered(const RequestContext& context, const Route* route, int status) const;
  [[nodiscard]] std::string next_request_id();

 private:
  struct RouteMetrics {
    std::vector<obs::Counter> classes;  // 1xx … 5xx
    obs::Histogram seconds;
  };
  [[nodiscard]] RouteMetrics make_metrics(const HttpMetrics& metrics, std::string_view method,
                                          std::string_view route) const;

  std::string name_;
  const Router& router_;
  HttpOptions options_;
  const Clock& clock_;
  net::TlsServerContext* tls_;
  std::vector<RouteMetrics> by_route_;  // by Route::index; the last one: no route
  std::atomic<std::uint64_t> next_id_{0};
};

class HttpSession {
 public:
  HttpSession(HttpHost& host, std::unique_ptr<net::Stream> stream,
              RequestContext::Transport transport);
  Task<void> run();

 private:
  Task<bool> fill();
  Task<Status> read_on();
  Connection next_connection();
  class Body;
  Task<bool> on_head();
  Task<bool> on_stream();
  Task<bool> on_complete();
  Task<Reply> handle(RequestContext& context);
  Task<bool> answer(RequestContext& context, Reply reply, const Route* route,
                    Connection connection);
  Task<bool> respond(RequestContext context, Reply reply, Connection connection);
  Task<bool> send_source(BodySource& source, Framing framing, std::uint64_t octets_max);
  Task<void> refuse(Bad bad);
  Task<void> linger();
  [[nodiscard]] RequestContext make_context();

  HttpHost& host_;
  std::unique_ptr<net::Stream> stream_;
  RequestReader reader_;
  RequestContext::Transport transport_;
  std::string client_ip_;
  RouteMatch match_;
  std::uint32_t requests_ = 0;
  Instant received_;
};

// The coroutine of one connection.
Task<void> serve(HttpHost& host, std::unique_ptr<net::Stream> stream,
                 RequestContext::Transport transport);

}  // namespace fumi::http
