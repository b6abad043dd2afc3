#include "server/http/http_server.h"

#include <exception>

#include "base/ascii.h"
#include "base/ids.h"
#include "base/log.h"

namespace fumi::http {
namespace {

constexpr std::size_t kReadOctets = 16 * 1024;
constexpr Duration kLingerTime = std::chrono::seconds(2);
constexpr std::size_t kLingerOctetsMax = 1024 * 1024;

void set_default(Fields& headers, std::string_view name, std::string_view value) {
  if (headers.find(name) == nullptr) headers.add(std::string(name), std::string(value));
}

// What no response should be without (OWASP's REST list); pages that need more set their own.
void add_security_headers(Response& response, const RequestContext& context) {
  set_default(response.headers, "X-Content-Type-Options", "nosniff");
  set_default(response.headers, "Content-Security-Policy",
              "default-src 'none'; frame-ancestors 'none'");
  set_default(response.headers, "Referrer-Policy", "no-referrer");
  set_default(response.headers, "Cross-Origin-Resource-Policy", "same-origin");
  set_default(response.headers, "Cache-Control", "no-store");
  if (context.transport == RequestContext::Transport::tls)
    set_default(response.headers, "Strict-Transport-Security", "max-age=31536000");
  if (!context.request_id.empty())
    set_default(response.headers, "X-Request-Id", context.request_id);
}

}  // namespace

HttpMetrics::HttpMetrics(obs::Registry& registry)
    : requests(registry.counters("fumi_http_requests_total", "HTTP requests answered",
                                 {"listener", "method", "route", "class"})),
      seconds(registry.histograms("fumi_http_request_seconds",
                                  "From a request's first octet to the end of its response",
                                  {"listener", "route"}, obs::latency_buckets())) {}

HttpHost::HttpHost(std::string name, const Router& router, HttpOptions options, const Clock& clock,
                   const HttpMetrics& metrics, net::TlsServerContext* tls)
    : name_(std::move(name)), router_(router), options_(options), clock_(clock), tls_(tls) {
  for (const auto& route : router.routes())
    by_route_.push_back(make_metrics(metrics, to_string(route->method), route->pattern));
  by_route_.push_back(make_metrics(metrics, "any", "none"));
}

HttpHost::RouteMetrics HttpHost::make_metrics(const HttpMetrics& metrics, std::string_view method,
                                              std::string_view route) const {
  RouteMetrics made;
  for (const std::string_view status_class : {"1xx", "2xx", "3xx", "4xx", "5xx"})
    made.classes.push_back(metrics.requests.with({name_, method, route, status_class}));
  made.seconds = metrics.seconds.with({name_, route});
  return made;
}

void HttpHost::answered(const RequestContext& context, const Route* route, int status) const {
  const RouteMetrics& metrics = route ? by_route_[route->index] : by_route_.back();
  const int status_class = status / 100;
  if (status_class >= 1 && status_class <= 5) metrics.classes[std::size_t(status_class - 1)].add();
  const Duration took = clock_.now() - context.received;
  metrics.seconds.observe(std::chrono::duration<double>(took).count());
  if (options_.access_log == AccessLog::off) return;
  log::info("http", "request",
            {{"listener", name_},
             {"id", context.request_id},
             {"client", context.client_ip},
             {"method", to_string(context.request.method)},
             {"path", ascii::printable(context.request.path)},
             {"status", status},
             {"us", took.count()}});
}

std::string HttpHost::next_request_id() {
  const std::uint64_t number = next_id_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t start = std::uint64_t(to_micros(clock_.now()));
  return StrongId<struct RequestTag>(start).text() + "-" + std::to_string(number % 10'000);
}

HttpSession::HttpSession(HttpHost& host, std::unique_ptr<net::Stream> stream,
                         RequestContext::Transport transport)
    : host_(host),
      stream_(std::move(stream)),
      reader_(ReaderLimits{}),
      transport_(transport),
      client_ip_(stream_->peer().address) {}

Task<void> HttpSession::run() {
  if (transport_ == RequestContext::Transport::tls) {
    stream_->set_deadline(host_.options().header_timeout);
    const Status shaken = co_await stream_->start_tls_server(*host_.tls());
    if (!shaken) co_return;
  }
  for (;;) {
    const Step step = reader_.next();
    bool more = true;
    if (std::holds_alternative<Need>(step)) {
      more = co_await fill();
    } else if (std::holds_alternative<Head>(step)) {
      more = co_await on_head();
    } else if (std::holds_alternative<Complete>(step)) {
      more = co_await on_complete();
    } else {
      co_await refuse(std::get<Bad>(step));
      more = false;
    }
    if (!more) break;
  }
  stream_->close();
}

Task<bool> HttpSession::fill() {
  const std::string_view output = reader_.output();
  if (!output.empty()) {
    const Status sent = co_await stream_->write_all(output);
    if (!sent) co_return false;
    reader_.sent(output.size());
  }
  const bool idle = !reader_.in_request();
  if (idle) {
    stream_->set_deadline(host_.options().idle_timeout);
    const Status ready = co_await stream_->readable();
    if (!ready) co_return false;  // idle too long, draining, or gone: nothing to answer
    received_ = host_.clock().now();
    stream_->set_deadline(host_.options().header_timeout);
  }
  const std::span<char> room = reader_.prepare(kReadOctets);
  const Result<std::size_t> got = co_await stream_->read_some(room);
  if (got && *got > 0) {
    reader_.commit(*got);
    co_return true;
  }
  if (!got && got.error().code == Code::timeout) {
    Bad late{408, "the request did not come in time"};
    co_await refuse(std::move(late));
  }
  co_return false;
}

RequestContext HttpSession::make_context() {
  RequestContext context;
  context.client_ip = client_ip_;
  context.transport = transport_;
  context.request_id = host_.next_request_id();
  context.received = received_;
  return context;
}

// A streamed body, as its handler sees it.
class HttpSession::Body final : public BodyReader {
 public:
  explicit Body(HttpSession& session) : session_(session) {}

  Task<Result<std::string>> next() override {
    constexpr auto kDoing = "reading a request's body";
    if (bad_) co_return fail(Code::invalid, kDoing, bad_->why);
    while (!complete_) {
      const Step step = session_.reader_.next();
      if (std::holds_alternative<Piece>(step)) co_return session_.reader_.take_piece();
      if (const auto* bad = std::get_if<Bad>(&step)) {
        bad_ = *bad;
        co_return fail(bad->status == 413 ? Code::too_large : Code::invalid, kDoing, bad->why);
      }
      complete_ = std::holds_alternative<Complete>(step);
      if (complete_) break;
      const Status more = co_await session_.read_on();
      if (more) continue;
      bad_ = Bad{more.error().code == Code::timeout ? 408 : 400, "the body did not come in time"};
      gone_ = more.error().code != Code::timeout;
      co_return std::unexpected(more.error());
    }
    co_return std::string();
  }

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool gone() const { return gone_; }  // nobody is there to be answered
  [[nodiscard]] const std::optional<Bad>& bad() const { return bad_; }

 private:
  HttpSession& session_;
  std::optional<Bad> bad_;
  bool complete_ = false;
  bool gone_ = false;
};

Task<Status> HttpSession::read_on() {
  const std::string_view output = reader_.output();
  if (!output.empty()) {
    Status sent = co_await stream_->write_all(output);
    if (!sent) co_return sent;
    reader_.sent(output.size());
  }
  const std::span<char> room = reader_.prepare(kReadOctets);
  const Result<std::size_t> got = co_await stream_->read_some(room);
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0) co_return fail(Code::peer_gone, "reading a request's body");
  reader_.commit(*got);
  co_return Status();
}

// Decides by the header alone how much of a body is worth reading. What has no handler is answered
// once its body is in, up to the default, so that the connection can go on.
Task<bool> HttpSession::on_head() {
  const Request& request = reader_.request();
  match_ = host_.router().find(request.method, request.segments);
  stream_->set_deadline(host_.options().body_timeout);
  const RouteOptions options = match_.route ? match_.route->options : RouteOptions{};
  if (options.body == RouteOptions::Body::stream) {
    reader_.accept(options.body_octets_max, http::Body::stream);
    co_return co_await on_stream();
  }
  reader_.accept(options.body_octets_max);
  co_return true;
}

Task<bool> HttpSession::on_stream() {
  RequestContext context = make_context();
  context.request = reader_.request();
  context.parameters = std::move(match_.parameters);
  Body body(*this);
  context.body = &body;
  Reply reply = co_await handle(context);
  context.body = nullptr;
  if (body.gone()) co_return false;
  if (body.bad()) reply = plain_problem(body.bad()->status, body.bad()->why);
  // A client that waits for 100 Continue and gets a final answer sends nothing more; another one
  // sends on what nobody reads: either way this connection is done.
  Connection connection = next_connection();
  if (!body.complete()) connection = Connection::close;
  co_return co_await respond(std::move(context), std::move(reply), connection);
}

Connection HttpSession::next_connection() {
  ++requests_;
  const bool last =
      !reader_.keep_alive() || requests_ >= host_.options().requests_per_connection_max;
  return last ? Connection::close : Connection::keep_alive;
}

Task<bool> HttpSession::on_complete() {
  RequestContext context = make_context();
  context.request = reader_.take();
  context.parameters = std::move(match_.parameters);
  const Connection connection = next_connection();
  stream_->clear_deadline();  // the handler's own deadlines hold while it works
  Reply reply = co_await handle(context);
  co_return co_await respond(std::move(context), std::move(reply), connection);
}

Task<bool> HttpSession::respond(RequestContext context, Reply reply, Connection connection) {
  std::unique_ptr<Upgrade> upgrade = std::move(reply.upgrade);
  const bool sent = co_await answer(context, std::move(reply), match_.route, connection);
  received_ = host_.clock().now();
  if (sent && upgrade) {
    stream_->clear_deadline();
    std::string rest = reader_.take_rest();
    co_await upgrade->run(*stream_, std::move(rest));
    co_return false;
  }
  const bool last = connection == Connection::close;
  if (last && sent) co_await linger();
  co_return sent && !last;
}

Task<Reply> HttpSession::handle(RequestContext& context) {
  if (match_.route == nullptr) {
    if (match_.allowed.empty() && context.request.path != "*")
      co_return plain_problem(404, "there is nothing at this path");
    Response response;
    if (context.request.method == Method::options)
      response.status = 204;
    else
      response = plain_problem(405, "the path does not know this method");
    response.headers.set("Allow", allow_value(match_.allowed));
    co_return response;
  }
  try {
    Task<Reply> task = match_.route->handler(context);
    co_return co_await std::move(task);
  } catch (const std::exception& error) {
    log::error(
        "http", "a handler failed",
        {{"route", match_.route->pattern}, {"id", context.request_id}, {"why", error.what()}});
  }
  co_return plain_problem(500, "the server failed; its log has the request's id");
}

Task<bool> HttpSession::answer(RequestContext& context, Reply reply, const Route* route,
                               Connection connection) {
  Response& response = reply.response;
  add_security_headers(response, context);
  const Version version = context.request.version;
  Framing framing = Framing::length;
  if (reply.source_octets) {
    framing = Framing::stated;
    response.headers.set("Content-Length", std::to_string(*reply.source_octets));
  } else if (reply.source) {
    framing = version == Version::http11 ? Framing::chunked : Framing::until_close;
    if (framing == Framing::until_close) connection = Connection::close;
  }
  const std::string head = write_head(response, version, connection, framing, host_.clock().now());
  const bool bodyless =
      context.request.method == Method::head || response.status == 204 || response.status == 304;
  stream_->set_deadline(host_.options().write_timeout);
  const std::string_view body =
      bodyless || reply.source ? std::string_view() : std::string_view(response.body);
  const Status sent = co_await stream_->write_all(head, body);
  bool good = sent.has_value();
  const std::uint64_t octets_max = reply.source_octets.value_or(UINT64_MAX);
  if (good && reply.source && !bodyless)
    good = co_await send_source(*reply.source, framing, octets_max);
  host_.answered(context, route, response.status);
  co_return good&& framing != Framing::until_close;
}

// Where the length was told, anything else than that breaks the connection off: a client must not
// take the rest for the next answer.
Task<bool> HttpSession::send_source(BodySource& source, Framing framing, std::uint64_t octets_max) {
  std::uint64_t octets = 0;
  for (;;) {
    stream_->clear_deadline();
    const Result<std::string> piece = co_await source.next();
    if (!piece) {
      log::warning("http", "a streamed body broke off", {{"why", piece.error().text()}});
      co_return false;
    }
    stream_->set_deadline(host_.options().write_timeout);
    if (piece->empty()) break;
    octets += piece->size();
    if (octets > octets_max) co_return false;
    if (framing == Framing::chunked) {
      const std::string begin = chunk_head(piece->size());
      const Status opened = co_await stream_->write_all(begin, *piece);
      if (!opened) co_return false;
      const Status closed = co_await stream_->write_all(kChunkEnd);
      if (!closed) co_return false;
    } else {
      const Status sent = co_await stream_->write_all(*piece);
      if (!sent) co_return false;
    }
  }
  if (framing == Framing::chunked) {
    const Status sent = co_await stream_->write_all(kLastChunk);
    co_return sent.has_value();
  }
  co_return framing != Framing::stated || octets == octets_max;
}

Task<void> HttpSession::refuse(Bad bad) {
  RequestContext context = make_context();
  Request seen = reader_.take();
  context.request = std::move(seen);
  if (context.request.path.empty()) context.request.path = "-";
  Response response = plain_problem(bad.status, bad.why);
  stream_->set_deadline(host_.options().write_timeout);
  const bool sent = co_await answer(context, std::move(response), nullptr, Connection::close);
  if (sent) co_await linger();
}

// RFC 9112 §9.6: closing while the client still sends would reset the connection and could take our
// answer with it. So tell it that nothing more comes, and read on for a moment.
Task<void> HttpSession::linger() {
  stream_->set_deadline(kLingerTime);
  const Status told = co_await stream_->shutdown_write();
  if (!told) co_return;
  std::string drop(kReadOctets, '\0');
  for (std::size_t octets = 0; octets < kLingerOctetsMax;) {
    const std::span<char> room(drop);
    const Result<std::size_t> got = co_await stream_->read_some(room);
    if (!got || *got == 0) co_return;
    octets += *got;
  }
}

Task<void> serve(HttpHost& host, std::unique_ptr<net::Stream> stream,
                 RequestContext::Transport transport) {
  HttpSession session(host, std::move(stream), transport);
  co_await session.run();
}

}  // namespace fumi::http
