#include <doctest/doctest.h>

#include "base/ascii.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace fumi {
namespace {

struct ProbeTag;
using ProbeId = StrongId<ProbeTag>;

TEST_CASE("ids round-trip through their text form and refuse what is not one") {
  for (const std::uint64_t value : {1ULL, 35ULL, 36ULL, (1ULL << 63U) - 1}) {
    CHECK(ProbeId::parse(ProbeId(value).text()) == ProbeId(value));
  }
  for (const char* bad : {"", "0", "-1", "a b", "zzzzzzzzzzzzzz", "1y2p0ij32e8e8"}) {
    CHECK_FALSE(ProbeId::parse(bad).has_value());
  }
}

TEST_CASE("an instant is written as RFC 3339 in UTC") {
  CHECK(to_rfc3339(from_micros(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(from_micros(1'795'392'000'123'456)) == "2026-11-23T00:00:00.123Z");
}

Result<int> twice(Result<int> input) {
  FUMI_TRY(const int value, std::move(input));
  return value * 2;
}

TEST_CASE("FUMI_TRY unwraps values and passes errors on") {
  CHECK(twice(21) == 42);
  const Result<int> failed = twice(fail(Code::timeout, "waiting", "for a test"));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().text() == "waiting: for a test (timeout)");
}

TEST_CASE("hex and printable") {
  CHECK(ascii::to_hex(std::string_view("\x00\xff", 2)) == "00ff");
  CHECK(ascii::from_hex("00Ff") == std::string("\x00\xff", 2));
  CHECK_FALSE(ascii::from_hex("0").has_value());
  CHECK_FALSE(ascii::from_hex("0g").has_value());
  CHECK(ascii::printable("a\r\nb") == "a??b");
}

}  // namespace
}  // namespace fumi
