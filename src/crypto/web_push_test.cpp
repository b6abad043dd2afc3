#include "crypto/web_push.h"

#include <doctest/doctest.h>

namespace fumi::crypto {
namespace {

// RFC 4648 §5; crypto knows no codec.
std::string decode(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    bits = bits << 6U | std::uint32_t(kAlphabet.find(c));
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += char(bits >> unsigned(have) & 0xffU);
  }
  return out;
}

const std::string kPrivate = decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");

WebPushKeys keys() {
  return {
      decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNto"
             "IAiw4"),
      decode("BTBZMqHH6r4Tts7J_aSIgg")};
}

TEST_CASE("the example of RFC 8291 §5") {
  const auto sealed = seal_web_push_for_test(keys(), "When I grow up, I want to be a watermelon",
                                             decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
                                             decode("DGv6ra1nlYgDCS1FRnbzlw"));
  REQUIRE(sealed.has_value());
  CHECK(
      *sealed ==
      decode("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc"
             "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV"
             "WGNWQexSgSxsj_Qulcy4a-fN"));
}

TEST_CASE("what is sealed opens for its keys alone, and is never sealed the same way twice") {
  for (const std::size_t octets : {std::size_t{0}, std::size_t{1}, kWebPushOctetsMax}) {
    const std::string plain(octets, 'p');
    const auto one = seal_web_push(keys(), plain);
    const auto two = seal_web_push(keys(), plain);
    REQUIRE(one.has_value());
    REQUIRE(two.has_value());
    CHECK((*one != *two));
    CHECK(one->size() <= 4096);
    const auto opened = open_web_push_for_test(keys(), kPrivate, *one);
    REQUIRE(opened.has_value());
    CHECK((*opened == plain));
    std::string spoilt = *one;
    spoilt.back() = char(spoilt.back() ^ 1);
    CHECK(open_web_push_for_test(keys(), kPrivate, spoilt).error().code == Code::corrupt);
    WebPushKeys other = keys();
    other.auth[0] = char(other.auth[0] ^ 1);
    CHECK(open_web_push_for_test(other, kPrivate, *one).error().code == Code::corrupt);
    CHECK(open_web_push_for_test(keys(), kPrivate, one->substr(0, 20)).error().code ==
          Code::corrupt);
  }
}

TEST_CASE("keys that are none are refused") {
  WebPushKeys bad = keys();
  bad.auth.pop_back();
  CHECK(check_web_push_keys(bad).error().code == Code::invalid);
  bad = keys();
  bad.p256dh[40] = char(bad.p256dh[40] ^ 1);  // not on the curve
  CHECK(check_web_push_keys(bad).error().code == Code::invalid);
  CHECK(seal_web_push(bad, "x").error().code == Code::invalid);
  bad.p256dh = std::string(65, '\0');
  CHECK(check_web_push_keys(bad).error().code == Code::invalid);
  bad.p256dh.clear();
  CHECK(check_web_push_keys(bad).error().code == Code::invalid);
  CHECK(seal_web_push(keys(), std::string(kWebPushOctetsMax + 1, 'x')).error().code ==
        Code::too_large);
  CHECK(check_web_push_keys(keys()).has_value());
}

}  // namespace
}  // namespace fumi::crypto
