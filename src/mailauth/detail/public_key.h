// Checking a signature against the octets of a key record's p= tag.
#pragma once

#include <string_view>

#include "mailauth/dkim_sign.h"

namespace fumi::mailauth {

enum class KeyCheck { good, bad_signature, bad_key, weak_key };

[[nodiscard]] KeyCheck check_signature(DkimAlgorithm algorithm, std::string_view public_key,
                                       std::string_view digest, std::string_view signature);

}  // namespace fumi::mailauth
