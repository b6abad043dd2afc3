#include "store/blob/detail/sigv4.h"

#include <algorithm>
#include <cstdio>

#include "base/ascii.h"

namespace fumi::store::detail {
namespace {

std::string hex(const crypto::Digest256& digest) { return ascii::to_hex(crypto::view(digest)); }

std::string collapse_spaces(std::string_view value) {
  std::string out;
  for (const char c : ascii::trim(value)) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

}  // namespace

std::string uri_encode(std::string_view text, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' ||
                       (c == '/' && slash == Slash::keep);
    if (plain) {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 15U];
  }
  return out;
}

std::string canonical_query(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query)
    encoded.emplace_back(uri_encode(name, Slash::encode), uri_encode(value, Slash::encode));
  std::ranges::sort(encoded);
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string amz_date(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  char text[64];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02d%02d%02dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                int(time.minutes().count()), int(time.seconds().count()));
  return text;
}

std::string authorization(const SigningKey& key, const RequestToSign& request, Instant at) {
  auto headers = request.headers;
  std::ranges::sort(headers);
  std::string canonical_headers;
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical_headers.append(name).append(":").append(collapse_spaces(value)).append("\n");
    if (!names.empty()) names += ';';
    names += name;
  }
  const std::string canonical = request.method + "\n" + uri_encode(request.path, Slash::keep) +
                                "\n" + canonical_query(request.query) + "\n" + canonical_headers +
                                "\n" + names + "\n" + hex(request.payload_hash);
  const std::string date = amz_date(at);
  const std::string day = date.substr(0, 8);
  const std::string scope = day + "/" + key.region + "/s3/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hex(crypto::sha256(canonical));

  const Secret start("AWS4" + std::string(key.secret_key.reveal()));
  crypto::Digest256 signing = crypto::hmac_sha256(start.reveal(), day);
  for (const std::string_view part :
       {std::string_view(key.region), std::string_view("s3"), std::string_view("aws4_request")}) {
    signing = crypto::hmac_sha256(crypto::view(signing), part);
  }
  const std::string signature = hex(crypto::hmac_sha256(crypto::view(signing), to_sign));
  return "AWS4-HMAC-SHA256 Credential=" + key.access_key + "/" + scope +
         ", SignedHeaders=" + names + ", Signature=" + signature;
}

}  // namespace fumi::store::detail
