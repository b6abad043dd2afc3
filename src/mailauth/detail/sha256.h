// SHA-256 by OpenSSL's EVP, whose headers stay out of ours.
#pragma once

#include <string>
#include <string_view>

namespace fumi::mailauth {

[[nodiscard]] std::string sha256(std::string_view bytes);  // 32 octets

}  // namespace fumi::mailauth
