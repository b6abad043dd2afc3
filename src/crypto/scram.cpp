#include "crypto/scram.h"

#include <openssl/evp.h>

#include "base/assert.h"
#include "crypto/hash.h"

namespace fumi::crypto {

ScramVerifier make_scram_verifier(const Secret& password, std::string salt,
                                  std::uint32_t iterations) {
  std::string salted(32, '\0');
  const std::string_view text = password.reveal();
  const int done = PKCS5_PBKDF2_HMAC(
      text.data(), int(text.size()), reinterpret_cast<const unsigned char*>(salt.data()),
      int(salt.size()), int(iterations), EVP_sha256(), int(salted.size()),
      reinterpret_cast<unsigned char*>(salted.data()));
  FUMI_ASSERT(done == 1);
  const Digest256 client_key = hmac_sha256(salted, "Client Key");
  const Digest256 stored_key = sha256(view(client_key));
  const Digest256 server_key = hmac_sha256(salted, "Server Key");
  return {std::move(salt), iterations, std::string(view(stored_key)),
          std::string(view(server_key))};
}

}  // namespace fumi::crypto
