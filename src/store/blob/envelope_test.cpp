// The form of blobs at rest: what was sealed opens, whole and by range, and nothing else does.
#include <rapidcheck.h>

#include "store/blob/detail/envelope.h"
#include "store/blob/testing.h"

namespace fumi::store::detail {
namespace {

struct Sealed {
  Sealing sealing;
  std::string payload;
};

const crypto::TenantKeys& keys() {
  static const crypto::TenantKeys made(Secret(std::string(32, 'k')));
  return made;
}

Sealed seal(const std::string& bytes) {
  Sealed out;
  out.sealing = seal_envelope(keys(), 7, keys().blob_hash(bytes), bytes, Compression::when_it_helps,
                              out.payload);
  return out;
}

TEST_CASE("envelopes of any size open, and none is longer than it is said to be") {
  for (const std::size_t octets :
       {std::size_t{0}, std::size_t{1}, std::size_t{5000}, std::size_t{kFrameOctets},
        std::size_t{kFrameOctets + 1}, std::size_t{2 * kFrameOctets},
        std::size_t{5 * kFrameOctets / 2}}) {
    for (const Texture texture : {Texture::text, Texture::noise}) {
      CAPTURE(octets);
      const std::string bytes = sample(octets, texture);
      const Sealed sealed = seal(bytes);
      CHECK(((sealed.sealing.flags & kFlagFramed) != 0) == (octets > kFrameOctets));
      CHECK(sealed.payload.size() <= envelope_octets_max(octets));
      const auto opened = open_envelope(keys(), sealed.sealing, sealed.payload);
      REQUIRE(opened.has_value());
      CHECK((*opened == bytes));
    }
  }
}

TEST_CASE("a framed envelope opens in its own form only") {
  const std::string bytes = sample(3 * kFrameOctets, Texture::noise);
  const Sealed good = seal(bytes);
  const auto refused = [&](const Sealed& bad) {
    const auto opened = open_envelope(keys(), bad.sealing, bad.payload);
    return !opened && opened.error().code == Code::corrupt;
  };
  for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{7}, std::size_t{12},
                               std::size_t{40}, good.payload.size() / 2, good.payload.size() - 1}) {
    CAPTURE(at);
    Sealed bad = good;
    bad.payload[at] = char(bad.payload[at] ^ 0x10);
    CHECK(refused(bad));
  }
  // Two frames of one length in each other's place.
  Sealed swapped = good;
  const std::size_t frame = kFrameOctets + crypto::kAeadOverheadOctets;
  std::swap_ranges(swapped.payload.begin() + 12,
                   swapped.payload.begin() + 12 + std::ptrdiff_t(frame),
                   swapped.payload.begin() + 12 + std::ptrdiff_t(frame));
  CHECK(refused(swapped));
  for (const std::size_t octets :
       {std::size_t{0}, std::size_t{11}, frame, good.payload.size() - 1}) {
    Sealed cut = good;
    cut.payload.resize(octets);
    CHECK(refused(cut));
  }
  Sealed longer = good;
  longer.payload += 'x';
  CHECK(refused(longer));
  Sealed other = good;
  other.sealing.flags = 0;
  CHECK(refused(other));
  other = good;
  other.sealing.octets -= 1;
  CHECK(refused(other));
}

TEST_CASE("property: a range opens to what substr gives, from its own frames alone") {
  const std::string bytes = sample(3 * kFrameOctets + 12'345, Texture::text);
  const Sealed sealed = seal(bytes);
  const std::string_view index =
      std::string_view(sealed.payload).substr(0, index_octets_of(bytes.size()));
  rc::check([&] {
    const auto offset = *rc::gen::inRange<std::uint64_t>(0, bytes.size() + 10);
    const auto octets = *rc::gen::inRange<std::uint64_t>(0, bytes.size());
    const auto run = find_frames(sealed.sealing, index, offset, octets);
    RC_ASSERT(run.has_value());
    const std::string_view own =
        std::string_view(sealed.payload).substr(run->begin, run->end - run->begin);
    const auto opened = open_frames(keys(), sealed.sealing, index, *run, own);
    RC_ASSERT(opened.has_value());
    const std::uint64_t from = std::min<std::uint64_t>(offset, bytes.size());
    RC_ASSERT(*opened == bytes.substr(from, octets));
  });
}

}  // namespace
}  // namespace fumi::store::detail
