// Bearer tokens: API keys, operator tokens, session cookies, application passwords.
//
// "fumi_" kind "_" 43 base-62 characters "_" 6 characters of checksum: 256 random bits. The prefix
// lets people and secret scanners see what it is, and the checksum refuses typing errors without a
// look into the store. A token is stored as its SHA-256 alone: with 256 random bits there is
// nothing to guess, so that a slow hash would protect nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/hash.h"

namespace fumi::crypto {

struct NewToken {
  Secret text;       // shown once, then forgotten
  Digest256 stored;  // what the store keeps and looks up by
  std::string hint;  // "fumi_api_x3Kd…": enough to tell one's tokens apart, no help to a thief
};

// `kind`: 1 to 8 lower-case letters or digits ("api", "op", "link").
[[nodiscard]] NewToken make_token(std::string_view kind);

// The digest to look up. nullopt when it can't be a token of this kind: ask nothing then.
[[nodiscard]] std::optional<Digest256> token_digest(std::string_view kind, std::string_view text);

}  // namespace fumi::crypto
