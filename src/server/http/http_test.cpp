#include <doctest/doctest.h>

#include "net/pipe_stream.h"
#include "net/task_scope.h"
#include "server/http/http_server.h"

using namespace fumi;
using namespace fumi::http;

namespace {

class Pieces final : public BodySource {
 public:
  explicit Pieces(std::vector<Result<std::string>> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::string>> next() override {
    if (at_ == pieces_.size()) co_return std::string();
    co_return pieces_[at_++];
  }

 private:
  std::vector<Result<std::string>> pieces_;
  std::size_t at_ = 0;
};

Task<Reply> echo(RequestContext& context) {
  co_return text_response(200, std::string(context.parameter("name")) + ":" + context.request.body);
}
Task<Reply> broken(RequestContext&) {
  throw std::runtime_error("a secret of ours");
  co_return Reply();
}
Task<Reply> streamed(RequestContext& context) {
  Reply reply;
  std::vector<Result<std::string>> pieces{std::string("one,"), std::string("two")};
  if (context.request.parameter("fail")) pieces.push_back(fail(Code::internal, "making"));
  reply.source = std::make_unique<Pieces>(std::move(pieces));
  co_return reply;
}

// Reads a streamed body, or leaves it.
Task<Reply> count(RequestContext& context) {
  if (context.request.parameter("deny")) co_return text_response(401, "no");
  std::size_t octets = 0;
  std::size_t pieces = 0;
  for (;;) {
    const Result<std::string> piece = co_await context.body->next();
    if (!piece) co_return text_response(500, "not what is answered");
    if (piece->empty()) break;
    octets += piece->size();
    ++pieces;
  }
  co_return text_response(200, std::to_string(octets) + " in " + (pieces > 1 ? "pieces" : "one"));
}
Task<Reply> stated(RequestContext& context) {
  Reply reply;
  std::vector<Result<std::string>> pieces{std::string("one,"), std::string("two")};
  reply.source = std::make_unique<Pieces>(std::move(pieces));
  reply.source_octets = context.request.parameter("more") ? 8 : 7;
  if (context.request.parameter("less")) reply.source_octets = 6;
  co_return reply;
}

struct Rig {
  Rig() {
    RouteOptions uploads;
    uploads.body_octets_max = 1'000'000;
    uploads.body = RouteOptions::Body::stream;
    router.add(Method::post, "/count", count, uploads);
    router.add(Method::get, "/stated", stated);
    router.add(Method::get, "/echo/{name}", echo);
    router.add(Method::post, "/echo/{name}", echo, {100});
    router.add(Method::get, "/echo/fixed", streamed);
    router.add(Method::get, "/broken", broken);
    router.add(Method::get, "/stream", streamed);
    options.access_log = AccessLog::off;
  }

  // What a client reads that sends all at once and then listens until the end.
  std::string talk(const std::string& request, std::size_t chunk_max = SIZE_MAX) {
    HttpHost host("test", router, options, clock, metrics);
    net::PipeOptions pipe;
    pipe.chunk_max = chunk_max;
    auto [client, server] = net::make_pipe(context.get_executor(), pipe);
    net::TaskScope scope;
    std::string got;
    scope.spawn("session", context.get_executor(),
                serve(host, std::move(server), RequestContext::Transport::clear));
    scope.spawn("client", context.get_executor(), drive(std::move(client), request, got));
    context.run();
    context.restart();
    return got;
  }

  static Task<void> drive(std::unique_ptr<net::Stream> stream, std::string request,
                          std::string& got) {
    stream->set_deadline(std::chrono::seconds(20));
    const Status sent = co_await stream->write_all(request);
    if (!sent) co_return;
    const Status told = co_await stream->shutdown_write();
    if (!told) co_return;
    std::string piece(4096, '\0');
    for (;;) {
      const std::span<char> room(piece);
      const Result<std::size_t> octets = co_await stream->read_some(room);
      if (!octets || *octets == 0) break;
      got.append(piece, 0, *octets);
    }
    stream->close();
  }

