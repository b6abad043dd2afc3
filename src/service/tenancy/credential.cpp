#include "service/tenancy/credential.h"

#include "base/ascii.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/scram.h"

namespace fumi::service {
namespace {

constexpr std::string_view kKeyPrefix = "sha256:";
constexpr std::size_t kScramSaltOctets = 16;

void add_scram(Credential& credential, const Secret& password) {
  crypto::ScramVerifier verifier =
      crypto::make_scram_verifier(password, crypto::random_bytes(kScramSaltOctets));
  credential.scram_salt = std::move(verifier.salt);
  credential.scram_iterations = verifier.iterations;
  credential.scram_stored_key = std::move(verifier.stored_key);
  credential.scram_server_key = std::move(verifier.server_key);
}

std::string key_hash(const Secret& key) {
  return std::string(kKeyPrefix) + ascii::to_hex(crypto::view(crypto::sha256(key.reveal())));
}

}  // namespace

Result<Credential> make_credential(const Secret& password) {
  const std::string_view text = password.reveal();
  if (text.size() < kPasswordOctetsMin) {
    return fail(Code::invalid, "setting a password",
                "it must have at least " + std::to_string(kPasswordOctetsMin) + " characters");
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(Code::invalid, "setting a password", "it must not hold control characters");
    }
  }
  Credential credential;
  FUMI_TRY(credential.argon2id, crypto::hash_password(password));
  add_scram(credential, password);
  return credential;
}

Result<Credential> make_key_credential(const Secret& key) {
  Credential credential;
  credential.argon2id = key_hash(key);
  add_scram(credential, key);
  return credential;
}

Result<Match> check_credential(const Secret& password, const Credential& credential) {
  if (credential.argon2id.starts_with(kKeyPrefix)) {
    const bool same = crypto::equal_constant_time(key_hash(password), credential.argon2id);
    return same ? Match::right : Match::wrong;
  }
  FUMI_TRY(const auto match, crypto::check_password(password, credential.argon2id));
  return match == crypto::PasswordMatch::right ? Match::right : Match::wrong;
}

}  // namespace fumi::service
