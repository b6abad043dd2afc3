#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/http/request_reader.h"
#include "proto/http/target.h"
#include "proto/http/writer.h"

using namespace fumi;
using namespace fumi::http;

namespace {

struct Outcome {
  std::vector<Request> requests;
  std::string output;
  std::optional<Bad> bad;
  bool keep_alive = true;
};

// Gives the bytes in pieces of the given sizes (the last one repeats) and accepts every head.
Outcome run(std::string_view bytes, const std::vector<std::size_t>& sizes,
            std::uint64_t body_max = 1000, ReaderLimits limits = {}) {
  Outcome out;
  RequestReader reader(limits);
  std::size_t piece = 0;
  for (;;) {
    const Step step = reader.next();
    if (const auto* bad = std::get_if<Bad>(&step)) {
      out.bad = *bad;
      break;
    }
    if (std::holds_alternative<Head>(step)) {
      reader.accept(body_max);
    } else if (std::holds_alternative<Complete>(step)) {
      out.keep_alive = reader.keep_alive();
      out.requests.push_back(reader.take());
    } else {
      out.output += reader.output();
      reader.sent(reader.output().size());
      if (bytes.empty()) break;
      const std::size_t size = std::min(
          bytes.size(), std::max<std::size_t>(1, sizes[std::min(piece, sizes.size() - 1)]));
      ++piece;
      const auto room = reader.prepare(size);
      std::copy_n(bytes.data(), size, room.data());
      reader.commit(size);
      bytes.remove_prefix(size);
    }
  }
  return out;
}

Outcome whole(std::string_view bytes, std::uint64_t body_max = 1000, ReaderLimits limits = {}) {
  return run(bytes, {bytes.size()}, body_max, limits);
}

}  // namespace

TEST_CASE("a simple request") {
  const auto out =
      whole("GET /a%20b/c?x=1&y=%E6%97%A5+2 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n");
  REQUIRE(out.requests.size() == 1);
  const Request& request = out.requests[0];
  CHECK(request.method == Method::get);
  CHECK(request.path == "/a b/c");
  CHECK(request.segments == std::vector<std::string>{"a b", "c"});
  CHECK(request.parameter("x") == "1");
  CHECK(request.parameter("y") == "日 2");
  CHECK_FALSE(request.parameter("z"));
  CHECK(request.headers.count("X-A") == 2);
  CHECK(request.headers.value("X-A") == "1");
  CHECK(out.keep_alive);
}

