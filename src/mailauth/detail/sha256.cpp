#include "mailauth/detail/sha256.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace fumi::mailauth {

std::string sha256(std::string_view bytes) {
  // Fetched once: an implicit fetch at each digest costs more than hashing a short header.
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::string out(32, '\0');
  unsigned int length = 0;
  FUMI_ASSERT(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()),
                         &length, method, nullptr) == 1);
  return out;
}

}  // namespace fumi::mailauth
