#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/ip.h"
#include "net/dns.h"
#include "net/proxy_protocol.h"
#include "net/rate_limiter.h"

namespace fumi::net {
namespace {

using State = ProxyParse::State;
using Kind = ProxyHeader::Kind;

std::string v2(char command, char family, const std::string& body) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += command;
  out += family;
  out += static_cast<char>(body.size() >> 8U);
  out += static_cast<char>(body.size() & 255U);
  return out + body;
}

TEST_CASE("PROXY version 1") {
  const auto parse = parse_proxy_header("PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\nEHLO x\r\n");
  REQUIRE(parse.state == State::done);
  CHECK(parse.consumed == 44);
  CHECK(parse.header.kind == Kind::proxied);
  CHECK(parse.header.source.text() == "192.0.2.1");
  CHECK(parse.header.source_port == 56324);
  CHECK(parse.header.destination.text() == "198.51.100.2");
  CHECK(parse.header.destination_port == 25);
  CHECK(parse_proxy_header("PROXY TCP6 2001:db8::1 ::1 1 2\r\n").header.source.is_v6());
  CHECK(parse_proxy_header("PROXY UNKNOWN\r\n").header.kind == Kind::local);
  CHECK(parse_proxy_header("PROXY UNKNOWN ffff::1 whatever\r\n").state == State::done);
  for (const char* bad :
       {"EHLO x\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n", "PROXY TCP5 a b 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n", "PROXY TCP4  192.0.2.1 1.1.1.1 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY UNKNOWN\n", "PROXY \n",
        "PROXY TCP4 1.1.1.1\r 2.2.2.2 1 2\r\n"}) {
    CAPTURE(bad);
    CHECK(parse_proxy_header(bad).state == State::bad);
  }
  CHECK(parse_proxy_header("PROXY " + std::string(kProxyV1Max, 'x')).state == State::bad);
  CHECK(parse_proxy_header("").state == State::more);
  CHECK(parse_proxy_header("PROXY TCP4 192").state == State::more);
}

TEST_CASE("PROXY version 2") {
  const std::string four("\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x00\x19", 12);
  const auto parse = parse_proxy_header(v2(0x21, 0x11, four + std::string(20, 't')) + "rest");
  REQUIRE(parse.state == State::done);
  CHECK(parse.consumed == 16 + 12 + 20);
  CHECK(parse.header.source.text() == "192.0.2.1");
  CHECK(parse.header.source_port == 56324);
  CHECK(parse.header.destination_port == 25);
  CHECK(parse_proxy_header(v2(0x21, 0x21, std::string(36, '\1'))).header.source.is_v6());
  CHECK(parse_proxy_header(v2(0x20, 0x00, "")).header.kind == Kind::local);
  CHECK(parse_proxy_header(v2(0x20, 0x11, four)).header.kind == Kind::local);
  CHECK(parse_proxy_header(v2(0x21, 0x31, std::string(216, 'u'))).header.kind == Kind::local);
  CHECK(parse_proxy_header(v2(0x21, 0x11, "short")).state == State::bad);
  CHECK(parse_proxy_header(v2(0x21, 0x21, std::string(35, 'x'))).state == State::bad);
  CHECK(parse_proxy_header(v2(0x11, 0x11, four)).state == State::bad);
  CHECK(parse_proxy_header(v2(0x22, 0x11, four)).state == State::bad);
  CHECK(parse_proxy_header(v2(0x21, 0x11, std::string(kProxyV2Max, 'x'))).state == State::bad);
}

TEST_CASE("a PROXY header comes out the same however it is cut") {
  const std::string four("\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x00\x19", 12);
  for (const std::string& whole :
       {v2(0x21, 0x11, four), v2(0x20, 0x00, "abc"),
        std::string("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), std::string("PROXY UNKNOWN\r\n")}) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(parse_proxy_header(whole.substr(0, i)).state == State::more);
    }
    CHECK(parse_proxy_header(whole).state == State::done);
  }
}

TEST_CASE("record data decodes within its bounds") {
  using std::string_literals::operator""s;
  CHECK(rdata::name("\3WWW\7example\0"s) == "www.example");
  CHECK(rdata::name("\0"s) == "");
  CHECK(rdata::name("\3a.b\0"s) == "a\\046b");
  CHECK_FALSE(rdata::name(""));
  CHECK_FALSE(rdata::name("\3www"));
  CHECK_FALSE(rdata::name("\5www\0"s));
  CHECK_FALSE(rdata::name("\3www\0x"s));
  CHECK_FALSE(rdata::name("\xc0\x0c"));
  CHECK(rdata::a("\x7f\0\0\1"s)->text() == "127.0.0.1");
  CHECK_FALSE(rdata::a("123"));
  CHECK(rdata::aaaa("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"s)->text() == "::1");
  CHECK_FALSE(rdata::aaaa("1234"));
  const auto mx = rdata::mx("\0\x0a\2mx\4test\0"s);
  REQUIRE(mx.has_value());
  CHECK(mx->preference == 10);
  CHECK(mx->host == "mx.test");
  const auto srv = rdata::srv("\0\1\0\2\3\xe1\2mx\4test\0"s);
  REQUIRE(srv);
  CHECK(*srv == net::SrvRecord{1, 2, 993, "mx.test"});
  CHECK(rdata::srv("\0\0\0\0\0\0\0"s)->target == "");
  CHECK_FALSE(rdata::srv("\0\0\0\0\0\0"s));
  CHECK_FALSE(rdata::srv("\0\0\0\0\0\0\3ab"s));
  CHECK(rdata::mx("\0\0\0"s)->host == "");
  CHECK_FALSE(rdata::mx("\0\x0a"s));
  CHECK(rdata::txt("\3abc\3def") == "abcdef");
  CHECK(rdata::txt("\0"s) == "");
  CHECK_FALSE(rdata::txt(""));
  CHECK_FALSE(rdata::txt("\4abc"));
  const auto tlsa = rdata::tlsa("\3\1\1hash");
  REQUIRE(tlsa.has_value());
  CHECK(tlsa->usage == 3);
  CHECK(tlsa->data == "hash");
  CHECK_FALSE(rdata::tlsa("\3\1\1"));
}

TEST_CASE("names that may be asked") {
  for (const char* good : {"a", "a.b.", "_25._tcp.mx.example", "xn--wgv71a.example"}) {
    CHECK(is_dns_name(good));
  }
  for (const char* bad : {"", ".", "a..b", ".a", "a b", "a\\b", "日本.example", "a\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_dns_name(bad));
  }
  CHECK_FALSE(is_dns_name(std::string(64, 'a')));
  std::string longest;
  while (longest.size() < 252)
    longest += "a.";
  CHECK(is_dns_name(longest + 'b'));
  CHECK_FALSE(is_dns_name(longest + "bc"));
}

constexpr Instant kStart = from_micros(1'000'000'000);

TEST_CASE("a bucket gives its burst, then its rate") {
  RateLimiter limiter(100);
  const Rate rate{2.0, 3.0};
  for (int i = 0; i < 3; ++i)
    CHECK(limiter.try_take("k", rate, kStart));
  CHECK_FALSE(limiter.try_take("k", rate, kStart));
  CHECK(limiter.wait_time("k", rate, kStart) == std::chrono::milliseconds(500));
  CHECK(limiter.wait_time("other", rate, kStart) == Duration::zero());
  CHECK(limiter.wait_time("k", rate, kStart, 4.0) == Duration::max());
  CHECK(limiter.try_take("k", rate, kStart + std::chrono::milliseconds(500)));
  CHECK_FALSE(limiter.try_take("k", rate, kStart));  // time that goes back gives nothing
  CHECK(limiter.try_take("k", rate, kStart + std::chrono::hours(1), 3.0));
  CHECK_FALSE(limiter.try_take("k", rate, kStart + std::chrono::hours(1), 0.5));
}

TEST_CASE("IPv6 peers share the bucket of their /64") {
  RateLimiter limiter(100);
  const Rate once{0.0, 1.0};
  CHECK(limiter.try_take(*IpAddress::parse("2001:db8::1"), once, kStart));
  CHECK_FALSE(limiter.try_take(*IpAddress::parse("2001:db8::2"), once, kStart));
  CHECK(limiter.try_take(*IpAddress::parse("2001:db8:0:1::1"), once, kStart));
}

TEST_CASE("the table is bounded, and a busy key survives a flood of others") {
  RateLimiter limiter(160);
  const Rate rate{1.0, 5.0};
  for (int i = 0; i < 10'000; ++i) {
    static_cast<void>(limiter.try_take("victim", rate, kStart));
    static_cast<void>(limiter.try_take("k" + std::to_string(i), rate, kStart));
  }
  CHECK(limiter.size() <= 160);
  CHECK_FALSE(limiter.try_take("victim", rate, kStart));
}

TEST_CASE("a bucket never gives more than burst plus rate times time") {
  CHECK(rc::check([] {
    const double rate = *rc::gen::inRange(1, 50);
    const double burst = *rc::gen::inRange(1, 50);
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 400'000));
    RateLimiter limiter(16);
    Instant now = kStart;
    double taken = 0;
    for (const int step : steps) {
      now += Duration(step);
      if (limiter.try_take("k", Rate{rate, burst}, now)) ++taken;
    }
    const double seconds = std::chrono::duration<double>(now - kStart).count();
    RC_ASSERT(taken <= burst + rate * seconds + 1e-6);
  }));
}

}  // namespace
}  // namespace fumi::net
