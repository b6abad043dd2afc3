#include "service/deliver/routes.h"

#include <doctest/doctest.h>

#include "service/testing/fakes.h"

namespace fumi::service {
namespace {

TEST_CASE("static routes: form and errors") {
  struct Case {
    const char* text;
    const char* domain;
    const char* host;
    int port;  // 0: refused
  };
  for (const Case& c :
       {Case{"*=127.0.0.1:2525", "*", "127.0.0.1", 2525},
        Case{"Example.NET=mx.example.org", "example.net", "mx.example.org", 25},
        Case{"example.net=[192.0.2.1]:26", "example.net", "192.0.2.1", 26},
        Case{"example.net=[2001:db8::1]", "example.net", "2001:db8::1", 25}, Case{"", "", "", 0},
        Case{"=host", "", "", 0}, Case{"a.b", "", "", 0}, Case{"a.b=", "", "", 0},
        Case{"a.b=:25", "", "", 0}, Case{"a.b=h:0", "", "", 0}, Case{"a.b=h:65536", "", "", 0},
        Case{"a.b=h:x", "", "", 0}, Case{"a.b=[192.0.2.1", "", "", 0},
        Case{"a.b=[192.0.2.1]25", "", "", 0}}) {
    CAPTURE(c.text);
    const auto got = StaticRoute::parse(c.text);
    REQUIRE(got.has_value() == (c.port != 0));
    if (!got) continue;
    CHECK(got->domain == c.domain);
    CHECK(got->host == c.host);
    CHECK(got->port == c.port);
  }
}

struct Fixture {
  explicit Fixture(std::vector<StaticRoute> routes = {})
      : destinations(dns, std::move(routes), 25) {}
  // "host@preference ..." of the destination, or the answer when there is none.
  std::string find(const std::string& domain) {
    auto got = runtime.call(destinations.find(domain));
    if (!got) return got.error().answer;
    std::string out;
    for (const MailHost& host : got->hosts)
      out += host.name + "@" + std::to_string(host.preference) + " ";
    return out;
  }
  FakeClock clock{from_micros(1'795'000'000'000'000)};
  testing::FakeRuntime runtime{clock};
  testing::ScriptedResolver dns;
  Destinations destinations;
};

TEST_CASE("from a domain to its hosts (RFC 5321 §5.1, RFC 7505)") {
  Fixture f;
  f.dns.mx("two.example", 20, "B.two.example.");
  f.dns.mx("two.example", 10, "a.two.example");
  f.dns.address("bare.example", "192.0.2.5");
  f.dns.null_mx("null.example");
  f.dns.fail("broken.example", Code::unavailable);
  f.dns.fail("slow.example", Code::timeout);
  CHECK(f.find("two.example") == "a.two.example@10 b.two.example@20 ");
  CHECK(f.find("bare.example") == "bare.example@0 ");
  CHECK(f.find("null.example").starts_with("556 5.1.10 "));
  CHECK(f.find("gone.example").starts_with("550 5.1.2 "));
  CHECK(f.find("broken.example").starts_with("451 4.4.3 "));
  CHECK(f.find("slow.example").starts_with("451 4.4.3 "));
}

TEST_CASE("address literals are IP addresses or refused for good") {
  Fixture f;
  CHECK(f.find("[192.0.2.1]") == "192.0.2.1@0 ");
  CHECK(f.find("[ipv6:2001:db8::1]") == "2001:db8::1@0 ");
  for (const char* bad :
       {"[]", "[ipv6:]", "[ipv6:x:y]", "[192.0.2]", "[192.0.2.1.1]", "[x-tag:1]", "[1.2.3.4; x]"}) {
    CAPTURE(bad);
    CHECK(f.find(bad).starts_with("550 5.1.3 "));
  }
  CHECK(f.dns.queries() == 0);
}

TEST_CASE("static routes come before DNS, the exact one before the one for all") {
  Fixture f({{"*", "192.0.2.9", 2525}, {"special.example", "mx.special.example", 26}});
  f.dns.address("mx.special.example", "192.0.2.7");
  auto any = f.runtime.call(f.destinations.find("whatever.example"));
  REQUIRE(any.has_value());
  CHECK(any->literal == "192.0.2.9");
  CHECK(any->port == 2525);
  auto special = f.runtime.call(f.destinations.find("special.example"));
  REQUIRE(special.has_value());
  auto hosts = f.runtime.call(f.destinations.addresses(*special, special->hosts.at(0)));
  REQUIRE(hosts.has_value());
  CHECK(hosts->at(0).address == "192.0.2.7");
  CHECK(hosts->at(0).port == 26);
}

TEST_CASE("domains with the same hosts share a site") {
  Fixture f;
  for (const char* domain : {"a.example", "b.example"}) {
    f.dns.mx(domain, 10, "mx1.host.example");
    f.dns.mx(domain, 20, "mx2.host.example");
  }
  f.dns.mx("c.example", 10, "mx1.host.example");
  const auto site = [&](const char* domain) {
    return f.runtime.call(f.destinations.find(domain))->site;
  };
  CHECK(site("a.example") == site("b.example"));
  CHECK(site("a.example") != site("c.example"));
}

}  // namespace
}  // namespace fumi::service
