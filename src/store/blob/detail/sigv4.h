// AWS Signature Version 4 for S3 requests.
//
// Own, because libcurl 7.88's signs "*", empty parameters and special characters wrongly. The path
// is encoded once, and not normalised, as S3 alone among AWS services asks.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace fumi::store::detail {

struct SigningKey {
  std::string access_key;
  Secret secret_key;
  std::string region;
};

struct RequestToSign {
  std::string method;
  std::string path;                                          // not encoded; begins with "/"
  std::vector<std::pair<std::string, std::string>> query;    // not encoded
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case; host is a must
  crypto::Digest256 payload_hash{};                          // SHA-256 of the body
};

// Octets but A-Z a-z 0-9 - . _ ~ become %XX; in paths "/" stays.
enum class Slash { keep, encode };
[[nodiscard]] std::string uri_encode(std::string_view text, Slash slash);
// "a=1&b=": encoded and sorted, which is the form that is signed and the one to send.
[[nodiscard]] std::string canonical_query(
    const std::vector<std::pair<std::string, std::string>>& query);
// "20130524T000000Z"
[[nodiscard]] std::string amz_date(Instant at);

// The value of the Authorization header. `headers` must hold x-amz-date and x-amz-content-sha256 as
// they are sent; all of them are signed.
[[nodiscard]] std::string authorization(const SigningKey& key, const RequestToSign& request,
                                        Instant at);

}  // namespace fumi::store::detail
