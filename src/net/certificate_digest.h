// What a certificate file says to DANE.
#pragma once

#include <string>

#include "base/result.h"

namespace fumi::net {

// SHA-256 of the leaf's SubjectPublicKeyInfo: the data of a "3 1 1" TLSA record (RFC 7671 §5.1),
// which stays the same when a certificate is renewed with its key. Reads the file.
[[nodiscard]] Result<std::string> spki_sha256(const std::string& chain_file);

}  // namespace fumi::net
