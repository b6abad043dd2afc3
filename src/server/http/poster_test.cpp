// Where POSTs may go, and what of an answer is read.
#include "server/http/poster.h"

#include <doctest/doctest.h>

#include "net/io_pool.h"
#include "net/listener.h"
#include "net/scripted_dns.h"
#include "net/task_scope.h"
#include "net/tls.h"

namespace fumi::http {
namespace {

TEST_CASE("URLs that are posted to") {
  struct Row {
    const char* url;
    const char* host;
    std::uint16_t port;
    const char* path;
  };
  const Row good[] = {
      {"https://push.example/a?b=c", "push.example", 443, "/a?b=c"},
      {"HTTPS://Push.Example", "push.example", 443, "/"},
      {"https://push.example?x", "push.example", 443, "/?x"},
      {"https://push.example:8443/", "push.example", 8443, "/"},
      {"https://[2606:4700::1111]/x", "2606:4700::1111", 443, "/x"},
      {"https://1.1.1.1/x", "1.1.1.1", 443, "/x"},
  };
  for (const Row& row : good) {
    CAPTURE(row.url);
    const auto target = parse_post_url(row.url, Targets::public_only);
    REQUIRE(target.has_value());
    CHECK(target->host == row.host);
    CHECK(target->port == row.port);
    CHECK(target->path == row.path);
  }
  for (const char* url : {"",
                          "https://",
                          "http://push.example/",
                          "ftp://push.example/",
                          "https://u:p@push.example/",
                          "https://push.example/#f",
                          "https://push.example/ x",
                          "https://push.example:0/",
                          "https://push.example:25/",
                          "https://push.example:70000/",
                          "https://push.example:/",
                          "https://push.example:4a/",
                          "https://pu_sh.example/",
                          "https://127.0.0.1/",
                          "https://127.1/",
                          "https://2130706433/",
                          "https://0x7f000001.1/",
                          "https://[::1]/",
                          "https://[::ffff:10.0.0.1]/",
                          "https://[::1/",
                          "https://10.1.2.3/",
                          "https://a..b/",
                          "https://push.example/\r\nX: y",
                          "https://169.254.169.254/latest/"}) {
    CAPTURE(url);
    CHECK_FALSE(parse_post_url(url, Targets::public_only));
  }
  CHECK_FALSE(parse_post_url("https://a.example/" + std::string(3'000, 'x'), Targets::private_too));
  CHECK(parse_post_url("https://10.1.2.3:25/", Targets::private_too));
  CHECK_FALSE(parse_post_url("http://127.0.0.1:8080/", Targets::private_too));
  CHECK(parse_post_url("http://127.0.0.1:8080/", Targets::loopback_http));
  CHECK_FALSE(parse_post_url("http://10.1.2.3/", Targets::loopback_http));
}

TEST_CASE("RFC 6890: addresses that are not the public Internet's") {
  for (const char* text :
       {"0.0.0.0",         "10.255.0.1",      "100.64.0.1",  "127.0.0.1",    "169.254.169.254",
        "172.31.255.255",  "192.168.1.1",     "192.0.2.1",   "198.18.0.1",   "203.0.113.9",
        "224.0.0.1",       "255.255.255.255", "::",          "::1",          "::10.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1",  "2001:db8::1", "2002:a00:1::", "fc00::1",
        "fd12::1",         "fe80::1",         "ff02::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_public(IpAddress::parse(text).value()));
  }
  for (const char* text : {"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"}) {
    CAPTURE(text);
    CHECK(is_public(IpAddress::parse(text).value()));
  }
}

TEST_CASE("answers: the final status, whatever the chunking; nothing that isn't HTTP") {
  const std::string bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Slow down\r\nA: b\r\nretry-after: 120\r\n\r\nrest";
  for (std::size_t size = 0; size < bytes.size() - 4; ++size) {
    CAPTURE(size);
    const auto partial = read_post_answer(bytes.substr(0, size));
    REQUIRE(partial.has_value());
    CHECK_FALSE(*partial);
  }
  const auto whole = read_post_answer(bytes);
  REQUIRE(whole.has_value());
  CHECK((*whole)->status == 429);
  CHECK((*whole)->retry_after == std::chrono::seconds(120));
  CHECK((*read_post_answer("HTTP/1.0 201\r\n\r\n"))->status == 201);
  CHECK_FALSE((*read_post_answer("HTTP/1.1 503 x\r\nRetry-After: Wed, 21\r\n\r\n"))->retry_after);
  for (const char* bad : {"SSH-2.0", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
                          "HTTP/1.1\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_post_answer(bad).has_value());
  }
}

// A server of one answer, on a loopback port.
struct Rig {
  explicit Rig(std::string answer) : answer_(std::move(answer)) {
    tls = net::TlsClientContext::open({}).value();
    net::ListenerConfig config;
    config.name = "push";
    config.address = "127.0.0.1";
    auto opened = net::Listener::open(pool, std::move(config), [this](auto stream) {
      return serve(std::move(stream), answer_, seen);
    });
    listener = std::move(opened).value();
    pool.start();
  }
  ~Rig() {
    listener->drain_blocking(std::chrono::milliseconds(10), std::chrono::milliseconds(10));
    listener.reset();
    pool.stop();
    pool.join();
  }
  static Task<void> serve(std::unique_ptr<net::Stream> stream, std::string answer,
                          std::string& seen) {
    stream->set_deadline(std::chrono::seconds(20));
    std::string room(4096, '\0');
    while (seen.find("body") == std::string::npos) {
      const std::span<char> into(room);
      const Result<std::size_t> got = co_await stream->read_some(into);
      if (!got || *got == 0) co_return;
      seen.append(room, 0, *got);
    }
    const Status sent = co_await stream->write_all(answer);
    if (!sent) co_return;
    stream->close();
  }
  Result<PostAnswer> post(const std::string& host, Targets targets) {
    boost::asio::io_context context;
    net::TaskScope scope;
    PosterOptions options;
    options.targets = targets;
    const auto poster = make_poster(dns, *tls, options);
    PostRequest request;
    request.url = "http://" + host + ":" + std::to_string(listener->port()) + "/p?q";
    request.headers.push_back({"TTL", "60"});
    request.body = "the body";
    std::optional<Result<PostAnswer>> answer;
    scope.spawn("post", context.get_executor(), run(*poster, std::move(request), answer));
    context.run();
    return std::move(answer).value();
  }
  static Task<void> run(Poster& poster, PostRequest request,
                        std::optional<Result<PostAnswer>>& answer) {
    Result<PostAnswer> got = co_await poster.post(std::move(request));
    answer.emplace(std::move(got));
  }

  std::string answer_;
  std::string seen;
  net::ScriptedDns dns;
  net::IoPool pool{1};
  std::unique_ptr<net::TlsClientContext> tls;
  std::unique_ptr<net::Listener> listener;
};

TEST_CASE("a POST goes to the address that was judged, by name too") {
  Rig rig("HTTP/1.1 201 Created\r\n\r\n");
  rig.dns.add_a("push.example", "127.0.0.1");
  const auto answer = rig.post("push.example", Targets::loopback_http);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 201);
  CHECK(rig.seen.starts_with("POST /p?q HTTP/1.1\r\nHost: push.example:"));
  CHECK(rig.seen.find("\r\nTTL: 60\r\n") != std::string::npos);
  CHECK(rig.seen.ends_with("\r\n\r\nthe body"));
}

TEST_CASE("names that lead elsewhere, nowhere, or to no HTTP") {
  Rig rig("220 mail.example ESMTP\r\n");
  rig.dns.add_a("inside.example", "10.0.0.1");
  CHECK(rig.post("inside.example", Targets::loopback_http).error().code == Code::denied);
  CHECK(rig.post("nowhere.example", Targets::loopback_http).error().code == Code::unavailable);
  CHECK(rig.post("127.0.0.1", Targets::public_only).error().code == Code::invalid);
  CHECK(rig.seen.empty());
  CHECK(rig.post("127.0.0.1", Targets::loopback_http).error().code == Code::invalid);
}

}  // namespace
}  // namespace fumi::http
