#include "crypto/sha1.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace fumi::crypto {

std::string sha1(std::string_view bytes) {
  std::string out(20, '\0');
  std::size_t octets = 0;
  const int done = EVP_Q_digest(nullptr, "SHA1", nullptr, bytes.data(), bytes.size(),
                                reinterpret_cast<unsigned char*>(out.data()), &octets);
  FUMI_ASSERT(done == 1 && octets == out.size());
  return out;
}

}  // namespace fumi::crypto
