#include "base/ip.h"

#include <doctest/doctest.h>

namespace fumi {
namespace {

TEST_CASE("addresses parse, print and refuse") {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "::", "::1", "2001:db8::1"}) {
    const auto address = IpAddress::parse(text);
    REQUIRE(address.has_value());
    CHECK(address->text() == text);
  }
  CHECK(IpAddress::parse("::ffff:192.0.2.1") == IpAddress::parse("192.0.2.1"));
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", "fe80::1%lo", "a", "1.2.3.4 "}) {
    CAPTURE(bad);
    CHECK_FALSE(IpAddress::parse(bad).has_value());
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)).has_value());
  CHECK(IpAddress::parse("127.9.9.9")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("192.0.2.1")->is_loopback());
}

TEST_CASE("prefixes, networks and reverse names") {
  CHECK(IpAddress::parse("2001:db8:1:2:3::4")->limit_key().text() == "2001:db8:1:2::");
  CHECK(IpAddress::parse("192.0.2.77")->limit_key().text() == "192.0.2.77");
  CHECK(IpAddress::parse("192.0.2.255")->prefix(25).text() == "192.0.2.128");
  const auto network = IpNetwork::parse("192.0.2.0/23");
  REQUIRE(network.has_value());
  CHECK(network->contains(*IpAddress::parse("192.0.3.255")));
  CHECK_FALSE(network->contains(*IpAddress::parse("192.0.4.0")));
  CHECK_FALSE(network->contains(*IpAddress::parse("::1")));
  CHECK(IpNetwork::parse("::/0")->contains(*IpAddress::parse("2001:db8::1")));
  for (const char* bad : {"1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.4/a", "/8", "::/129"}) {
    CHECK_FALSE(IpNetwork::parse(bad).has_value());
  }
  CHECK(IpAddress::parse("192.0.2.5")->reverse_name() == "5.2.0.192.in-addr.arpa");
  CHECK(IpAddress::parse("2001:db8::1")->reverse_name() ==
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  CHECK(Endpoint::of(*IpAddress::parse("::1"), 25).text() == "[::1]:25");
}

}  // namespace
}  // namespace fumi