TEST_CASE("bodies: length, chunks, pipelining") {
  const auto out = whole(
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
      "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
      "\r\nDELETE /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  REQUIRE(out.requests.size() == 3);
  CHECK(out.requests[0].body == "hello");
  CHECK(out.requests[1].body == "abcde");
  CHECK(out.requests[2].method == Method::delete_);
  CHECK_FALSE(out.keep_alive);
}

TEST_CASE("HTTP/1.0 closes unless asked otherwise") {
  CHECK_FALSE(whole("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(whole("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST_CASE("what is refused, and how") {
  struct Case {
    const char* why;
    std::string bytes;
    int status;
  };
  const std::string host = "Host: h\r\n";
  const std::vector<Case> cases{
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"both framings",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"both, other order",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
       400},
      {"unknown coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"two codings", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
       501},
      {"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"space before colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
      {"unknown method", "BREW / HTTP/1.1\r\n" + host + "\r\n", 501},
      {"connect", "CONNECT h:1 HTTP/1.1\r\n" + host + "\r\n", 501},
      {"dot segments", "GET /a/../b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"encoded traversal", "GET /%2e%2e/b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"encoded slash", "GET /a%2fb HTTP/1.1\r\n" + host + "\r\n", 400},
      {"NUL in path", "GET /a%00b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"not UTF-8", "GET /%ff HTTP/1.1\r\n" + host + "\r\n", 400},
      {"bad escape", "GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"long target, unfinished", "GET /" + std::string(9000, 'a'), 414},
      {"large header", "GET / HTTP/1.1\r\n" + host + "A: " + std::string(70'000, 'a') + "\r\n\r\n",
       431},
      {"garbage", "\x16\x03\x01 hello\r\n\r\n", 400},
      {"large body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n", 413},
      {"large chunk",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3E9\r\n" +
           std::string(1001, 'a') + "\r\n",
       413},
      {"bad chunk", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
       400},
      {"endless extension",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;" +
           std::string(80'000, 'a'),
       400},
  };
  for (const Case& each : cases) {
    CAPTURE(each.why);
    const Outcome out = whole(each.bytes);
    REQUIRE(out.bad);
    CHECK(out.bad->status == each.status);
    CHECK(out.requests.empty());
  }
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 100; ++i)
    many += "A: b\r\n";
  const Outcome out = whole(many + "\r\n");
  REQUIRE(out.bad);
  CHECK(out.bad->status == 431);
}

TEST_CASE("100-continue is sent once, only when the client waits") {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  const auto waits = run(head + "ab", {head.size(), 1, 1});
  CHECK(waits.output == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(waits.requests.size() == 1);
  CHECK(waits.requests[0].body == "ab");
  CHECK(whole(head + "ab").output.empty());
  RequestReader reader(ReaderLimits{});
  const std::string large =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n";
  std::copy_n(large.data(), large.size(), reader.prepare(large.size()).data());
  reader.commit(large.size());
  REQUIRE(std::holds_alternative<Head>(reader.next()));
  reader.accept(10);
  const Step step = reader.next();
  REQUIRE(std::holds_alternative<Bad>(step));
  CHECK(std::get<Bad>(step).status == 413);
  CHECK(reader.output().empty());
}

TEST_CASE("any chunking gives the same requests") {
  const std::string bytes =
      "GET /x?q=1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
      "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;a=b\r\nde\r\n0\r\n\r\n"
      "PATCH /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
  const auto expected = whole(bytes);
  REQUIRE(expected.requests.size() == 4);
  const bool holds = rc::check([&] {
    const auto sizes =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1, 40)));
    const auto got = run(bytes, sizes);
    RC_ASSERT(!got.bad);
    RC_ASSERT(got.requests.size() == expected.requests.size());
    for (std::size_t i = 0; i < got.requests.size(); ++i) {
      RC_ASSERT(got.requests[i].path == expected.requests[i].path);
      RC_ASSERT(got.requests[i].body == expected.requests[i].body);
    }
  });
  CHECK(holds);
}

TEST_CASE("percent coding is reversible") {
  const bool holds = rc::check([](const std::string& text) {
    const auto back = percent_decode(percent_encode(text), Plus::space);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == text);
  });
  CHECK(holds);
}

TEST_CASE("targets") {
  CHECK(parse_target("http://h:80/a?b")->path == "/a");
  CHECK(parse_target("http://h")->path == "/");
  CHECK(parse_target("*")->path == "*");
  CHECK(parse_target("/")->segments == std::vector<std::string>{""});
  CHECK_FALSE(parse_target("a/b"));
  std::string many = "/?";
  for (std::size_t i = 0; i <= kQueryParametersMax; ++i)
    many += "a=b&";
  CHECK(parse_target(many).error().code == Code::too_large);
}

TEST_CASE("responses are framed, and values can't add fields") {
  Response response;
  response.body = "hello";
  response.headers.add("X-Test", "a\r\nInjected: yes");
  const std::string head = write_head(response, Version::http11, Connection::keep_alive,
                                      Framing::length, from_micros(784'111'777'000'000));
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  CHECK(head.find("X-Test: a  Injected: yes\r\n") != std::string::npos);
  CHECK(head.find("Content-Length: 5\r\n\r\n") != std::string::npos);
  response.status = 204;
  const std::string none = write_head(response, Version::http10, Connection::keep_alive,
                                      Framing::length, from_micros(0));
  CHECK(none.find("Content-Length") == std::string::npos);
  CHECK(none.find("Connection: keep-alive\r\n") != std::string::npos);
  CHECK(chunk_head(255) == "ff\r\n");
}

TEST_CASE("media types and languages") {
  const auto type = media_type("Multipart/Form-Data; boundary=\"a b\\\"\"; charset=UTF-8;");
  REQUIRE(type);
  CHECK(type->type == "multipart/form-data");
  CHECK(type->parameter("boundary") == "a b\"");
  CHECK(type->parameter("charset") == "UTF-8");
  CHECK_FALSE(media_type("text"));
  CHECK_FALSE(media_type("text/plain; a=\"b"));
  CHECK(prefers_language("ja", "ja", "en"));
  CHECK(prefers_language("ja-JP,ja;q=0.9,en;q=0.8", "ja", "en"));
  CHECK(prefers_language("en;q=0.5, ja", "ja", "en"));
  CHECK_FALSE(prefers_language("en, ja", "ja", "en"));
  CHECK_FALSE(prefers_language("en-US,ja;q=0.5", "ja", "en"));
  CHECK_FALSE(prefers_language("", "ja", "en"));
  CHECK_FALSE(prefers_language("*", "ja", "en"));
  CHECK_FALSE(prefers_language("ja;q=0", "ja", "en"));
}

namespace {

// The same for a body that is streamed: all pieces together, and the largest.
struct Streamed {
  std::string body;
  std::size_t largest = 0;
  bool complete = false;
  std::optional<Bad> bad;
};

Streamed stream(std::string_view bytes, std::size_t piece, std::uint64_t body_max = 100'000) {
  Streamed out;
  RequestReader reader(ReaderLimits{});
  for (;;) {
    const Step step = reader.next();
    if (const auto* bad = std::get_if<Bad>(&step)) {
      out.bad = *bad;
      return out;
    }
    if (std::holds_alternative<Head>(step)) {
      reader.accept(body_max, Body::stream);
    } else if (std::holds_alternative<Piece>(step)) {
      const std::string taken = reader.take_piece();
      CHECK_FALSE(taken.empty());
      out.largest = std::max(out.largest, taken.size());
      out.body += taken;
    } else if (std::holds_alternative<Complete>(step)) {
      out.complete = true;
      CHECK(reader.request().body.empty());
      return out;
    } else {
      reader.sent(reader.output().size());
      if (bytes.empty()) return out;
      const std::size_t size = std::min(bytes.size(), piece);
      const auto room = reader.prepare(size);
      std::copy_n(bytes.data(), size, room.data());
      reader.commit(size);
      bytes.remove_prefix(size);
    }
  }
}

}  // namespace

TEST_CASE("a streamed body comes in pieces no larger than what was read") {
  const std::string body(50'000, 'b');
  const std::string head = "POST /up HTTP/1.1\r\nHost: h\r\n";
  const std::string length = head + "Content-Length: 50000\r\n\r\n" + body;
  const std::string chunked =
      head + "Transfer-Encoding: chunked\r\n\r\nc350\r\n" + body + "\r\n0\r\n\r\n";
  for (const std::string& bytes : {length, chunked}) {
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{4096}, bytes.size()}) {
      CAPTURE(piece);
      const Streamed got = stream(bytes, piece);
      CHECK(got.complete);
      CHECK((got.body == body));
      CHECK(got.largest <= piece + 64);
    }
    CHECK(stream(bytes, 1000, 49'999).bad->status == 413);
    CHECK_FALSE(stream(bytes.substr(0, bytes.size() - 9), 1000).complete);
  }
  CHECK(stream(head + "Content-Length: 0\r\n\r\n", 10).complete);
  const Streamed broken = stream(head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz", 5);
  CHECK(broken.body == "abc");
}
