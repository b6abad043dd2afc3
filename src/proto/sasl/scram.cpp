#include "proto/sasl/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "proto/sasl/base64.h"

namespace fumi::sasl {
namespace {

constexpr std::size_t kOctets = 32;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string random_octets(std::size_t count) {
  std::string out(count, '\0');
  // Without randomness there is no security left to offer: stop rather than go on guessable.
  FUMI_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), int(count)) == 1);
  return out;
}

}  // namespace

namespace scram {

std::string hmac(std::string_view key, std::string_view text) {
  std::string out(kOctets, '\0');
  unsigned length = 0;
  FUMI_ASSERT(HMAC(EVP_sha256(), key.data(), int(key.size()), octets(text), text.size(),
                   reinterpret_cast<unsigned char*>(out.data()), &length) != nullptr);
  return out;
}

std::string hash(std::string_view text) {
  std::string out(kOctets, '\0');
  FUMI_ASSERT(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()),
                         nullptr, EVP_sha256(), nullptr) == 1);
  return out;
}

Secret salted_password(const Secret& password, std::string_view salt, std::uint32_t iterations) {
  std::string out(kOctets, '\0');
  FUMI_ASSERT(PKCS5_PBKDF2_HMAC(password.reveal().data(), int(password.reveal().size()),
                                octets(salt), int(salt.size()), int(iterations), EVP_sha256(),
                                kOctets, reinterpret_cast<unsigned char*>(out.data())) == 1);
  return Secret(std::move(out));
}

std::string exclusive_or(std::string_view a, std::string_view b) {
  FUMI_ASSERT(a.size() == b.size());
  std::string out(a);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = char(out[i] ^ b[i]);
  return out;
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string_view> take(std::string_view& message, char name) {
  if (message.size() < 2 || message[0] != name || message[1] != '=') return std::nullopt;
  const std::size_t comma = message.find(',');
  const std::string_view value = message.substr(2, comma == message.npos ? comma : comma - 2);
  message.remove_prefix(comma == message.npos ? message.size() : comma + 1);
  return value;
}

std::string encode_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> decode_name(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
    } else if (text.substr(i, 3) == "=2C") {
      out += ',';
      i += 2;
    } else if (text.substr(i, 3) == "=3D") {
      out += '=';
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace scram

ScramVerifier make_scram_verifier(const Secret& password, std::string_view salt,
                                  std::uint32_t iterations) {
  FUMI_ASSERT(iterations > 0 && iterations <= kIterationsMax);
  const Secret salted = scram::salted_password(password, salt, iterations);
  return {std::string(salt), iterations, scram::hash(scram::hmac(salted.reveal(), "Client Key")),
          scram::hmac(salted.reveal(), "Server Key")};
}

std::string make_nonce() { return base64_encode(random_octets(18)); }
std::string make_salt() { return random_octets(16); }

}  // namespace fumi::sasl
