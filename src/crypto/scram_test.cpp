#include "crypto/scram.h"

#include <doctest/doctest.h>

#include "base/ascii.h"

namespace fumi::crypto {
namespace {

// RFC 7677 §3: user "user", password "pencil", salt W22ZaJ0SNY7soEsUEjb6gQ==, 4096 iterations.
TEST_CASE("the verifier of RFC 7677's example") {
  const auto salt = ascii::from_hex("5b6d99689d12358eeca04b141236fa81");
  REQUIRE(salt.has_value());
  const ScramVerifier verifier = make_scram_verifier(Secret("pencil"), *salt, 4096);
  CHECK(verifier.iterations == 4096);
  CHECK(ascii::to_hex(verifier.stored_key) ==
        "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6");
  // Signs the example's AuthMessage to the v= of its last server message.
  CHECK(ascii::to_hex(verifier.server_key) ==
        "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5");
}

}  // namespace
}  // namespace fumi::crypto
