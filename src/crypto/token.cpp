#include "crypto/token.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/assert.h"
#include "crypto/random.h"

namespace fumi::crypto {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomCharacters = 43;  // 62^43 > 2^256
constexpr std::size_t kCheckCharacters = 6;
constexpr std::size_t kHintCharacters = 4;

std::string prefix(std::string_view kind) { return std::string("fumi_").append(kind).append("_"); }

// Uniform characters: octets from 248 on would favour some and are thrown away.
std::string random_characters() {
  std::string out;
  while (out.size() < kRandomCharacters) {
    unsigned char octets[64];
    random_fill(octets, sizeof octets);
    for (const unsigned char octet : octets) {
      if (octet < 248 && out.size() < kRandomCharacters) out += kAlphabet[octet % 62];
    }
  }
  return out;
}

std::string checksum(std::string_view body) {
  const Digest256 digest = sha256({"fumi token checksum", body});
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i)
    number = number << 8U | digest[i];
  std::string out;
  for (std::size_t i = 0; i < kCheckCharacters; ++i, number /= 62)
    out += kAlphabet[number % 62];
  return out;
}

}  // namespace

NewToken make_token(std::string_view kind) {
  FUMI_ASSERT(!kind.empty() && kind.size() <= 8 &&
              std::ranges::all_of(kind, [](char c) { return ascii::is_alnum(c); }));
  std::string text = prefix(kind) + random_characters();
  const std::string check = checksum(text);
  text.append("_").append(check);
  NewToken out{.text = {}, .stored = sha256(text), .hint = {}};
  out.hint = text.substr(0, prefix(kind).size() + kHintCharacters) + "…";
  out.text = Secret(std::move(text));
  return out;
}

std::optional<Digest256> token_digest(std::string_view kind, std::string_view text) {
  const std::string front = prefix(kind);
  const std::size_t body = front.size() + kRandomCharacters;
  if (text.size() != body + 1 + kCheckCharacters) return std::nullopt;
  if (!text.starts_with(front) || text[body] != '_') return std::nullopt;
  if (!equal_constant_time(text.substr(body + 1), checksum(text.substr(0, body)))) {
    return std::nullopt;
  }
  return sha256(text);
}

}  // namespace fumi::crypto