  boost::asio::io_context context;
  obs::Registry registry;
  HttpMetrics metrics{registry};
  FakeClock clock{from_micros(1'795'392'123'000'000)};
  HttpOptions options;
  Router router;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("routes: parameters, precedence, 404, 405, OPTIONS, HEAD") {
  Rig rig;
  const std::string got = rig.talk(
      "GET /echo/a%40b HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /echo/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
      "GET /none HTTP/1.1\r\nHost: h\r\n\r\n"
      "DELETE /echo/x HTTP/1.1\r\nHost: h\r\n\r\n"
      "OPTIONS /broken HTTP/1.1\r\nHost: h\r\n\r\n"
      "HEAD /echo/quiet HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /echo/fixed HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(has(got, "\r\n\r\na@b:HTTP/1.1 200 OK"));
  CHECK(has(got, "x:body"));
  CHECK(has(got, "HTTP/1.1 404 Not Found\r\n"));
  CHECK(has(got, "application/problem+json"));
  CHECK(has(got, "HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK(has(got, "Allow: GET, HEAD, POST, OPTIONS\r\n"));
  CHECK(has(got, "HTTP/1.1 204 No Content\r\n"));
  CHECK(has(got, "Content-Length: 6\r\n"));
  CHECK_FALSE(has(got, "quiet:"));
  CHECK(has(got, "X-Content-Type-Options: nosniff\r\n"));
  CHECK(has(got, "4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\n"));
  CHECK(has(got, "Connection: close\r\n"));
  const std::string text = rig.registry.expose();
  CHECK(has(text, "route=\"/echo/{name}\""));
  CHECK_FALSE(has(text, "a@b"));
}

TEST_CASE("octet by octet gives the same answers") {
  const std::string requests =
      "POST /echo/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
      "POST /echo/y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "2\r\nab\r\n0\r\n\r\n";
  Rig rig;
  const std::string got = rig.talk(requests, 1);
  CHECK(has(got, "x:body"));
  CHECK(has(got, "y:ab"));
}

TEST_CASE("a handler that throws is a 500 without its words, and the connection lives") {
  Rig rig;
  const std::string got =
      rig.talk("GET /broken HTTP/1.1\r\nHost: h\r\n\r\nGET /echo/on HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(has(got, "HTTP/1.1 500 "));
  CHECK_FALSE(has(got, "secret"));
  CHECK(has(got, "on:"));
}

TEST_CASE("limits and bad framing close the connection with a reason") {
  Rig rig;
  const std::string large =
      rig.talk("POST /echo/x HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" +
               std::string(101, 'x') + "GET /echo/after HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(has(large, "HTTP/1.1 413 "));
  CHECK(has(large, "Connection: close\r\n"));
  CHECK_FALSE(has(large, "after"));
  CHECK(has(rig.talk("nonsense\r\n\r\n"), "HTTP/1.1 400 "));
}

TEST_CASE("streams: cut on failure, until close for HTTP/1.0") {
  Rig rig;
  const std::string cut = rig.talk("GET /stream?fail=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(has(cut, "two"));
  CHECK_FALSE(has(cut, "0\r\n\r\n"));
  const std::string old = rig.talk("GET /stream HTTP/1.0\r\n\r\n");
  CHECK(old.ends_with("\r\n\r\none,two"));
  CHECK_FALSE(has(old, "chunked"));
  CHECK(has(old, "Connection: close\r\n"));
}

TEST_CASE("a connection carries so many requests and no more") {
  Rig rig;
  rig.options.requests_per_connection_max = 2;
  const std::string one = "GET /echo/n HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string got = rig.talk(one + one + one);
  std::size_t answers = 0;
  for (std::size_t at = got.find("HTTP/1.1 200"); at != std::string::npos;
       at = got.find("HTTP/1.1 200", at + 1))
    ++answers;
  CHECK(answers == 2);
}

TEST_CASE("a streamed route reads its body at the client's pace") {
  Rig rig;
  const std::string body(200'000, 'x');
  const std::string post = "POST /count HTTP/1.1\r\nHost: h\r\n";
  const std::string after = "GET /echo/after HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string length = post + "Content-Length: 200000\r\n\r\n" + body;
  CHECK(has(rig.talk(length + after), "200000 in pieces"));
  CHECK(has(rig.talk(length + after), "after:"));
  const std::string chunked =
      post + "Transfer-Encoding: chunked\r\n\r\n30d40\r\n" + body + "\r\n0\r\n\r\n" + after;
  CHECK(has(rig.talk(chunked), "200000 in pieces"));
  CHECK(has(rig.talk(chunked), "after:"));
  CHECK(has(rig.talk(post + "Content-Length: 0\r\n\r\n" + after), "after:"));
  const std::string large = rig.talk(post + "Content-Length: 1000001\r\n\r\n" + body + after);
  CHECK(has(large, "HTTP/1.1 413 "));
  CHECK_FALSE(has(large, "not what is answered"));
  const std::string denied = rig.talk(post.substr(0, 11) + "?deny=1" + post.substr(11) +
                                      "Content-Length: 200000\r\n\r\n" + body + after);
  CHECK(has(denied, "HTTP/1.1 401 "));
  CHECK(has(denied, "Connection: close\r\n"));
  CHECK_FALSE(has(denied, "after:"));
  CHECK(has(rig.talk(post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n"), "HTTP/1.1 400 "));
  // Gone in the middle: nobody is answered.
  CHECK(rig.talk(post + "Content-Length: 10\r\n\r\nabc").empty());
}

TEST_CASE("100 Continue comes when the handler wants the body, and not before") {
  Rig rig;
  const std::string expect = "Host: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  const std::string wanted = rig.talk("POST /count HTTP/1.1\r\n" + expect + "abc", 90);
  CHECK(has(wanted, "3 in one"));
  const std::string not_wanted = rig.talk("POST /count?deny=1 HTTP/1.1\r\n" + expect);
  CHECK_FALSE(has(not_wanted, "100 Continue"));
  CHECK(has(not_wanted, "HTTP/1.1 401 "));
}

TEST_CASE("a source whose length was told gives just that, or the connection breaks off") {
  Rig rig;
  const std::string after = "GET /echo/after HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string got = rig.talk("GET /stated HTTP/1.1\r\nHost: h\r\n\r\n" + after);
  CHECK(has(got, "Content-Length: 7\r\n"));
  CHECK_FALSE(has(got, "chunked"));
  CHECK(has(got, "one,twoHTTP/1.1 200 OK"));
  for (const char* how : {"more", "less"}) {
    const std::string cut =
        rig.talk("GET /stated?" + std::string(how) + "=1 HTTP/1.1\r\nHost: h\r\n\r\n" + after);
    CHECK(has(cut, "one,"));
    CHECK_FALSE(has(cut, "after:"));
  }
  CHECK(has(rig.talk("HEAD /stated HTTP/1.1\r\nHost: h\r\n\r\n"), "Content-Length: 7\r\n"));
}
