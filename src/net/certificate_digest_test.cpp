#include "net/certificate_digest.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "base/ascii.h"
#include "net/detail/rig.h"

namespace fumi::net {
namespace {

// openssl req -x509 -newkey ed25519; openssl pkey -pubin -outform DER | sha256sum
constexpr const char* kCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBPjCB8aADAgECAhRXYr+FEptQxPfHvd7AAoG/QZs6ADAFBgMrZXAwFDESMBAG\n"
    "A1UEAwwJdC5leGFtcGxlMCAXDTI2MTEyMzIyMDQzM1oYDzIxMjYxMDMwMjIwNDMz\n"
    "WjAUMRIwEAYDVQQDDAl0LmV4YW1wbGUwKjAFBgMrZXADIQCbzIcCcNaWVcd22dw4\n"
    "AotKt31Bh78ThrMsur947PCYg6NTMFEwHQYDVR0OBBYEFE32LensnOmXB9RdQWqM\n"
    "TaSt3fL6MB8GA1UdIwQYMBaAFE32LensnOmXB9RdQWqMTaSt3fL6MA8GA1UdEwEB\n"
    "/wQFMAMBAf8wBQYDK2VwA0EAMlwfLV5X2qMWXYqRsCx9dIksRLsuwgwpr7ioY0ru\n"
    "X0OFAHn9rgGDGTPKnWFAYnzdT/n6yWmuLgAKSU7hFbd0Dg==\n"
    "-----END CERTIFICATE-----\n";
constexpr const char* kDigest = "d8c767b33274933fd72138818c357d7f09624674959043c5c4d29bb29352d94a";

void write(const std::string& path, const char* text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  std::fputs(text, file);
  std::fclose(file);
}

TEST_CASE("certificate digest: what TLSA 3 1 1 holds") {
  const testing::TempFolder folder;
  const std::string file = folder / "chain.pem";
  write(file, kCertificate);
  const auto digest = spki_sha256(file);
  REQUIRE(digest.has_value());
  CHECK(ascii::to_hex(*digest) == kDigest);
  CHECK(spki_sha256(folder / "missing.pem").error().code == Code::not_found);
  write(folder / "empty.pem", "no certificate\n");
  CHECK(spki_sha256(folder / "empty.pem").error().code == Code::invalid);
}

}  // namespace
}  // namespace fumi::net
